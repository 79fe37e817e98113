"""Where a local derivative may be infinite or NaN: the singularities below a value of a graph.

At a singularity a cotangent of 0 becomes NaN, since 0 · ∞ is. So `Regularity` tells below which
values, on the way from the outputs to the inputs, a selection must stay outside of the products
(`masked`); elsewhere the derivative is the plain chain rule.

Some derivatives are singular at points, such as 1/x at 0, unless interval analysis excludes these;
others where a factor is not finite. The values to differentiate by are taken for finite, unless the
program tests them by ``isnan`` or ``isfinite``. The data, its other inputs, may hold NaN, but not
where they are contracted, as in a network, unless they also say what is selected; constant
arrays are searched for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.autodiff.analysis.value_range import Range, value_range
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors

__all__ = ["Regularity", "is_singular", "regularity_below", "selects"]

_REGULAR, _CONTRACTED_DATA, _DATA, _SINGULAR = 0, 1, 2, 3
"""How bad a value or derivative may be: finite, as data that are contracted, as data, singular.

NaN in contracted data (``X @ w``) count only where the data themselves say what is selected, as in
``np.where(is_known, X @ w, 0)``; so the masks of rectifiers and dropout are not carried."""

_SELECTIONS = frozenset({
    "cond", "custom_vjp_call", "gather", "maximum", "minimum", "reduce_max", "reduce_min", "scan",
    "scatter", "select", "strided_slice", "unfold", "update_slice", "while_loop",
})  # fmt: skip
_LINEAR = frozenset({
    "add", "broadcast_to", "cast", "concatenate", "cumulative_sum", "fold", "gather", "identity",
    "negative", "pad_into", "reduce_to", "reshape", "scatter", "scatter_add", "select",
    "sort", "strided_slice", "subtract", "transpose", "unfold", "update_slice",
})  # fmt: skip
_SMOOTH = frozenset({
    "absolute", "cos", "erf", "logaddexp", "maximum", "minimum", "reduce_max", "reduce_min",
    "sigmoid", "sin", "tanh",
})  # fmt: skip
_HARMLESS = _LINEAR | _SMOOTH | {"contract", "get_result", "multiply"}

Test = Callable[[Node, list[Range]], bool]


def selects(node: Node) -> bool:
    """Whether the derivative of a node gives no cotangent to some elements of an operand.

    Entries at indices that are inputs of the program, such as the probabilities of labels, are not
    taken for a selection; those that a mask selects are constants.
    """
    if node.primitive is None or node.primitive.name not in _SELECTIONS:
        return False
    return node.primitive.name != "gather" or all(each.is_constant for each in node.inputs[1:])


def regularity_below(
    nodes: Sequence[Node],
    active: Sequence[Node],
    sources: set[int],
    kept: set[int],
    is_masked: bool,
) -> Regularity | None:
    """What is known of the nodes below all selections; None if no selection is to be moved.

    Parameters
    ----------
    nodes : sequence of Node
        All nodes that the outputs are computed from, down to the sources, in topological order.
    active : sequence of Node
        Those of them that depend on the sources.
    sources : set of int
        The serials of the values to differentiate by.
    kept : set of int
        Those of them below which, outside of this graph, there are singularities.
    is_masked : bool
        Whether the cotangents of the outputs are selections themselves.
    """
    end = nodes[-1].serial if is_masked and nodes else -1
    end = max(end, next((node.serial for node in reversed(active) if selects(node)), -1))
    suspects, tested = list(kept), set[int]()
    for node in nodes:
        if node.primitive is not None and node.primitive.name in _HARMLESS:
            continue
        if node.serial > end:
            break
        subject = _tested(node)
        if subject is not None:
            tested.add(subject.serial)
            suspects.append(min(subject.serial, node.serial))
        elif node.serial not in sources and _is_suspect(node):
            suspects.append(node.serial)
    if not suspects:
        return None
    return Regularity(active, sources, kept, tested, (min(suspects), end))


def _is_suspect(node: Node) -> bool:
    """Whether, by its primitive alone, a node may make a derivative or value infinite or NaN."""
    if node.primitive is not None:
        return node.primitive.vjp is not None
    is_number = node.is_constant and not node.shape
    return node.array_type.is_float and not (is_number or (node.is_constant and _is_finite(node)))


class Regularity:
    """How bad the derivatives and values of the nodes between sources and outputs may be.

    Of all nodes, those outside of the `span`, a first and a last serial, need not be looked at.
    """

    def __init__(
        self,
        active: Sequence[Node],
        sources: set[int],
        kept: set[int],
        tested: set[int],
        span: tuple[int, int],
    ) -> None:
        self._first, end = span
        self._ranges: dict[int, Range] = {}
        self._values = dict.fromkeys(sources, _REGULAR) | dict.fromkeys(tested, _SINGULAR)
        self._active = {node.serial for node in active}
        self._below = dict.fromkeys(kept, _SINGULAR)
        for node in active:
            if self._first <= node.serial <= end and node.serial not in sources:
                self._below[node.serial] = self._singularity(node)

    def is_singular_below(self, node: Node, is_of_data: bool = False) -> bool:
        """Whether the derivative of a node, or of one below it, may be infinite or NaN.

        `is_of_data` tells whether the data select, and so NaN in contracted data count.
        """
        least = _CONTRACTED_DATA if is_of_data else _DATA
        return self._below.get(node.serial, _REGULAR) >= least

    def is_singular_at(self, node: Node) -> bool:
        """Whether the derivative of a node by its active operands may be infinite or NaN."""
        return node.serial >= self._first and self._local(node) >= _DATA

    def is_finite(self, node: Node, is_of_data: bool) -> bool:
        """Whether a value that is contracted is finite."""
        return self._value(node) < (_DATA if is_of_data else _SINGULAR)

    def is_of_data(self, condition: Node) -> bool:
        """Whether a condition depends on the data, but not on what is differentiated by."""
        if condition.serial in self._active:
            return False
        visited = ancestors([condition], lambda each: each.serial < self._first)
        is_random = any(each.primitive and each.primitive.name == "uniform" for each in visited)
        return not is_random and any(
            each.primitive is None and (each.shape or not each.is_constant) for each in visited
        )

    def _singularity(self, node: Node) -> int:
        """How bad the local derivative of a node or of one below it may be."""
        # Of a custom derivative, the first inputs are the values that it is a rule for.
        operands = node.inputs[node.params["count"] :] if _is_custom(node) else node.inputs
        below = max((self._below.get(each.serial, _REGULAR) for each in operands), default=0)
        if below < _SINGULAR and not _passes_data(node):
            below = _REGULAR
        return below if below == _SINGULAR else max(below, self._local(node))

    def _local(self, node: Node) -> int:
        """How bad the derivative of a node by its active operands may be."""
        primitive = node.primitive
        if primitive is None or primitive.vjp is None or primitive.name in _LINEAR:
            return _REGULAR
        if primitive.name in ("multiply", "contract"):
            pairs = zip(node.inputs, reversed(node.inputs), strict=True)
            worst = max(self._value(b) for a, b in pairs if a.serial in self._active)
            return _CONTRACTED_DATA if worst == _DATA and not _passes_data(node) else worst
        if bodies := _bodies(node):
            return _SINGULAR if any(map(is_singular, bodies)) else _REGULAR
        if self._excludes(_SINGULAR_POINTS, node):
            return max(map(self._value, node.inputs))
        is_opaque = not getattr(node.params.get("backward"), "is_regular", True)
        return _SINGULAR if primitive.ufunc or is_opaque else _REGULAR

    def _excludes(self, tests: dict[str, Test], node: Node) -> bool:
        """Whether the ranges of the operands exclude the singular points of a primitive."""
        assert node.primitive is not None
        test = tests.get(node.primitive.name)
        if test is None:
            return node.primitive.name in _SMOOTH
        return test(node, [value_range(each, self._ranges) for each in node.inputs])

    def _value(self, node: Node) -> int:
        """How bad a value may be."""
        if node.serial < self._first:
            return _REGULAR
        early = self._first
        known = self._values
        for each in ancestors([node], lambda each: each.serial in known or each.serial < early):
            known[each.serial] = self._value_of(each)
        return known[node.serial]

    def _value_of(self, node: Node) -> int:
        if node.primitive is None:
            is_finite = not node.array_type.is_float or (node.is_constant and _is_finite(node))
            return _REGULAR if is_finite else _SINGULAR if node.is_constant else _DATA
        worst = max((self._values.get(each.serial, _REGULAR) for each in node.inputs), default=0)
        if not isinstance(node.type, tuple) and not node.array_type.is_float:
            return _REGULAR
        if worst == _DATA and not _passes_data(node):
            worst = _REGULAR
        is_total = node.primitive.name not in _SINGULAR_POINTS
        return worst if is_total or self._excludes(_POLES, node) else _SINGULAR


def _is_custom(node: Node) -> bool:
    return node.primitive is not None and node.primitive.name == "custom_vjp_call"


def _passes_data(node: Node) -> bool:
    """Whether NaN among the data count in a node; contracted data, as in networks, have none."""
    is_contracted = node.primitive is not None and node.primitive.name == "contract"
    return not is_contracted and not _bodies(node)


def _bodies(node: Node) -> list[Graph]:
    """The body of a loop, or both branches of a condition."""
    names = ("body", "if_true", "if_false")
    return [node.params[name] for name in names if name in node.params]


def is_singular(body: Graph) -> bool:
    """Whether a derivative within the body of a loop may be infinite or NaN."""
    active = [node for node in body.inputs if node.array_type.is_float]
    sources = {node.serial for node in active}
    reached = set(sources)
    for node in body.nodes:
        if any(each.serial in reached for each in node.inputs):
            reached.add(node.serial)
            active.append(node)
    found = regularity_below(body.nodes, active, sources, set(), is_masked=True)
    return found is not None and any(map(found.is_singular_below, body.outputs))


def _is_finite(node: Node) -> bool:
    """Whether a constant holds no NaN and, if an array, no infinity."""
    if not node.array_type.is_float:
        return True
    with np.errstate(all="ignore"):
        total = float(
            np.add.reduce(node.value, axis=None)
        )  # NaN and infinity stay, and overflow does no harm
    return math.isfinite(total) or (not node.shape and not math.isnan(total))


def _tested(node: Node) -> Node | None:
    """The input or array whose finiteness a node tests: ``x != x``, ``|x| < inf`` or the like."""
    if node.primitive is None or node.primitive.name not in _COMPARISONS:
        return None
    left, right = node.inputs
    if left is not right and not _is_infinite(left) and not _is_infinite(right):
        return None
    tested = right if _is_infinite(left) else left
    while tested.primitive is not None and tested.primitive.name in _PRESERVES_NAN:
        tested = tested.inputs[0]
    return tested if tested.primitive is None or tested.primitive.name == "identity" else None


_COMPARISONS = {"equal", "less", "less_equal", "not_equal"}
_PRESERVES_NAN = {"absolute", "broadcast_to", "cast", "negative", "reshape", "transpose"}


def _is_infinite(node: Node) -> bool:
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    return node.is_constant and not node.shape and math.isinf(float(node.value))


def _is_nonzero(x: Range) -> bool:
    return x[0] > 0 or x[1] < 0


def _is_regular_power(node: Node, ranges: list[Range]) -> bool:
    base, (p, high) = ranges
    if p != high:
        return base[0] > 0 and _is_bounded_exponential(node, ranges)
    return base[0] > 0 or ((p == 0 or p >= 1) and (p.is_integer() or base[0] >= 0))


def _is_finite_power(node: Node, ranges: list[Range]) -> bool:
    base, (p, high) = ranges
    if p != high:
        return base[0] > 0 and _is_bounded_exponential(node, ranges)
    return base[0] > 0 or (p >= 0 and (base[0] >= 0 or p.is_integer()))


def _is_bounded_exponential(node: Node, ranges: list[Range]) -> bool:
    """Whether a power with a positive base and an exponent that varies does not overflow."""
    (low, high), exponents = ranges
    logarithms = [math.log(low), math.log(high) if high < math.inf else math.inf]
    largest = max(abs(p) * max(map(abs, logarithms)) for p in exponents)
    return largest <= math.log(float(np.finfo(node.dtype).max)) - 1


def _is_bounded_power(node: Node, ranges: list[Range]) -> bool:
    """Whether an exponential does not overflow."""
    return ranges[0][1] <= math.log(float(np.finfo(node.dtype).max)) - 1


_SINGULAR_POINTS: dict[str, Test] = {
    "arctan2": lambda node, x: _is_nonzero(x[0]) or _is_nonzero(x[1]),
    "divide": lambda node, x: _is_nonzero(x[1]),
    "exp": _is_bounded_power,
    "expm1": _is_bounded_power,
    "log": lambda node, x: x[0][0] > 0,
    "log1p": lambda node, x: x[0][0] > -1,
    "power": _is_regular_power,
    "remainder": lambda node, x: _is_nonzero(x[1]),
    "sqrt": lambda node, x: x[0][0] > 0,
}
"""For each primitive, whether the derivative is finite for operands in the given ranges."""

_POLES: dict[str, Test] = _SINGULAR_POINTS | {
    "arctan2": lambda node, x: True,
    "power": _is_finite_power,
    "sqrt": lambda node, x: x[0][0] >= 0,
}
"""For each primitive, whether its value is finite for finite operands in the given ranges."""
