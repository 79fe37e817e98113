"""Type promotion and broadcasting by NumPy's rules, explicit in the graph.

The operands of an elementwise primitive have one shape and the dtypes that its ufunc computes in.
NumPy's implicit conversions become ``cast`` and ``broadcast_to`` nodes, whose transposes give the
derivative of broadcasting; so each ``vjp`` rule is the formula of its function and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.array_classes import refuse_other_arithmetic
from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node, constant
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.broadcasting import cast as cast_to
from chainrule.ops.primitives.rules import batched_alike, diagonal

__all__ = [
    "as_array",
    "common_dtype",
    "common_shape",
    "convert_operand",
    "elementwise",
    "integers",
    "is_python_number",
    "reals",
    "resolve_dtypes",
    "type_of_operand",
    "widen_integers",
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
    """Build the record of an elementwise primitive.

    `evaluate` is a ufunc, or a function that promotes its operands as the ufunc `promotes_as`. Its
    Jacobian is diagonal, so that the forward rule is the reverse rule, applied to tangents.
    """
    ufunc = cast(np.ufunc, promotes_as or evaluate)

    def infer(*types: ArrayType) -> ArrayType:
        if len({x.shape for x in types}) > 1:
            shapes = " and ".join(map(repr, types))
            raise ShapeError(f"{name}: the operands {shapes} must have one shape")
        dtypes = resolve_dtypes(ufunc, name, types)
        weak = all(x.weak for x in types) and dtypes[-1].kind in "if"
        return ArrayType(dtypes[-1], types[0].shape, weak)

    def prepare(inputs: tuple[Any, ...]) -> list[Any]:
        types = [type_of_operand(x, name) for x in inputs]
        dtypes = resolve_dtypes(ufunc, name, types)
        shape = common_shape(name, types)
        traced = any(isinstance(x, Node) for x in inputs)
        return [
            convert_operand(x, dtype, shape, traced)
            for x, dtype in zip(inputs, dtypes, strict=False)
        ]

    def batch(size: int, is_batched: Sequence[bool], *inputs: Node) -> Node:
        return record(*batched_alike(size, is_batched, inputs))

    record = Primitive(
        name,
        infer=infer,
        evaluate=evaluate,
        formula=formula,
        vjp=vjp,
        jvp=None if vjp is None else diagonal(vjp),
        batch=batch,
        reference=np.vectorize(reference),
        samples=samples,
        prepare=prepare,
        ufunc=evaluate,
    )
    return record


def resolve_dtypes(
    ufunc: np.ufunc,
    name: str,
    types: Sequence[ArrayType],
    signature: Any = None,
    casting: Any = "same_kind",
) -> tuple[np.dtype[Any], ...]:
    """Return the dtypes in which `ufunc` computes, by NumPy: of each operand, then the result.

    `signature` and `casting` are the keywords of ufuncs.
    """
    operands = (*(_promotion_operand(x) for x in types), *[None] * ufunc.nout)
    keywords = {} if casting == "same_kind" else {"casting": casting}
    if signature is not None:
        keywords["signature"] = signature
    try:
        resolved = ufunc.resolve_dtypes(operands, **keywords)
        if resolved[0].kind == "O":  # comparisons of two Python integers, which have any length
            plain = (*(x.dtype for x in types), *[None] * ufunc.nout)
            resolved = ufunc.resolve_dtypes(plain, **keywords)
        return resolved
    except TypeError as error:
        if keywords:
            raise DTypeError(f"{name}: {error}; use x.astype(dtype) on the operands") from error
        raise DTypeError(
            f"{name}: not defined for {' and '.join(map(repr, types))}; "
            "convert with x.astype(float), or use logical operations on booleans"
        ) from error


def common_dtype(*values: Any) -> np.dtype[Any]:
    """Return the dtype to which NumPy promotes `values`."""
    types = [type_of_operand(x, "an operation") for x in values]
    operands = [x.dtype.type(0).item() if x.weak else x.dtype for x in types]
    return np.result_type(*operands)


def common_shape(name: str, types: Sequence[ArrayType]) -> tuple[int, ...]:
    """Return the shape that all operands broadcast to."""
    try:
        return np.broadcast_shapes(*(x.shape for x in types))
    except ValueError:
        raise ShapeError(_broadcast_message(name, types)) from None


def convert_operand(value: Any, dtype: np.dtype[Any], shape: tuple[int, ...], traced: bool) -> Any:
    """Convert an operand to a dtype and shape, with nodes only where they change.

    A Python number that keeps its default dtype remains a Python number, and so weakly typed.
    """
    if isinstance(value, Node):
        value = value if value.dtype == dtype else cast_to(value, dtype)
    else:
        if is_python_number(value) and dtype.name in ("float64", "int64"):
            value = dtype.type(value).item()
        else:
            value = np.asarray(value, dtype)
        if not isinstance(value, Node):  # as a list that holds one has become
            value = constant(value) if traced else np.asarray(value)
    return broadcast_to(value, shape)


def as_array(value: Any) -> Any:
    """Return a node as it is, anything else as an array."""
    if isinstance(value, Node) or type(value) is np.ndarray:
        return value
    refuse_other_arithmetic(value, "an operand")
    return np.asarray(value)


def widen_integers(x: Any, dtype: Any) -> Any:
    """Convert to `dtype`; for None, narrow integers and booleans to 64 bits, as NumPy sums them."""
    if dtype is None and x.dtype.kind in "bui" and x.dtype.itemsize < 8:
        dtype = "uint64" if x.dtype.kind == "u" else "int64"
    return x if dtype is None or x.dtype == dtype else cast_to(x, dtype)


def is_python_number(value: Any) -> bool:
    """Whether `value` is a Python scalar, weakly typed in NumPy's promotion."""
    is_number = type(value) is not Node and isinstance(value, float | int)
    return is_number and not isinstance(value, bool | np.generic)


def reals(low: float, high: float, count: int = 1) -> Callable[[], list[Sample]]:
    """Return samples of `count` real operands between `low` and `high`, of several shapes."""

    def samples() -> list[Sample]:
        generator = np.random.default_rng(0)
        shapes: list[tuple[int, ...]] = [(), (5,), (2, 3), (0, 2)]
        return [
            Sample(tuple(generator.uniform(low, high, shape) for _ in range(count)))
            for shape in shapes
        ]

    return samples


def integers() -> list[Sample]:
    """Return samples of two integer operands, of several shapes."""
    generator = np.random.default_rng(0)
    return [
        Sample(tuple(generator.integers(-9, 9, shape) for _ in range(2)))
        for shape in ((5,), (2, 3), (0, 2))
    ]


def type_of_operand(value: Any, name: str) -> ArrayType:
    """Return the type of an operand of `name`: a node, an array, a number, or a list of them."""
    if type(value) in (list, tuple):
        value = np.asarray(value)  # a node, if the list holds one
    return value.array_type if isinstance(value, Node) else type_of(value, f"{name}: an operand")


def _promotion_operand(type_: ArrayType) -> Any:
    """What ``resolve_dtypes`` takes: a dtype, or the Python type of a weakly typed scalar."""
    if not type_.weak:
        return type_.dtype
    return float if type_.dtype.kind == "f" else int


def _broadcast_message(name: str, types: Sequence[ArrayType]) -> str:
    operands = " and ".join(map(repr, types))
    shapes = [x.shape for x in types]
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
