"""Expressions of the nodes of a graph, one rule for each primitive that has a formula of entries.

`express` writes the entry of a node at given indices in terms of named nodes, inputs and constants.
Indices are carried from a result to its operands: through a broadcast an index is dropped, through
a transposition they change places, through windows and slices they become affine, ``x[2i + p]``.
A contraction is ``Σ_j a[i, j] · b[j, k]``. A primitive without a rule is an `Application`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.notation import algebra
from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Function,
    Name,
    Product,
    Reduction,
    Relation,
    Symbol,
    free_axes,
)
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.primitive_rules import ALGEBRA, RELATIONS, choose
from chainrule.ops.primitives.contraction import split_spec

__all__ = ["Names", "axes_of", "express"]

Indices = tuple[Index, ...]


@dataclass
class Names:
    """The names of nodes by serial, and the nodes of constants that are not one number.

    An entry of a node in `bindings` is what the function there returns for its indices; one of a
    result of a loop in `loops` what that returns for the number of the result and its indices.
    `parts` has names of slices, blocks of equal length of an axis.
    """

    names: dict[int, Name] = field(default_factory=dict[int, Name])
    constants: dict[Name, Node] = field(default_factory=dict[Name, Node])
    bindings: dict[int, Callable[[Indices], Expression]] = field(
        default_factory=dict[int, "Callable[[Indices], Expression]"]
    )
    loops: dict[int, Callable[[int, Indices], Expression]] = field(
        default_factory=dict[int, "Callable[[int, Indices], Expression]"]
    )
    parts: dict[int, str] = field(default_factory=dict[int, str])

    def constant(self, node: Node) -> Name:
        """Return the name of an array constant, which is new if it has none."""
        for name, known in self.constants.items():
            if known is node:
                return name
        name = Name("C", subscript=str(len(self.constants) + 1))
        self.constants[name] = node
        return name


def axes_of(node: Node, letters: Sequence[str] = ()) -> tuple[Axis, ...]:
    """Return a new axis for each axis of the value of a node."""
    given = [*letters, *[""] * len(node.shape)]
    return tuple(map(Axis, node.shape, given))


def express(node: Node, indices: Indices, names: Names, is_root: bool = False) -> Expression:
    """Write the entry of a node at some indices in terms of named nodes.

    Parameters
    ----------
    node : Node
        The value to write.
    indices : tuple of Index
        One for each of its axes.
    names : Names
        The nodes to stop at; array constants are added to it.
    is_root : bool
        Whether `node` is to be written out although it has a name: to define it.
    """
    node = resolved(node)
    if node.serial in names.names and not is_root:
        return Symbol(names.names[node.serial], _marked(indices, node.shape))
    if node.serial in names.bindings and not is_root:
        return names.bindings[node.serial](indices)
    if node.primitive is None:
        return _leaf(node, indices, names)
    rule = _RULES.get(node.primitive.name)
    if rule is None:
        rule = _elementwise if node.primitive.ufunc is not None else _application
    found = rule(node, indices, names)
    return found if found is not None else _application(node, indices, names)


def _leaf(node: Node, indices: Indices, names: Names) -> Expression:
    value = node.known_value
    if node.is_constant and value is not None:
        array = np.asarray(value)
        if array.size and array.dtype.kind in "iufb" and (array == array.flat[0]).all():
            return algebra.constant(float(array.flat[0]), str(array.dtype))
        return Symbol(names.constant(node), _marked(indices, node.shape))
    return Symbol(Name(node.name or "x"), _marked(indices, node.shape))


def _marked(indices: Indices, shape: tuple[int, ...]) -> Indices:
    """Mark the indices that do not run through all of their axis."""
    return tuple(
        replace(index, is_part=True)
        if index.axis is not None and index.axis.length != length
        else index
        for index, length in zip(indices, shape, strict=True)
    )


def _elementwise(node: Node, indices: Indices, names: Names) -> Expression:
    """A function of entries, by its rule of algebra or by name."""
    assert node.primitive is not None
    arguments = [express(each, indices, names) for each in node.inputs]
    name = node.primitive.name
    if name in ALGEBRA:
        return ALGEBRA[name](*arguments)
    if name in RELATIONS:
        return Relation(RELATIONS[name], *arguments)
    return Function(name, node.primitive.formula, tuple(arguments))


def _select(node: Node, indices: Indices, names: Names) -> Expression:
    condition, if_true, if_false = (express(each, indices, names) for each in node.inputs)
    return choose(condition, if_true, if_false)


def _operand(node: Node, indices: Indices, names: Names) -> Expression:
    return express(node.inputs[0], indices, names)


def _broadcast(node: Node, indices: Indices, names: Names) -> Expression:
    (operand,) = node.inputs
    new = len(indices) - len(operand.shape)
    inner = tuple(
        Index(is_only=True) if length == 1 and node.shape[new + i] != 1 else indices[new + i]
        for i, length in enumerate(operand.shape)
    )
    return express(operand, inner, names)


def _reshape(node: Node, indices: Indices, names: Names) -> Expression | None:
    """Axes of length 1 come and go, an axis is split, ``x[n, 2i + p]`` for p < 2, or joined."""
    (operand,) = node.inputs
    kept = [(i, length) for i, length in zip(indices, node.shape, strict=True) if length != 1]
    found, lengths = list[Index](), list[int]()
    index, count = Index(), 1
    for length in operand.shape:
        if length == 1:
            continue
        lengths.append(length)
        while count < math.prod(lengths) and kept:
            following, size = kept.pop(0)
            index = following if count == 1 else index * size + following
            count *= size
        if count == math.prod(lengths):
            digits = index.digits(lengths)
            if digits is None:
                return None
            found, lengths, count = [*found, *digits], [], 1
    if kept or lengths:
        return None
    rest = iter(found)
    inner = (Index(is_only=True) if length == 1 else next(rest) for length in operand.shape)
    return express(operand, tuple(inner), names)


def _transpose(node: Node, indices: Indices, names: Names) -> Expression:
    inner = dict(zip(node.params["axes"], indices, strict=True))
    return express(node.inputs[0], tuple(inner[i] for i in range(len(inner))), names)


def _contract(node: Node, indices: Indices, names: Names) -> Expression:
    left, right, result = split_spec(node.params["spec"])
    a, b = node.inputs
    at = dict(zip(result, indices, strict=True))
    bound: list[Axis] = []
    for letters, operand in ((left, a), (right, b)):
        for letter, length in zip(letters, operand.shape, strict=True):
            if letter not in at:
                axis = Axis(length)
                bound.append(axis)
                at[letter] = Index.of(axis)
    factors = (
        express(operand, tuple(at[letter] for letter in letters), names)
        for letters, operand in ((left, a), (right, b))
    )
    return algebra.reduce("Σ", bound, algebra.multiply(*factors))


def _reduce_to(node: Node, indices: Indices, names: Names) -> Expression:
    """Sum over leading axes and over those that become 1."""
    (operand,) = node.inputs
    new = len(operand.shape) - len(indices)
    inner, bound = list[Index](), list[Axis]()
    for position, length in enumerate(operand.shape):
        is_kept = position >= new and node.shape[position - new] == length
        if is_kept:
            inner.append(indices[position - new])
        elif length == 1:
            inner.append(Index(is_only=True))
        else:
            bound.append(Axis(length))
            inner.append(Index.of(bound[-1]))
    return algebra.reduce("Σ", bound, express(operand, tuple(inner), names))


def _extremum(kind: str) -> _Rule:
    def rule(node: Node, indices: Indices, names: Names) -> Expression:
        (operand,) = node.inputs
        outer, inner, bound = iter(indices), list[Index](), list[Axis]()
        for position, length in enumerate(operand.shape):
            if position in node.params["axes"]:
                bound.append(Axis(length))
                inner.append(Index.of(bound[-1]))
            else:
                inner.append(next(outer))
        return algebra.reduce(kind, bound, express(operand, tuple(inner), names))

    return rule


def _slice(node: Node, indices: Indices, names: Names) -> Expression:
    (operand,) = node.inputs
    inner: list[Index] = []
    for index, length, each in zip(indices, operand.shape, node.params["slices"], strict=True):
        start, count, step = each
        shifted = index * step + Index((), start)
        if step == 1 and count < length and not length % count and not start % count:
            shifted = replace(shifted, block=names.parts.get(node.serial, str(start // count + 1)))
        inner.append(shifted)
    return express(operand, tuple(inner), names)


def _unfold(node: Node, indices: Indices, names: Names) -> Expression:
    (operand,) = node.inputs
    rank = len(operand.shape)
    inner = list(indices[:rank])
    for i, axis in enumerate(node.params["axes"]):
        stride, dilation = node.params["strides"][i], node.params["dilations"][i]
        inner[axis] = inner[axis] * stride + indices[rank + i] * dilation
    return express(operand, tuple(inner), names)


def _fold(node: Node, indices: Indices, names: Names) -> Expression | None:
    """Sum over the windows that contain an entry: ``Σ_p y[i - p, p]``, for a stride of 1."""
    params = node.params
    if any(each != 1 for each in params["strides"]):
        return None
    inner, bound = list(indices), [Axis(size) for size in params["sizes"]]
    for axis, offset, dilation in zip(params["axes"], bound, params["dilations"], strict=True):
        inner[axis] -= Index.of(offset) * dilation
    inner += map(Index.of, bound)
    body = _zero_outside(express(node.inputs[0], tuple(inner), names), bound)
    return None if body is None else algebra.reduce("Σ", bound, body)


def _zero_outside(expression: Expression, axes: Sequence[Axis]) -> Expression | None:
    """Return an expression that is 0 where an index that depends on `axes` is out of range.

    None if it is no product of a symbol that has all these indices.
    """
    match expression:
        case Symbol(name, indices):
            long = [axis for axis in axes if axis.length != 1]
            return Symbol(name, indices, True) if _has_shifted(expression, long) else None
        case Product(factors):
            for factor in factors:
                if isinstance(factor, Symbol) and _has_shifted(factor, axes):
                    rest = [each for each in factors if each is not factor]
                    return algebra.multiply(Symbol(factor.name, factor.indices, True), *rest)
            return None
        case Reduction("Σ", over, body):
            inner = _zero_outside(body, axes)
            return None if inner is None else algebra.reduce("Σ", over, inner)
        case _:
            return None


def _has_shifted(symbol: Symbol, axes: Sequence[Axis]) -> bool:
    shifted = {axis for each in symbol.indices if len(each.terms) > 1 for axis in each.axes}
    return all(axis in shifted for axis in axes)


def _pad(node: Node, indices: Indices, names: Names) -> Expression | None:
    """Outside the operand the value is 0, which a symbol says of itself."""
    (operand,) = node.inputs
    if any(step != 1 for _, _, step in node.params["slices"]):
        return None
    starts = [start for start, _, _ in node.params["slices"]]
    inner = tuple(i - Index((), start) for i, start in zip(indices, starts, strict=True))
    axes = axes_of(operand)
    whole = express(operand, tuple(map(Index.of, axes)), names)
    if not isinstance(whole, Symbol) or any(each.axis is None for each in whole.indices):
        return None  # what is outside the operand may be inside the array of the symbol
    lengths = zip(axes, node.shape, strict=True)
    if any(axis.length != n and axis not in free_axes(whole) for axis, n in lengths):
        return None  # nor has the symbol an index that says what is outside
    found = express(operand, inner, names)
    return Symbol(found.name, found.indices, True) if isinstance(found, Symbol) else None


def _application(node: Node, indices: Indices, names: Names) -> Expression:
    """Any other primitive, as a function of whole arrays."""
    assert node.primitive is not None
    source, result = node, None
    if node.primitive.name == "get_result":
        source, result = node.inputs[0], node.params["index"]
        if source.serial in names.loops:
            return names.loops[source.serial](result, indices)
        if source.primitive is not None and source.primitive.name == "custom_vjp_call":
            return express(source.inputs[result], indices, names)
    arguments: list[tuple[Expression, tuple[Axis, ...]]] = []
    for each in source.inputs:
        axes = axes_of(each)
        arguments.append((express(each, tuple(map(Index.of, axes)), names), axes))
    return Application(source, tuple(arguments), indices, result)


_Rule = Callable[[Node, Indices, Names], Expression | None]

_RULES: Mapping[str, _Rule] = {
    "broadcast_to": _broadcast,
    "cast": _operand,
    "contract": _contract,
    "custom_vjp_call": _operand,
    "fold": _fold,
    "pad_into": _pad,
    "reduce_max": _extremum("max"),
    "reduce_min": _extremum("min"),
    "reduce_to": _reduce_to,
    "reshape": _reshape,
    "select": _select,
    "stop_gradient": _operand,
    "strided_slice": _slice,
    "transpose": _transpose,
    "unfold": _unfold,
}
