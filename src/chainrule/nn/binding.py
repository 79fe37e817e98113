"""Binding of a layer to a network: what determines the initial values of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.errors import (
    ArgumentError,
    DataError,
    DTypeError,
    ShapeError,
    counted,
    type_in_words,
)
from chainrule.nn.initializers.initializer import (
    Initializer,
    by_activation,
    generator_at,
    resolve_initializer,
)
from chainrule.tracebacks import reached_body

__all__ = ["Binding", "bind_sublayers", "is_bound"]

_MAX_BYTES = 2**46
"""Of a parameter: 64 TiB; no machine has more memory."""


@dataclass(frozen=True)
class Binding:
    """Seed and position of a layer in a network, or the saved values of its parameters.

    A position is the index of a layer in the network, followed by the CRC of a sublayer's path.
    `saved` maps the path of a parameter to an initialiser that returns its value from a file.
    """

    seed: int = 0
    position: tuple[int, ...] = ()
    saved: Callable[..., Initializer] | None = None

    def of_sublayer(self, path: str) -> Binding:
        """Return the binding of the sublayer at a path within the layer."""
        saved = self.saved and partial(self.saved, path)
        return Binding(self.seed, (*self.position, crc32(path.encode())), saved)

    def initializer(
        self, name: str, initializer: str | Initializer, activation: Any, ndim: int
    ) -> str | Initializer:
        """Resolve "auto" by activation and number of axes, unless the value is saved."""
        if self.saved is not None:
            return self.saved(name)
        if isinstance(initializer, str) and initializer == "auto":
            return by_activation(activation) if ndim >= 2 else "zeros"
        return initializer

    def initial_value(
        self,
        title: str,
        index: int,
        initializer: str | Initializer,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> NDArray[Any]:
        """Return the initial value of parameter number `index` of the layer."""
        size = math.prod(shape) * dtype.itemsize
        if size > _MAX_BYTES:
            raise ShapeError(f"{title} cannot have shape {shape}: it would take {size:.1e} bytes")
        draw = resolve_initializer(initializer)
        generator = generator_at(self.seed, (*self.position, index))
        try:
            value = draw(shape, generator, dtype)
            return _checked_value(title, value, shape, dtype, is_saved=self.saved is not None)
        except MemoryError:
            raise ShapeError(
                f"{title} of shape {shape} takes {size / 2**30:.1f} GiB, more than there is free"
            ) from None
        except TypeError as error:
            if reached_body(error):
                raise
            raise ArgumentError(
                f"{title}: its initializer cannot be called: {error}; it is called as "
                "initializer(shape, generator, dtype) and returns an array of that shape"
            ) from None


def _checked_value(
    title: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any], is_saved: bool
) -> NDArray[Any]:
    """Return what an initialiser returned as an array of its own; finite, unless it was saved."""
    refuse_masked(value, f"{title}: what its initializer returned")
    kind = None if value is None else np.asarray(value).dtype.kind
    if kind is None or kind not in "biuf":
        raise DTypeError(
            f"{title}: its initializer returned {type_in_words(value)}; it must return an array of "
            f"real numbers, of shape {shape}"
        )
    with np.errstate(over="ignore"):  # told below
        value = np.array(value, dtype)
    if value.shape != shape:
        raise ShapeError(f"{title}: its initializer returned shape {value.shape}, not {shape}")
    if not is_saved and not np.isfinite(value).all():
        count = value.size - int(np.isfinite(value).sum())
        raise DataError(
            f"{title}: of the {counted(value.size, 'value')} that its initializer returned, "
            f"{count:,} are NaN or infinite as {dtype}; a network cannot compute with them"
        )
    return value


def bind_sublayers(layer: Any) -> None:
    """Bind the sublayers of a layer that are not bound yet; those of a frozen one are frozen.

    Where the parameters come from a file, those of a network that the layer holds do too.
    """
    binding = layer._binding or Binding()
    for path, sublayer in layer._sublayers():
        if sublayer._binding is None or (binding.saved and sublayer.input_shape is None):
            if not layer.trainable:
                sublayer.trainable = False
            name = f"{layer.name or layer.kind}.{path}"
            # The layers of a network in a layer retain the dtype of that network.
            dtype = layer.dtype if sublayer._binding is None else sublayer.dtype
            sublayer.bind(name, binding.of_sublayer(path), dtype)


def is_bound(layer: Any) -> bool:
    """Whether a layer belongs to a network, or to a layer that holds it."""
    return layer._binding is not None
