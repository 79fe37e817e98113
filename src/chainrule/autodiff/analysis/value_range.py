"""Interval analysis: bounds of the values of a graph, from its numbers and its operations alone.

`value_range` returns [low, high] with ``low <= value <= high`` wherever the value is not NaN
(Moore, Kearfott & Cloud 2009, "Introduction to interval analysis", chapter 5). Inputs and arrays
are unbounded: what holds for the values of one call need not hold in the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors

__all__ = ["Range", "value_range"]

Range = tuple[float, float]

_ANY: Range = (-math.inf, math.inf)


def value_range(node: Node, known: dict[int, Range]) -> Range:
    """Bound the values of a node; `known` caches the bounds of its ancestors by serial."""

    def is_known(each: Node) -> bool:
        if each.serial not in known and _is_opaque(each):
            known[each.serial] = _opaque_range(each)
        return each.serial in known

    for each in ancestors([node], is_known):
        assert each.primitive is not None
        ranges = [known[x.serial] for x in each.inputs]
        is_choice = each.primitive.name == "select"
        bounds = _select(each, known) if is_choice else _RULES[each.primitive.name](each, *ranges)
        known[each.serial] = _normal(each, bounds)
    return known[node.serial]


def _is_opaque(node: Node) -> bool:
    """Whether the bounds of the operands of a node do not matter, as integers overflow."""
    if node.primitive is None or isinstance(node.type, tuple) or not node.array_type.is_float:
        return True
    return node.primitive.name not in _RULES and node.primitive.name != "select"


def _opaque_range(node: Node) -> Range:
    if isinstance(node.type, tuple):
        return _ANY
    if node.is_constant and not node.shape:
        return float(node.value), float(node.value)
    if node.primitive is None or node.primitive.name != "contract":
        return (0.0, 1.0) if node.dtype.kind == "b" else _ANY
    left, right = node.params["spec"].split("->")[0].split(",")
    is_square = node.inputs[0] is node.inputs[1] and left == right
    return (0.0, math.inf) if is_square else _ANY


def _normal(node: Node, bounds: Range) -> Range:
    """Take bounds that underflow in the node's dtype for 0, and NaN for no bound."""
    low, high = bounds
    if not low <= high:
        return _ANY
    if low <= 0 <= high:
        return bounds
    tiny = float(np.finfo(node.dtype).tiny)
    return (0.0 if 0 < low < tiny else low), (0.0 if -tiny < high < 0 else high)


def _same(node: Node, x: Range, *_: Range) -> Range:
    return x


def _union(node: Node, *ranges: Range) -> Range:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _with_zero(node: Node, x: Range, *_: Range) -> Range:
    return min(x[0], 0.0), max(x[1], 0.0)


def _sum(node: Node, x: Range, *_: Range) -> Range:
    """Bounds of a sum: those of its sign, or of exp(x - max x), of which one term is 1."""
    if _has_term_of_one(node):
        return 1.0, math.inf
    terms = node.inputs[0].size // max(node.size, 1)
    return (x[0] * terms if x[0] > 0 else 0.0 if x[0] == 0 else -math.inf), (
        0.0 if x[1] <= 0 else math.inf
    )


def _has_term_of_one(node: Node) -> bool:
    """Whether a node is Σ exp(x - max x), with the maximum taken along no more than these axes."""
    powers = _unmoved(node.inputs[0])
    if powers.primitive is None or powers.primitive.name != "exp":
        return False
    largest = _subtracted_maximum(powers.inputs[0])
    if largest is None or powers.shape != node.inputs[0].shape or not powers.size:
        return False
    added = len(powers.shape) - len(node.shape)
    kept = {added + i for i, length in enumerate(node.shape) if length != 1}
    return not kept & set(largest.params["axes"])


def _subtract(node: Node, a: Range, b: Range) -> Range:
    low, high = a[0] - b[1], a[1] - b[0]
    return low, min(high, 0.0) if _subtracted_maximum(node) is not None else high


def _subtracted_maximum(node: Node) -> Node | None:
    """The node max x, if `node` is x - max x."""
    if node.primitive is None or node.primitive.name != "subtract":
        return None
    largest = _unmoved(node.inputs[1])
    if largest.primitive is not None and largest.primitive.name == "select":
        largest = _unmoved(largest.inputs[2])  # log_sum_exp subtracts no infinity
    is_maximum = largest.primitive is not None and largest.primitive.name == "reduce_max"
    return largest if is_maximum and largest.inputs[0] is node.inputs[0] else None


_MOVES = {"reshape", "transpose", "broadcast_to", "identity", "stop_gradient"}


def _unmoved(node: Node) -> Node:
    while node.primitive is not None and node.primitive.name in _MOVES:
        node = node.inputs[0]
    return node


def _multiply(node: Node, a: Range, b: Range) -> Range:
    if node.inputs[0] is node.inputs[1]:
        return _square(a)
    corners = [_product(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _square(x: Range) -> Range:
    low, high = abs(x[0]), abs(x[1])
    return (0.0 if x[0] <= 0 <= x[1] else _product(min(low, high), min(low, high))), _product(
        max(low, high), max(low, high)
    )


def _product(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def _divide(node: Node, a: Range, b: Range) -> Range:
    if b[0] > 0 or b[1] < 0:
        inverse = sorted(math.inf if y == 0 else 1 / y for y in b)
        return _multiply(node, a, (inverse[0], inverse[1]))
    if b[0] == 0 and (a[0] >= 0 or a[1] <= 0):  # a quotient of one sign; x / 0 is infinite
        return (0.0, math.inf) if a[0] >= 0 else (-math.inf, 0.0)
    return _ANY


def _power(node: Node, base: Range, exponent: Range) -> Range:
    p = exponent[0]
    if exponent[0] == exponent[1] and p % 2 == 0:
        return (1.0, 1.0) if p == 0 else (0.0, math.inf) if p < 0 else _even_power(base, p)
    if base[0] < 0:
        return _ANY
    if base[0] >= 1 and p >= 0:
        return 1.0, math.inf
    is_root = exponent[0] == exponent[1] and p > 0
    return (_float(lambda: base[0] ** p) if is_root else 0.0), math.inf


def _even_power(base: Range, p: float) -> Range:
    low = 0.0 if base[0] <= 0 <= base[1] else min(abs(base[0]), abs(base[1]))
    return _float(lambda: low**p), math.inf


def _float(compute: Callable[[], float]) -> float:
    try:
        return compute()
    except OverflowError:
        return math.inf


def _monotone(function: Callable[[float], float], low: float, high: float) -> Any:
    """Make the rule of a nondecreasing function that is defined on [low, high]."""

    def rule(node: Node, x: Range) -> Range:
        ends = [min(max(end, low), high) for end in x]
        return _float(lambda: function(ends[0])), _float(lambda: function(ends[1]))

    return rule


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _rounded(function: Callable[[float], float]) -> Any:
    return _monotone(lambda x: function(x) if math.isfinite(x) else x, *_ANY)


def _absolute(node: Node, x: Range) -> Range:
    low, high = abs(x[0]), abs(x[1])
    return (0.0 if x[0] <= 0 <= x[1] else min(low, high)), max(low, high)


def _select(node: Node, known: dict[int, Range]) -> Range:
    """Bounds of either branch; one that the condition compares has the bound that this implies."""
    condition, taken, other = node.inputs
    a, b = known[taken.serial], known[other.serial]
    if condition.primitive is not None and condition.primitive.name in ("less", "less_equal"):
        small, large = condition.inputs
        a = _compared(taken, a, small, large, known)
        b = _compared(other, b, large, small, known)
    return _union(node, a, b)


def _compared(
    node: Node, bounds: Range, small: Node, large: Node, known: dict[int, Range]
) -> Range:
    """Bounds of a node where ``small <= large``."""
    low, high = bounds
    if node is small:
        high = min(high, value_range(large, known)[1])
    if node is large:
        low = max(low, value_range(small, known)[0])
    return low, high


def _bounded(low: float, high: float) -> Any:
    return lambda *_: (low, high)


_RULES: dict[str, Callable[..., Range]] = {
    "absolute": _absolute,
    "add": lambda node, a, b: (a[0] + b[0], a[1] + b[1]),
    "arctan2": _bounded(-math.pi, math.pi),
    "broadcast_to": _same,
    "cast": _same,
    "ceil": _rounded(math.ceil),
    "concatenate": _union,
    "cos": _bounded(-1.0, 1.0),
    "cumulative_sum": lambda node, x, *_: (0.0 if x[0] >= 0 else -math.inf, math.inf),
    "divide": _divide,
    "erf": _bounded(-1.0, 1.0),
    "exp": _monotone(math.exp, *_ANY),
    "expm1": _monotone(math.expm1, *_ANY),
    "floor": _rounded(math.floor),
    "fold": _with_zero,
    "gather": _same,
    "identity": _same,
    "log": _monotone(_log, 0.0, math.inf),
    "log1p": _monotone(lambda x: _log(1 + x), -1.0, math.inf),
    "logaddexp": lambda node, a, b: (max(a[0], b[0]), math.inf),
    "maximum": lambda node, a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "minimum": lambda node, a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "multiply": _multiply,
    "negative": lambda node, x: (-x[1], -x[0]),
    "pad_into": _with_zero,
    "power": _power,
    "reduce_max": _same,
    "reduce_min": _same,
    "reduce_to": _sum,
    "reshape": _same,
    "rint": _rounded(round),
    "scatter": lambda node, x, update, *_: _union(node, x, update),
    "scatter_add": lambda node, x, *_: (0.0 if x[0] >= 0 else -math.inf, math.inf),
    "sigmoid": _bounded(0.0, 1.0),
    "sign": _bounded(-1.0, 1.0),
    "sin": _bounded(-1.0, 1.0),
    "sort": _same,
    "sqrt": _monotone(math.sqrt, 0.0, math.inf),
    "stop_gradient": _same,
    "strided_slice": _same,
    "subtract": _subtract,
    "tanh": _bounded(-1.0, 1.0),
    "transpose": _same,
    "unfold": _same,
    "uniform": _bounded(0.0, 1.0),
    "update_slice": _union,
}
