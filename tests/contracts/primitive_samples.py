"""All primitives with their samples; a new primitive is included automatically."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops import primitives


def _found() -> Iterator[tuple[str, Primitive]]:
    for module in pkgutil.iter_modules(primitives.__path__):
        for value in vars(importlib.import_module(f"{primitives.__name__}.{module.name}")).values():
            if isinstance(value, Primitive):
                yield value.name, value


EVERY = dict(sorted(_found()))


# Primitives of several results are tested in tests/autodiff.
PRIMITIVES = {
    name: each for name, each in EVERY.items() if name not in ("get_result", "custom_vjp_call")
}
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
every_sample = pytest.mark.parametrize(("primitive", "sample"), SAMPLES)


every_derivative = pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)


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
