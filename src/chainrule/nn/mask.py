"""The mask of padded steps, which travels through the layers of a network beside the values.

::

    mask[n, t]  True where step t of sample n is real, False where it is padding

It is computed once, from the input of the network, as computed values may equal the padding by
chance. Then each layer takes values and mask, and gives both: ``forward(self, x, mask=None)`` is
told the mask, and `Layer.compute_mask` returns that of the output. Where a class does not define
it, the mask is carried on if steps are the second axis of input and output, of three or more.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arguments.checks import checked_number
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layer import Layer

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = [
    "accepts_mask",
    "apply_in_sequence",
    "apply_with_mask",
    "checked_mask",
    "checked_mask_value",
    "differs",
    "ends_noted",
    "mask_values_of",
    "mean_of_real_steps",
    "note_end",
    "real_steps_only",
    "single_mask_value",
]


def mask_values_of(layers: Iterable[Layer]) -> list[tuple[Layer, float]]:
    """Return the layers that name a value of padding, with that value."""
    named: list[tuple[Layer, float]] = []
    for layer in layers:
        # A method of layers of the library; of the class, where a missing name costs little.
        values: Any = getattr(type(layer), "mask_values", None)
        named += [] if values is None else values(layer)
    return named


def single_mask_value(layers: Sequence[Layer]) -> float | None:
    """Return the value of padding in the input of a network, as its layers name it.

    Raises ArgumentError if they name several.
    """
    named = mask_values_of(layers)
    for layer, value in named[1:]:
        first, expected = named[0]
        if value != expected:
            raise ArgumentError(
                f"Network: {first!r} takes steps that equal {expected:g} for padding, and "
                f"{layer!r} those that equal {value:g}. Both mean the input of the network, whose "
                "mask travels through all layers: name one value, once"
            )
    return named[0][1] if named else None


def differs(x: Any, value: float, dtype: Any) -> Any:
    """Return which numbers of an input are not `value`.

    Both are compared in the less precise one of the dtypes of the input and of the network, as the
    padding may have been rounded to either.

    Examples
    --------
    >>> differs(np.array([[1.0, 0.1, 0.1]], "float16"), 0.1, "float32")
    array([[ True, False, False]])
    """
    kind = np.dtype(dtype) if x.dtype.kind == "f" else np.dtype("float64")
    kind = x.dtype if x.dtype.kind == "f" and x.dtype.itemsize < kind.itemsize else kind
    x = x if x.dtype == kind else x.astype(kind)
    return x != kind.type(value)


def apply_in_sequence(layers: Iterable[Layer], x: Any, mask: Any = None) -> tuple[Any, Any]:
    """Return the output of the last layer and its mask."""
    for layer in layers:
        x, mask = apply_with_mask(layer, x, mask)
    return x, mask


def apply_with_mask(
    layer: Layer,
    x: Any,
    mask: Any,
    random: RandomStream | None = None,
    training: bool | None = None,
    scores: bool = False,
) -> tuple[Any, Any]:
    """Return the output of a layer, or its scores, and the mask of the output, or None."""
    kind = type(layer)
    if mask is None and scores:
        y = layer.scores(x, random)
    elif mask is None:
        named = {"mask": None} if _requires_mask(kind.forward) else {}
        y = layer(x, random=random, training=training, **named)
    elif scores:
        named = {"mask": mask} if accepts_mask(kind.pre_activation) else {}
        y = layer.scores(x, random, **named)
    else:
        named = {"mask": mask} if _is_told(kind) else {}
        y = layer(x, random=random, training=training, **named)
    return y, _mask_of_output(layer, x, y, mask)


@cache
def _is_told(kind: type[Layer]) -> bool:
    """Whether the layers of a class are told the mask."""
    in_training = kind.train_forward if kind.train_forward is not Layer.train_forward else None
    if not accepts_mask(kind.forward):
        return False
    if in_training is not None and not accepts_mask(in_training):
        raise ArgumentError(
            f"{kind.__name__}: forward takes a mask and train_forward does not; write "
            "train_forward(self, x, random, mask=None)"
        )
    return True


def _mask_of_output(layer: Layer, x: Any, y: Any, mask: Any) -> Any:
    if type(layer).compute_mask is not Layer.compute_mask:
        computed = layer.compute_mask(x, mask)
        if computed is None:
            return None
        return checked_mask(f"{type(layer).__name__}.compute_mask", computed, y.shape[:2])
    if mask is None:
        return None
    if layer.keeps_steps and min(x.ndim, y.ndim) > 2 and y.shape[:2] == mask.shape:
        return mask
    # A layer that takes the mask and gives one result a sample has left padding out itself.
    if y.ndim > 2 or not accepts_mask(type(layer).forward):
        note_end(layer)
    return None


_ends: ContextVar[list[Layer] | None] = ContextVar("layers at which a mask ends", default=None)


def note_end(layer: Layer) -> None:
    """Note that what follows a layer takes padding for data, if `ends_noted` asks for it."""
    ends = _ends.get()
    if ends is not None:
        ends.append(layer)


@contextmanager
def ends_noted() -> Generator[list[Layer]]:
    """Collect the layers at which a mask ends without being applied."""
    ends: list[Layer] = []
    token = _ends.set(ends)
    try:
        yield ends
    finally:
        _ends.reset(token)


@cache
def _requires_mask(function: Callable[..., Any]) -> bool:
    """Whether a function has a parameter named ``mask`` without a default."""
    parameter = inspect.signature(function).parameters.get("mask")
    return parameter is not None and parameter.default is inspect.Parameter.empty


@cache
def accepts_mask(function: Callable[..., Any]) -> bool:
    """Whether a function has a parameter named ``mask``."""
    return "mask" in inspect.signature(function).parameters


def checked_mask(title: str, mask: Any, shape: tuple[int, ...]) -> Any:
    """Return a mask as booleans; raise ShapeError unless it is (batch, steps)."""
    mask = mask if hasattr(mask, "shape") else np.asarray(mask)
    if mask.shape != shape:
        raise ShapeError(
            f"{title}: the mask has shape {mask.shape}, but it must be (batch, steps) = {shape}, "
            "True where a step is real"
        )
    return mask if mask.dtype.kind == "b" else mask != 0


def checked_mask_value(owner: str, value: Any) -> float:
    """Return the value of padding; raise ArgumentError unless it is a finite number."""
    if isinstance(value, float) and math.isnan(value):
        raise ArgumentError(
            f"{owner}: mask_value is {value}, which equals nothing; it must be a finite number: "
            "replace NaN in the data, as in np.nan_to_num(X, nan=-1.0), and give mask_value=-1.0"
        )
    return checked_number(owner, "mask_value", value)


def real_steps_only(x: Any, mask: Any, fill: float = 0.0) -> Any:
    """Return `x`, (batch, steps, ...), with padded steps filled with a number.

    Examples
    --------
    >>> real_steps_only(np.ones((1, 2, 2)), np.array([[True, False]]))
    array([[[1., 1.],
            [0., 0.]]])
    """
    return np.where(mask.reshape((*mask.shape, *(1,) * (x.ndim - mask.ndim))), x, fill)


def mean_of_real_steps(x: Any, mask: Any, axes: tuple[int, ...]) -> Any:
    """Return the mean of `x` along axes (keepdims), of real steps alone; 0 where there is none.

    Examples
    --------
    >>> x, mask = np.array([[1.0, 3.0, 9.0]]), np.array([[True, True, False]])
    >>> mean_of_real_steps(x, mask, (1,))
    array([[2.]])
    """
    total = np.sum(real_steps_only(x, mask), axis=axes, keepdims=True)
    counted = tuple(axis for axis in axes if axis < mask.ndim)
    count = np.sum(mask, axis=counted, keepdims=True).astype(x.dtype)
    count = count.reshape((*count.shape, *(1,) * (x.ndim - mask.ndim)))
    size = math.prod(x.shape[axis] for axis in axes if axis >= mask.ndim)
    return total / (np.maximum(count, 1) * size)
