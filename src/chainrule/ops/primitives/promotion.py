"""How operands of different kinds and shapes meet: NumPy's own rules, made explicit in the graph.

A binary primitive takes operands of one shape. What NumPy does silently (turning integers into
floats, stretching a row over a matrix) becomes ``cast`` and ``broadcast_to`` nodes here, so that
each derivative rule is a bare formula and the transposes of the two do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node, constant
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.broadcasting import cast as cast_to

__all__ = [
    "as_array",
    "common_shape",
    "convert",
    "elementwise",
    "is_python_number",
    "reals",
    "resolve",
    "result_types",
    "type_of_operand",
]


def elementwise(
    name: str,
    evaluate: Callable[..., Any],
    *,
    promotes_as: np.ufunc | None = None,
    formula: str,
    reference: Callable[..., Any],
    samples: Callable[[], list[Sample]],
    vjp: Callable[..., Sequence[Node | None]] | None = None,
) -> Primitive:
    """Make the record of an operation that acts on each element by itself.

    `evaluate` is NumPy's function, or one that promotes its operands as the ufunc `promotes_as`.
    """
    ufunc = cast(np.ufunc, promotes_as or evaluate)

    def infer(*types: ArrayType) -> ArrayType:
        if len({kind.shape for kind in types}) > 1:
            shapes = " and ".join(map(repr, types))
            raise ShapeError(f"{name}: the operands {shapes} must have one shape")
        dtypes = resolve(ufunc, name, types)
        weak = all(kind.weak for kind in types) and dtypes[-1].kind in "if"
        return ArrayType(dtypes[-1], types[0].shape, weak)

    def prepare(inputs: tuple[Any, ...]) -> list[Any]:
        types = [type_of_operand(x, name) for x in inputs]
        dtypes = resolve(ufunc, name, types)
        shape = common_shape(name, types)
        traced = any(isinstance(x, Node) for x in inputs)
        return [convert(x, dtype, shape, traced) for x, dtype in zip(inputs, dtypes, strict=False)]

    return Primitive(
        name,
        infer=infer,
        evaluate=evaluate,
        formula=formula,
        vjp=vjp,
        reference=np.vectorize(reference),
        samples=samples,
        prepare=prepare,
        ufunc=evaluate,
    )


def resolve(ufunc: np.ufunc, name: str, types: Sequence[ArrayType]) -> tuple[np.dtype[Any], ...]:
    """Ask NumPy for the dtypes in which `ufunc` computes: of each operand, then the result."""
    kinds = tuple(_python_kind(kind) for kind in types)
    try:
        return ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout))
    except TypeError as error:
        raise DTypeError(
            f"{name}: not defined for {' and '.join(map(repr, types))}; "
            "convert with x.astype(float), or use logical operations on booleans"
        ) from error


def result_types(*values: Any) -> np.dtype[Any]:
    """Return the kind of number in which `values` meet, by NumPy's promotion."""
    types = [type_of(x) if not isinstance(x, Node) else x.array_type for x in values]
    examples = [kind.dtype.type(0).item() if kind.weak else kind.dtype for kind in types]
    return np.result_type(*examples)


def common_shape(name: str, types: Sequence[ArrayType]) -> tuple[int, ...]:
    """Return the shape that all operands broadcast to."""
    try:
        return np.broadcast_shapes(*(kind.shape for kind in types))
    except ValueError:
        raise ShapeError(_broadcast_message(name, types)) from None


def convert(value: Any, dtype: np.dtype[Any], shape: tuple[int, ...], traced: bool) -> Any:
    """Bring an operand to a kind of number and a shape, by nodes only where something changes.

    A Python number stays one as long as only Python numbers meet it: it goes on taking the kind of
    the arrays it will meet later.
    """
    if isinstance(value, Node):
        value = value if value.dtype == dtype else cast_to(value, dtype)
    else:
        if is_python_number(value) and dtype.name in ("float64", "int64"):
            value = dtype.type(value).item()
        else:
            value = np.asarray(value, dtype)
        value = constant(value) if traced else np.asarray(value)
    return broadcast_to(value, shape)


def as_array(value: Any) -> Any:
    """Return a node as it is, anything else as an array."""
    return value if isinstance(value, Node) else np.asarray(value)


def is_python_number(value: Any) -> bool:
    """Whether `value` is a number that takes on the kind of the arrays it meets."""
    return isinstance(value, float | int) and not isinstance(value, bool | np.generic)


def reals(low: float, high: float, count: int = 1) -> Callable[[], list[Sample]]:
    """Give samples of `count` real operands between `low` and `high`, of several shapes."""

    def samples() -> list[Sample]:
        generator = np.random.default_rng(0)
        shapes: list[tuple[int, ...]] = [(), (5,), (2, 3), (0, 2)]
        return [
            Sample(tuple(generator.uniform(low, high, shape) for _ in range(count)))
            for shape in shapes
        ]

    return samples


def type_of_operand(value: Any, name: str) -> ArrayType:
    """Return the type of a node, array or number that `name` was called with."""
    return value.array_type if isinstance(value, Node) else type_of(value, f"{name}: an operand")


def _python_kind(kind: ArrayType) -> Any:
    """NumPy lets Python numbers follow the arrays they meet; it knows them by their Python type."""
    if not kind.weak:
        return kind.dtype
    return float if kind.dtype.kind == "f" else int


def _broadcast_message(name: str, types: Sequence[ArrayType]) -> str:
    operands = " and ".join(map(repr, types))
    shapes = [kind.shape for kind in types]
    for back in range(1, max(map(len, shapes)) + 1):
        lengths = {shape[-back] for shape in shapes if len(shape) >= back} - {1}
        if len(lengths) > 1:
            seen = " and ".join(map(str, sorted(lengths)))
            return (
                f"{name}: cannot combine {operands}: counted from the end, axis {back} has "
                f"lengths {seen}, which must be equal or 1; reshape one, or add an axis with "
                "x[:, None]"
            )
    return f"{name}: cannot combine {operands}"
