"""Every primitive there is, and its samples: whoever adds one finds it tried at once."""

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


# Those of several results, and the one that takes them apart, are tried in tests/autodiff.
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
    """Give the inputs, real ones in another precision."""
    arrays = [np.asarray(x) for x in sample.inputs]
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]


def is_smooth(sample: Sample, primitive: Primitive) -> bool:
    """Whether there is something to differentiate, in full precision."""
    result = np.asarray(primitive(*sample.inputs, **sample.params))
    reals = [np.asarray(x).dtype.kind == "f" for x in sample.inputs]
    return primitive.vjp is not None and any(reals) and result.dtype == np.float64


DIFFERENTIABLE = [each for each in SAMPLES if is_smooth(each.values[1], each.values[0])]
every_sample = pytest.mark.parametrize(("primitive", "sample"), SAMPLES)


every_derivative = pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)


Arrays = list[Any]


def restricted(primitive: Primitive, sample: Sample) -> tuple[Callable[..., Any], Arrays]:
    """Give the primitive as a function of its real inputs, and these."""
    arrays = [np.asarray(x) for x in sample.inputs]
    places = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]

    def function(*reals: Any) -> Any:
        inputs: list[Any] = list(arrays)
        for place, value in zip(places, reals, strict=True):
            inputs[place] = value
        return primitive(*inputs, **sample.params)

    return function, [arrays[i] for i in places]
