"""Expressions of the nodes of a graph, one rule for each primitive that has a formula of entries.

`express` writes the entry of a node at given indices in terms of named nodes, inputs and constants.
Indices are carried from a result to its operands (`index_maps`). A contraction is
``Σ_j a[i, j] · b[j, k]``. A primitive without a rule is an `Application`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.notation import algebra
from chainrule.insight.notation.constants import entry_of_constant
from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Function,
    Name,
    Place,
    Relation,
    Symbol,
)
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.index_maps import INDEX_MAPS
from chainrule.insight.notation.lookups import concatenated, gathered, scattered
from chainrule.insight.notation.names import Indices, Names, axes_of
from chainrule.insight.notation.outside import folded, padded
from chainrule.insight.notation.primitive_rules import ALGEBRA, RELATIONS, choose
from chainrule.ops.primitives.contraction import split_spec

__all__ = ["express", "express_array"]


def express_array(
    node: Node, names: Names, is_root: bool = False
) -> tuple[tuple[Axis, ...], Indices, Expression]:
    """Write a value entry by entry.

    Returns
    -------
    axes : tuple of Axis
        Those of the expression; where arrays are joined, more than those of the value.
    places : tuple of Index
        The indices of the entry along the axes of the value.
    expression : Expression
        The entry.
    """
    own = axes_of(node)
    if not _is_reshaped_name(node, names):
        names.splits.allow(own)
    written = express(node, tuple(map(Index.of, own)), names, is_root)
    places = tuple(map(names.splits.index_of, own))
    return names.splits.axes_of(own), places, names.splits.applied(written, own)


def _is_reshaped_name(node: Node, names: Names) -> bool:
    """Whether a value is vec(a) of a named value."""
    node = resolved(node)
    if node.primitive is None or node.primitive.name != "reshape":
        return False
    return resolved(node.inputs[0]).serial in names.names


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
    if node.primitive.name in INDEX_MAPS:
        found = _moved(node, indices, names)
    else:
        rule = _RULES.get(node.primitive.name)
        if rule is None:
            rule = _elementwise if node.primitive.ufunc is not None else _application
        found = rule(node, indices, names)
    return found if found is not None else _application(node, indices, names)


def _moved(node: Node, indices: Indices, names: Names) -> Expression | None:
    """Return the entry of the operand of a primitive that moves entries."""
    assert node.primitive is not None
    moved = INDEX_MAPS[node.primitive.name](node, indices, names)
    if moved is None:
        return None
    inner, joined = moved
    if joined and _is_reshaped_name(node, names):
        return None
    body = express(node.inputs[0], inner, names)
    return algebra.reduce(
        "Σ",
        [axis for place, _ in joined for axis in place.axes],
        algebra.multiply(body, *(Relation("=", Place(one), Place(other)) for one, other in joined)),
    )


def _leaf(node: Node, indices: Indices, names: Names) -> Expression:
    value = node.known_value
    if node.is_constant and value is not None:
        array = np.asarray(value)
        if array.size and array.dtype.kind in "iufb" and (array == array.flat[0]).all():
            return algebra.constant(float(array.flat[0]), str(array.dtype))
        known = entry_of_constant(array, indices)
        if known is not None:
            return known
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

    def product() -> Expression:
        return algebra.multiply(
            *(
                express(operand, tuple(at[letter] for letter in letters), names)
                for letters, operand in ((left, a), (right, b))
            )
        )

    return _reduced("Σ", bound, names, product)


def _reduced(
    kind: str, bound: Sequence[Axis], names: Names, write: Callable[[], Expression]
) -> Expression:
    """Reduce what `write` returns over axes, which may be split while it is written."""
    names.splits.allow(bound, in_sum=True)
    body = names.splits.applied(write(), bound)
    return algebra.reduce(kind, names.splits.axes_of(bound), body)


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
    return _reduced("Σ", bound, names, lambda: express(operand, tuple(inner), names))


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
        return _reduced(kind, bound, names, lambda: express(operand, tuple(inner), names))

    return rule


def _branches(node: Node, result: int, indices: Indices, names: Names) -> Expression:
    """Return the result of one branch or the other."""
    test, *shared = node.inputs
    values: list[Expression] = []
    for branch in (node.params["if_true"], node.params["if_false"]):
        inside = names.within()
        for inner, outer in zip(branch.inputs, shared, strict=True):
            inside.bindings[inner.serial] = partial(express, outer, names=names)
        values.append(express(branch.outputs[result], indices, inside))
    return choose(express(test, (), names), *values)


def _application(node: Node, indices: Indices, names: Names) -> Expression:
    """Any other primitive, as a function of whole arrays."""
    assert node.primitive is not None
    source, result = node, None
    if node.primitive.name == "get_result":
        source, result = node.inputs[0], node.params["index"]
        if source.serial in names.loops:
            return names.loops[source.serial](result, indices)
        if source.primitive is not None and source.primitive.name == "cond":
            return _branches(source, result, indices, names)
        if source.primitive is not None and source.primitive.name == "custom_vjp_call":
            return express(source.inputs[result], indices, names)
    arguments: list[tuple[Expression, tuple[Axis, ...]]] = []
    for each in source.inputs:
        axes = axes_of(each)
        arguments.append((express(each, tuple(map(Index.of, axes)), names), axes))
    return Application(source, tuple(arguments), indices, result)


def _by_writing(
    rule: Callable[[Node, Indices, Callable[[Node, Indices], Expression]], Expression | None],
) -> _Rule:
    """Return a rule that writes operands by a function of theirs and their indices."""
    return lambda node, indices, names: rule(
        node, indices, lambda operand, inner: express(operand, inner, names)
    )


_Rule = Callable[[Node, Indices, Names], Expression | None]


_RULES: Mapping[str, _Rule] = {
    "concatenate": _by_writing(concatenated),
    "gather": _by_writing(gathered),
    "contract": _contract,
    "fold": _by_writing(folded),
    "pad_into": _by_writing(padded),
    "reduce_max": _extremum("max"),
    "reduce_min": _extremum("min"),
    "reduce_to": _reduce_to,
    "scatter_add": _by_writing(scattered),
    "select": _select,
}
