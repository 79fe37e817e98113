"""All primitives with their samples; a new primitive is included automatically."""

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops import primitives
from chainrule.ops.primitives.selection import get_results
from tests.contracts.grouped_rows import Row, every_row


def _found() -> Iterator[tuple[str, Primitive]]:
    for module in pkgutil.walk_packages(primitives.__path__, f"{primitives.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Primitive):
                yield value.name, value


EVERY = dict(sorted(_found()))


def applied(primitive: Primitive, *inputs: Any, **params: Any) -> Any:
    """Apply a primitive of `PRIMITIVES`: the record itself, whose results are then joined."""
    result = EVERY[primitive.name](*inputs, **params)
    if primitive is EVERY[primitive.name]:
        return result
    return np.concatenate([np.ravel(each) for each in get_results(result)])


def of_one_result(primitive: Primitive) -> Primitive:
    """Return a primitive of several results as one whose result is all of them in one row."""
    sample = primitive.samples()[0]
    if not isinstance(primitive.infer(*map(type_of, sample.inputs), **sample.params), tuple):
        return primitive

    def joined(results: Any) -> Any:
        return np.concatenate([np.ravel(each) for each in results])

    def infer(*types: ArrayType, **params: Any) -> ArrayType:
        results = cast(tuple[ArrayType, ...], primitive.infer(*types, **params))
        return results[0].with_shape((sum(each.size for each in results),))

    def evaluate(*arrays: Any, **params: Any) -> Any:
        return joined(primitive.evaluate(*arrays, **params))

    def reference(*arrays: Any, **params: Any) -> Any:
        assert primitive.reference is not None
        return joined(primitive.reference(*arrays, **params))

    def vjp(ct: Any, y: Node, *inputs: Node, **params: Any) -> Any:
        results = primitive(*inputs, **params)
        parts, start = [], 0
        for each in results.type:
            parts.append(np.reshape(ct[start : start + each.size], each.shape))
            start += each.size
        assert primitive.vjp is not None
        return primitive.vjp(parts, results, *inputs, **params)

    def jvp(tangents: Any, y: Node, *inputs: Node, **params: Any) -> Any:
        results = primitive(*inputs, **params)
        assert primitive.jvp is not None
        found = primitive.jvp(tangents, results, *inputs, **params)
        zeros = [np.zeros(each.shape, each.dtype) for each in results.type]
        pairs = zip(found, zeros, strict=True)
        return np.concatenate([np.ravel(zero if x is None else x) for x, zero in pairs])

    def batch(size: int, is_batched: Any, *inputs: Node, **params: Any) -> Any:
        assert primitive.batch is not None
        results, has_axis = primitive.batch(size, is_batched, *inputs, **params)
        assert all(has_axis)
        return np.concatenate(
            [np.reshape(each, (size, math.prod(each.shape[1:]))) for each in results], axis=1
        )

    return replace(
        primitive,
        infer=infer,
        evaluate=evaluate,
        reference=reference,
        vjp=vjp,
        jvp=jvp,
        batch=batch,
    )


# Those of no fixed number of results are tested in tests/autodiff.
PRIMITIVES = {
    name: of_one_result(each)
    for name, each in EVERY.items()
    if name not in ("get_result", "custom_vjp_call")
}
LINEAR_ALGEBRA = (
    "cholesky", "cholesky_pullback", "cofactors", "det", "eigh", "least_squares",
    "matrix_exponential", "qr", "slogdet", "solve", "svd", "triangular_solve",
    "unchecked_solve",
)  # fmt: skip
SAMPLES = [
    pytest.param(primitive, sample, id=f"{name}-{number}")
    for name, primitive in PRIMITIVES.items()
    for number, sample in enumerate(primitive.samples())
]


INVALID = [
    pytest.param(primitive, sample, id=f"{name}-{number}")
    for name, primitive in PRIMITIVES.items()
    for number, sample in enumerate(primitive.invalid())
]


def in_kind(sample: Sample, dtype: str) -> list[Any]:
    """Return the inputs of a sample, floats cast to a dtype."""
    arrays = [np.asarray(x) for x in sample.inputs]
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]


def is_smooth(sample: Sample, primitive: Primitive) -> bool:
    """Whether a sample has a float64 result that depends on a float input."""
    result = np.asarray(primitive(*sample.inputs, **sample.params))
    reals = [np.asarray(x).dtype.kind == "f" for x in sample.inputs]
    return primitive.vjp is not None and any(reals) and result.dtype == np.float64


DIFFERENTIABLE = [each for each in SAMPLES if is_smooth(each.values[1], each.values[0])]


def rows(samples: list[Any]) -> list[Row]:
    """Return samples as rows, those of one primitive a group."""
    names = ("primitive", "sample")
    return [
        Row(each.values[0].name, each.id, dict(zip(names, each.values, strict=True)))
        for each in samples
    ]


every_sample = every_row(rows(SAMPLES))
every_derivative = every_row(rows(DIFFERENTIABLE))


Arrays = list[Any]


def restricted(primitive: Primitive, sample: Sample) -> tuple[Callable[..., Any], Arrays]:
    """Return the primitive as a function of its float inputs, and these."""
    arrays = [np.asarray(x) for x in sample.inputs]
    positions = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]

    def function(*reals: Any) -> Any:
        inputs: list[Any] = list(arrays)
        for position, value in zip(positions, reals, strict=True):
            inputs[position] = value
        return primitive(*inputs, **sample.params)

    return function, [arrays[i] for i in positions]
