"""Operations of a program as expressions of NumPy; see ``files.programs.vocabulary``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.export.numpy_source.expression import (
    ATOM,
    UNARY,
    Expression,
    call,
    infix,
    size_text,
    sizes_text,
)

__all__ = ["ELEMENTWISE", "OTHERS", "Text"]

Text = tuple[str, int]
"""An expression and its precedence."""

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//",
    "remainder": "%", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip

_CALLS = {
    name: f"np.{name}"
    for name in (
        "absolute", "arctan2", "bitwise_and", "bitwise_xor", "ceil", "copysign", "cos", "exp",
        "expm1", "floor", "log", "log1p", "logaddexp", "logical_and", "logical_not", "logical_or",
        "maximum", "minimum", "power", "rint", "sign", "sin", "sqrt", "tanh",
    )
} | {"sigmoid": "sigmoid", "erf": "erf"}  # fmt: skip


def _with_operator(operator: str) -> Callable[..., Text]:
    return lambda one, other: infix(operator, one, other)


def _with_call(function: str) -> Callable[..., Text]:
    return lambda *values: (call(function, *(each.text for each in values)), ATOM)


ELEMENTWISE: dict[str, Callable[..., Text]] = {
    **{name: _with_operator(operator) for name, operator in _INFIX.items()},
    **{name: _with_call(function) for name, function in _CALLS.items()},
    "negative": lambda x: (f"-{x.inside(UNARY)}", UNARY),
    "select": _with_call("np.where"),
}
"""Operations whose operands may have shapes that broadcast."""


def _contract(one: Expression, other: Expression, spec: str) -> Text:
    terms, _, result = spec.partition("->")
    left, right = terms.split(",")
    is_product = len(right) == 2 and left[-1:] == right[:1] and result == left[:-1] + right[1]
    if is_product and len(left) > 1:
        return infix("@", one, other)
    return f'np.einsum("{spec}", {one.text}, {other.text}, optimize=True)', ATOM


def _method(name: str, x: Expression, *arguments: str) -> Text:
    return call(f"{x.inside(ATOM)}.{name}", *arguments), ATOM


def _slices(slices: Sequence[Sequence[Any]], shape: Sequence[int] | None = None) -> str:
    """Return slices of first index, number and step as an index."""
    texts = [
        ":" if shape is not None and _is_whole(each, shape[axis]) else _slice(*each)
        for axis, each in enumerate(slices)
    ]
    while len(texts) > 1 and texts[-1] == ":":
        texts.pop()
    return ", ".join(texts)


def _is_whole(each: Sequence[Any], length: int) -> bool:
    start, count, step = each
    return start == 0 and step == 1 and (isinstance(count, dict) or count == length)


def _slice(start: Any, count: Any, step: Any) -> str:
    if not all(isinstance(each, int) for each in (start, count, step)):
        first = size_text(start)
        return f":{size_text(count)}" if first == "0" else f"{first} : {first} + {size_text(count)}"
    stop = start + count * step
    end = "" if stop < 0 else str(stop)
    return f"{start or ''}:{end}" + (f":{step}" if step != 1 else "")


def _at(slices: Sequence[Sequence[Any]]) -> str:
    inner = _slices(slices)
    return f"np.s_[{inner}]"


def _reduce_to(x: Expression, shape: Sequence[Any], known: Sequence[int]) -> Text:
    """Return the sum over leading axes, and over those that keep a length of 1."""
    extra = len(x.shape) - len(shape)
    inner = [i for i, size in enumerate(known) if size == 1 and x.shape[extra + i] != 1]
    axes = [*range(extra), *(extra + i for i in inner)]
    if not axes:
        return x.text, x.precedence
    axis = f"axis={axes[0] if len(axes) == 1 else tuple(axes)}"
    if not extra:
        return call("np.sum", x.text, axis, "keepdims=True"), ATOM
    total = call("np.sum", x.text, axis)
    return (f"{total}.reshape{sizes_text(shape)}" if inner else total), ATOM


def _sliding(axes: Any, sizes: Any, strides: Any, dilations: Any) -> list[str]:
    return [sizes_text(each) for each in (axes, sizes, strides, dilations)]


def _pad_into(x: Expression, slices: Any, shape: Any) -> Text:
    zeros = f"np.zeros({sizes_text(shape)}, np.{x.node.dtype})"
    return call("stored_at", zeros, x.text, _at(slices)), ATOM


def _reduction(function: str) -> Callable[..., Text]:
    def text(x: Expression, axes: Sequence[int]) -> Text:
        return call(function, x.text, f"axis={axes[0] if len(axes) == 1 else tuple(axes)}"), ATOM

    return text


def _along(function: str) -> Callable[..., Text]:
    return lambda x, axis: (call(function, x.text, f"axis={axis}"), ATOM)


def _tuple(values: Sequence[Expression]) -> str:
    return f"({', '.join(each.text for each in values)},)"


OTHERS: dict[str, Callable[..., Text]] = {
    "cast": lambda x, dtype: _method("astype", x, f"np.{dtype}"),
    "contract": _contract,
    "concatenate": lambda *xs, axis: (call("np.concatenate", _tuple(xs), f"axis={axis}"), ATOM),
    "reshape": lambda x, shape: _method("reshape", x, *map(size_text, shape)),
    "transpose": lambda x, axes: _method("transpose", x, *map(str, axes)),
    "strided_slice": lambda x, slices: (f"{x.inside(ATOM)}[{_slices(slices, x.shape)}]", ATOM),
    "pad_into": _pad_into,
    "reduce_to": _reduce_to,
    "reduce_max": _reduction("np.max"),
    "reduce_min": _reduction("np.min"),
    "argmax": _along("np.argmax"),
    "argmin": _along("np.argmin"),
    "argsort": lambda x, axis: (f'np.argsort({x.text}, axis={axis}, kind="stable")', ATOM),
    "cumulative_sum": _along("np.cumsum"),
    "gather": lambda x, *at: (f"{x.inside(ATOM)}[{', '.join(e.text for e in at)}]", ATOM),
    "scatter": lambda x, update, *at: (call("stored_at", x.text, update.text, _tuple(at)), ATOM),
    "scatter_add": lambda x, *at, shape: (
        call("added_at", x.text, _tuple(at), sizes_text(shape)), ATOM,
    ),
    "update_slice": lambda x, update, slices: (
        call("stored_at", x.text, update.text, _at(slices)), ATOM,
    ),
    "unfold": lambda x, **sliding: (call("windows", x.text, *_sliding(**sliding)), ATOM),
    "fold": lambda x, shape, **sliding: (
        call("add_windows", x.text, sizes_text(shape), *_sliding(**sliding)), ATOM,
    ),
    "require": lambda x, condition, message: (x.text, x.precedence),
    "cholesky": lambda x: (call("np.linalg.cholesky", x.text), ATOM),
    "det": lambda x: (call("np.linalg.det", x.text), ATOM),
    "uninitialized": lambda shape: (call("np.zeros", sizes_text(shape)), ATOM),
}  # fmt: skip
"""Operations whose operands have their full shapes."""
