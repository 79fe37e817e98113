"""Masked cotangents: selections that stay outside of the products of the chain rule.

The derivative of ``select(c, a, b)`` gives `a` the cotangent ``select(c, ȳ, 0)``. A local
derivative further down that is infinite where c is false, as that of a square root at 0, would make
of this 0 the NaN 0 · ∞. But each step of reverse mode is linear in its cotangent, and so an
elementwise one commutes with the selection::

    vjp(select(c, ȳ, 0)) = select(c, vjp(ȳ), 0)

A `Masked` cotangent is the pair (c, ȳ), whose selection is yet to be done. `propagate` takes it
through the graph that a rule has written, by one law for each kind of primitive: elementwise ones
keep the mask, index maps move it, and of sums and contractions it tells where any term is present.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.autodiff.analysis.regularity import Regularity
from chainrule.autodiff.passes.cotangent_sums import accumulate
from chainrule.graph.node import Node, ancestors, constant
from chainrule.graph.rewrite import rebuilt
from chainrule.ops.primitives.broadcasting import broadcast_to, cast, reduce_to
from chainrule.ops.primitives.contraction import split_spec
from chainrule.ops.primitives.elementwise import logical_and, logical_not, logical_or
from chainrule.ops.primitives.movement import reshape, transpose
from chainrule.ops.primitives.selection import identity, select

__all__ = ["Cotangent", "Masked", "add_up", "propagate", "selected", "stand_in"]


@dataclass(frozen=True, slots=True)
class Masked:
    """The cotangent ``select(mask, raw, 0)``.

    `is_clean` tells that `raw` is 0 there already, `is_of_data` that the mask is made of data.
    """

    mask: Node
    raw: Node
    is_clean: bool = False
    is_of_data: bool = False


Cotangent = Node | Masked


def selected(cotangent: Cotangent) -> Node:
    """Do the selection of a masked cotangent."""
    if isinstance(cotangent, Node):
        return cotangent
    if cotangent.is_clean:
        return cotangent.raw
    negated = _negated(cotangent.mask)
    if negated is not None:
        return select(negated, 0, cotangent.raw)
    return select(cotangent.mask, cotangent.raw, 0)


def stand_in(cotangent: Cotangent | None, masked: dict[int, Masked]) -> Node | None:
    """Return a new node with the value of a masked cotangent, for a rule to compute with."""
    if not isinstance(cotangent, Masked):
        return cotangent
    node = identity(selected(cotangent))
    masked[node.serial] = cotangent
    return node


def add_up(cotangents: Sequence[Cotangent]) -> Cotangent:
    """Add contributions to one cotangent: present where any of them is."""
    if len(cotangents) == 1:
        return cotangents[0]
    masked = [each for each in cotangents if isinstance(each, Masked)]
    if len(masked) < len(cotangents):
        return accumulate([selected(each) for each in cotangents])
    first, *others = masked
    if all(each.mask is first.mask for each in others):
        total = accumulate([each.raw for each in masked])
        is_clean = all(each.is_clean for each in masked)
        return Masked(first.mask, total, is_clean, _is_of_data(masked))
    if len(masked) == 2 and _negated(others[0].mask) is first.mask:
        return select(first.mask, first.raw, others[0].raw)
    mask = _any_of([each.mask for each in masked])
    total = accumulate([selected(each) for each in masked])
    if _is_complete(mask):
        return total
    return Masked(mask, total, is_clean=True, is_of_data=_is_of_data(masked))


def propagate(
    results: Sequence[Node | None], masked: dict[int, Masked], start: int, regularity: Regularity
) -> list[Cotangent | None]:
    """Take masked cotangents through the graph that a rule wrote since `start`, up to `results`.

    `masked` are the cotangents that it was given, by the serial of the nodes that stood for them.
    """
    roots = [node for node in results if node is not None]
    values: dict[int, Cotangent] = dict(masked)
    for node in ancestors(roots, lambda each: each.serial < start or each.serial in masked):
        operands = [values.get(each.serial, each) for each in node.inputs]
        values[node.serial] = _apply(node, operands, start, regularity)
    return [None if each is None else values.get(each.serial, each) for each in results]


def _apply(node: Node, operands: list[Cotangent], start: int, regularity: Regularity) -> Cotangent:
    """Apply the operation of a node to masked operands."""
    name = "" if node.primitive is None else node.primitive.name
    is_masked = any(isinstance(each, Masked) for each in operands)
    if name == "select":
        result = _select(node, operands)
    elif name == "multiply" and (is_masked or _indicator(node.inputs, start) is not None):
        result = _multiply(node, operands, start)
    elif is_masked and name == "contract":
        result = _contract(node, operands, regularity)
    else:
        rule = _RULES.get(name) if is_masked else _ZERO_MAKING_RULES.get(name)
        result = _applied(node, operands) if rule is None else rule(node, operands)
    is_of_data = _is_of_data(operands) or (
        name == "select" and regularity.is_of_data(node.inputs[0])
    )
    if isinstance(result, Masked) and is_of_data:
        return replace(result, is_of_data=True)
    return result


def _is_of_data(operands: Sequence[Cotangent]) -> bool:
    return any(isinstance(each, Masked) and each.is_of_data for each in operands)


def _applied(node: Node, operands: Sequence[Cotangent]) -> Node:
    return rebuilt(node, tuple(map(selected, operands)))


def _select(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    """A selection from masked or plain values; a branch that is 0 is absent."""
    condition, a, b = selected(operands[0]), operands[1], operands[2]
    if _is_zero(b):
        return Masked(_both(condition, _mask(a)), _raw(a))
    if _is_zero(a):
        return Masked(_both(logical_not(condition), _mask(b)), _raw(b))
    masks = _mask(a), _mask(b)
    raw = rebuilt(node, (condition, _raw(a), _raw(b)))
    if masks[0] is masks[1]:
        return raw if masks[0] is None else Masked(masks[0], raw)
    if masks[0] is None:
        return Masked(logical_or(condition, masks[1]), raw)
    if masks[1] is None:
        return Masked(logical_or(logical_not(condition), masks[0]), raw)
    return Masked(select(condition, *masks), raw)


def _multiply(node: Node, operands: Sequence[Cotangent], start: int) -> Masked:
    """A product, absent where a factor is; a rule may write the mask as a factor of 0 and 1."""
    position = _indicator(node.inputs, start)
    if position is not None:
        indicator, other = node.inputs[position].inputs[0], operands[1 - position]
        return Masked(_both(indicator, _mask(other)), _raw(other))
    mask = _both(_mask(operands[0]), _mask(operands[1]))
    assert mask is not None
    return Masked(mask, rebuilt(node, (_raw(operands[0]), _raw(operands[1]))))


def _indicator(factors: Sequence[Node], start: int) -> int | None:
    """Which factor is the cast of a boolean, made since `start`, if any is."""
    for position, each in enumerate(factors):
        is_cast = each.primitive is not None and each.primitive.name == "cast"
        if is_cast and each.serial >= start and each.inputs[0].dtype.kind == "b":
            return position
    return None


def _scale(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    """Operations that are linear in the first operand, elementwise."""
    first, *others = operands
    mask = _mask(first)
    if mask is None:
        return _applied(node, operands)
    return Masked(mask, rebuilt(node, (_raw(first), *map(selected, others))))


def _add(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    a, b = _mask(operands[0]), _mask(operands[1])
    if a is None or b is None:
        return _applied(node, operands)
    if a is b:
        return Masked(a, rebuilt(node, (_raw(operands[0]), _raw(operands[1]))))
    return Masked(logical_or(a, b), _applied(node, operands), is_clean=True)


def _move(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    """Index maps, which move the mask as the values; padding is absent."""
    first, *indices = operands
    mask = _present(first)
    moved = _moved(node, [mask, *map(selected, indices)])
    raw = rebuilt(node, (_raw(first), *map(selected, indices)))
    if _is_complete(moved):
        return raw
    return Masked(moved, raw, not isinstance(first, Masked) or first.is_clean)


def _moved(node: Node, operands: Sequence[Node]) -> Node:
    """Apply an operation to masks, at once if they are constant, as those of slices are."""
    assert node.primitive is not None
    if all(each.is_constant for each in operands):
        return constant(node.primitive.evaluate(*(each.value for each in operands), **node.params))
    return node.primitive(*operands, **node.params)


def _store(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    """Stores into an array: what is overwritten by 0 is absent."""
    target, update, *rest = operands
    if not isinstance(target, Masked) and not isinstance(update, Masked) and not _is_zero(update):
        return _applied(node, operands)
    indices = [selected(each) for each in rest]
    stored = _full(False, _raw(update).shape) if _is_zero(update) else _present(update)
    mask = _moved(node, [_present(target), stored, *indices])
    raw = rebuilt(node, (_raw(target), _raw(update), *indices))
    return raw if _is_complete(mask) else Masked(mask, raw)


def _concatenate(node: Node, operands: Sequence[Cotangent]) -> Masked:
    is_clean = all(not isinstance(each, Masked) or each.is_clean for each in operands)
    mask = _moved(node, [_present(each) for each in operands])
    return Masked(mask, rebuilt(node, tuple(map(_raw, operands))), is_clean)


def _sum(node: Node, operands: Sequence[Cotangent]) -> Cotangent:
    """Sums of elements: present where any term is, which a sum of zeros and ones tells."""
    first, *indices = operands
    mask, total = _present(first), _applied(node, operands)
    is_fixed = mask.is_constant
    ones = constant(mask.value.astype(node.dtype)) if is_fixed else cast(mask, node.dtype)
    count = _moved(node, [ones, *map(selected, indices)])
    if not count.is_constant:
        return Masked(count != 0, total, is_clean=True)
    mask = constant(count.value != 0)
    return total if _is_complete(mask) else Masked(mask, total, is_clean=True)


def _contract(node: Node, operands: Sequence[Cotangent], regularity: Regularity) -> Cotangent:
    """A contraction; entries of the other factor for which nothing is present take no part."""
    position = 0 if isinstance(operands[0], Masked) else 1
    factor, mask = operands[1 - position], _mask(operands[position])
    if mask is None or isinstance(factor, Masked):
        return _applied(node, operands)
    *letters, result = split_spec(node.params["spec"])
    own, other = letters[position], letters[1 - position]
    if not regularity.is_finite(factor, _is_of_data(operands)):
        present = _any_along(mask, own, other, factor.shape)
        factor = select(present, factor, 0)
    pair = [selected(operands[position]), factor]
    raw = rebuilt(node, tuple(pair if position == 0 else pair[::-1]))
    return Masked(_any_along(mask, own, result, node.shape), raw, is_clean=True)


def _any_along(mask: Node, letters: str, wanted: str, shape: tuple[int, ...]) -> Node:
    """Whether any entry of a mask over `letters` is true, for each index over `wanted`."""
    kept = [letter for letter in wanted if letter in letters]
    summed = [letter for letter in letters if letter not in wanted]
    order = tuple(letters.index(letter) for letter in (*summed, *kept))
    moved = transpose(mask, axes=order)
    if summed:
        moved = reduce_to(cast(moved, "float64"), moved.shape[len(summed) :]) != 0
    lengths = tuple(n if letter in kept else 1 for letter, n in zip(wanted, shape, strict=True))
    return broadcast_to(reshape(moved, shape=lengths), shape)


_Rule = Callable[[Node, list[Cotangent]], Cotangent]

_ZERO_MAKING_RULES: dict[str, _Rule] = {
    "fold": _sum,
    "pad_into": _move,
    "scatter": _store,
    "scatter_add": _sum,
    "update_slice": _store,
}

_RULES: dict[str, _Rule] = _ZERO_MAKING_RULES | {
    "add": _add,
    "broadcast_to": _move,
    "cast": _scale,
    "concatenate": _concatenate,
    "cumulative_sum": _sum,
    "divide": _scale,
    "gather": _move,
    "identity": _scale,
    "negative": _scale,
    "reduce_to": _sum,
    "reshape": _move,
    "strided_slice": _move,
    "subtract": _add,
    "transpose": _move,
    "unfold": _move,
}


def _mask(cotangent: Cotangent) -> Node | None:
    return cotangent.mask if isinstance(cotangent, Masked) else None


def _raw(cotangent: Cotangent) -> Node:
    return cotangent.raw if isinstance(cotangent, Masked) else cotangent


def _present(cotangent: Cotangent) -> Node:
    """The mask of a cotangent; true everywhere for a plain one."""
    return cotangent.mask if isinstance(cotangent, Masked) else _full(True, cotangent.shape)


def _full(value: bool, shape: tuple[int, ...]) -> Node:
    return constant(np.broadcast_to(np.array(value), shape))


def _any_of(masks: Sequence[Node]) -> Node:
    if all(each.is_constant for each in masks):
        return constant(np.logical_or.reduce([each.value for each in masks]))
    return accumulate(masks, logical_or)


def _is_complete(mask: Node) -> bool:
    """Whether a mask is true everywhere, whatever the inputs are."""
    return mask.is_constant and bool(mask.value.all())


def _both(a: Node | None, b: Node | None) -> Any:
    return b if a is None or a is b else a if b is None else logical_and(a, b)


def _negated(mask: Node) -> Node | None:
    is_negation = mask.primitive is logical_not
    return mask.inputs[0] if is_negation else None


def _is_zero(value: Cotangent) -> bool:
    """Whether a value is the number 0, perhaps broadcast."""
    node = value
    while (
        isinstance(node, Node)
        and node.primitive is not None
        and (node.primitive.is_broadcast or node.primitive.name == "cast")
    ):
        node = node.inputs[0]
    return isinstance(node, Node) and node.is_constant and node.size == 1 and not node.value.any()
