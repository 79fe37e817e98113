"""Geometry of sliding windows over the spatial axes of (batch, ..., channels).

Along an axis of length n, a window of k entries, stride s, dilation d and padding p (both ends
together) has ⌊(n + p - e) / s⌋ + 1 positions, where e = (k - 1) d + 1 is its effective size
(Dumoulin & Visin 2016, relationship 15).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.errors import ShapeError, counted
from chainrule.ops.primitives.windows import unfold

__all__ = ["Padding", "WindowGeometry", "check_axes", "per_axis", "resolve_padding"]

_MAX_LENGTH = 2**31 - 1
"""Of a window, a step or a padding."""

Sizes = tuple[int, ...]
Pair = tuple[int, int]
Padding = str | int | Sequence[int | Sequence[int]]
"""``"valid"``, ``"same"``, or zeros to add: an int, one for each axis, or pairs (before, after)."""

_AXES = ("steps", "height, width", "depth, height, width")
_UNITS = ("steps", "pixels", "voxels")


@dataclass(frozen=True)
class WindowGeometry:
    """Size, stride, dilation and padding of a window along each spatial axis.

    Examples
    --------
    >>> geometry = WindowGeometry((3, 3), (2, 2), (1, 1), "same")
    >>> geometry.pad_widths((28, 27)), geometry.output_lengths((28, 27))
    (((0, 1), (1, 1)), (14, 14))
    """

    sizes: Sizes
    strides: Sizes
    dilations: Sizes
    padding: str | tuple[Pair, ...]

    @property
    def effective_sizes(self) -> Sizes:
        """The size of the dilated window along each axis, (size - 1) · dilation + 1."""
        return tuple((n - 1) * d + 1 for n, d in zip(self.sizes, self.dilations, strict=True))

    def pad_widths(self, lengths: Sequence[int]) -> tuple[Pair, ...]:
        """Return the padding before and after each axis; "same" pads more after, as in Keras."""
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "valid":
            return ((0, 0),) * len(self.sizes)
        each = zip(lengths, self.effective_sizes, self.strides, strict=True)
        totals = [max((-(-n // s) - 1) * s + size - n, 0) for n, size, s in each]
        return tuple((total // 2, total - total // 2) for total in totals)

    def output_lengths(self, lengths: Sequence[int]) -> Sizes:
        """Return the number of window positions along each axis; below 1 if it does not fit."""
        widths = self.pad_widths(lengths)
        each = zip(lengths, widths, self.effective_sizes, self.strides, strict=True)
        return tuple((n + sum(padding) - size) // s + 1 for n, padding, size, s in each)

    def check(self, title: str, what: str, lengths: Sequence[int]) -> None:
        """Raise ShapeError, with the arithmetic, if the window does not fit into the input."""
        counts = self.output_lengths(lengths)
        if min(counts) >= 1:
            return
        axis = next(i for i, count in enumerate(counts) if count < 1)
        padding = sum(self.pad_widths(lengths)[axis])
        length = f"({lengths[axis]} + {padding})" if padding else f"{lengths[axis]}"
        rate = self.dilations[axis]
        dilated = f" (dilation_rate={rate}, effective size {_x(self.effective_sizes)})"
        raise ShapeError(
            f"{title}: a {what} of {_x(self.sizes)}{dilated if rate > 1 else ''} does not fit "
            f"into {_x(lengths)} {_UNITS[len(lengths) - 1]}: along axis {axis + 1} there would be "
            f"({length} - {self.effective_sizes[axis]}) // {self.strides[axis]} + 1 = "
            f"{counted(counts[axis], 'position')}; choose a smaller {what}, padding='same', or "
            f"less downsampling before{_channels_first(lengths)}"
        )

    def unfold(self, x: Any, fill: float = 0.0) -> Any:
        """Pad and return all windows, (batch, *positions, channels, *window)."""
        lengths = x.shape[1:-1]
        widths = self.pad_widths(lengths)
        if any(chain(*widths)):
            x = np.pad(x, ((0, 0), *widths, (0, 0)), constant_values=fill)
        if self.sizes == self.strides and set(self.dilations) == {1}:
            return _tiles(x, self.sizes, self.output_lengths(lengths))
        axes = tuple(range(1, len(lengths) + 1))
        return unfold(
            x, axes=axes, sizes=self.sizes, strides=self.strides, dilations=self.dilations
        )


def _tiles(x: Any, sizes: Sizes, counts: Sizes) -> Any:
    """Split into non-overlapping windows by reshape and transpose: the gradient needs no sums."""
    covered = tuple(slice(n * size) for n, size in zip(counts, sizes, strict=True))
    split = chain(*zip(counts, sizes, strict=True))
    x = x[(slice(None), *covered)].reshape((x.shape[0], *split, x.shape[-1]))
    count = len(sizes)
    positions_first = (*range(1, 2 * count, 2), 2 * count + 1, *range(2, 2 * count + 1, 2))
    return np.transpose(x, (0, *positions_first))


def check_axes(title: str, shape: Sequence[int | None], count: int) -> None:
    """Raise ShapeError unless an input has the axes batch, `count` spatial ones, and channels."""
    if len(shape) == count + 2:
        return
    sample = shape[1:]
    actual = ", ".join(map(str, sample))
    required = f"(batch, {_AXES[count - 1]}, channels)"
    remedy = f"give it {counted(count + 2, 'axis')}"
    if len(sample) == count:
        target = ", ".join(map(str, (*sample, 1)))
        subject = "greyscale images have" if count == 2 else "a single value a step is"
        remedy = f"{subject} 1 channel: pass X[..., None], or put nn.Reshape(({target})) before it"
    elif len(sample) == 1 and count > 1:
        side = round(cast(int, sample[0]) ** (1 / count))
        target = ", ".join(map(str, (side,) * count + (1,)))
        is_square = side**count == sample[0]
        remedy = f"put {f'nn.Reshape(({target}))' if is_square else 'nn.Reshape'} before it"
    elif count == 1 and len(sample) > 2 and None not in sample:
        channels = math.prod(cast(Sequence[int], sample[1:]))
        remedy = f"put nn.Reshape(({sample[0]}, {channels})) before it"
    raise ShapeError(
        f"{title}: its input has shape (batch, {actual}), but it needs {required}; {remedy}"
    )


def per_axis(owner: str, argument: str, value: Any, count: int) -> Sizes:
    """Return one int for each axis.

    Examples
    --------
    >>> per_axis("Conv2D", "strides", 2, 2), per_axis("Conv2D", "strides", [2, 1], 2)
    ((2, 2), (2, 1))
    """
    if not isinstance(value, tuple | list | np.ndarray):
        return (checked_count(owner, argument, value, most=_MAX_LENGTH),) * count
    entries = cast(Sequence[Any], value)
    sizes = tuple(checked_count(owner, argument, n, most=_MAX_LENGTH) for n in entries)
    if len(sizes) != count:
        raise bad_argument(owner, argument, value, f"an integer or {count} of them")
    return sizes


def resolve_padding(owner: str, value: Any, count: int) -> str | tuple[Pair, ...]:
    """Return "valid", "same", or a pair (before, after) for each axis.

    Examples
    --------
    >>> resolve_padding("Conv2D", 1, 2), resolve_padding("Conv1D", [(2, 0)], 1)
    (((1, 1), (1, 1)), ((2, 0),))
    """
    if isinstance(value, str) and value in ("valid", "same"):
        return value
    widths = list(cast(Any, value)) if isinstance(value, tuple | list) else [value] * count
    pairs = [tuple(each) if isinstance(each, tuple | list) else (each, each) for each in widths]
    if len(pairs) == count and all(_is_pad_width(pair) for pair in pairs):
        return tuple((int(before), int(after)) for before, after in pairs)
    is_causal = isinstance(value, str) and value == "causal"
    causal = "; a causal one is ((kernel_size - 1, 0),)" if is_causal else ""
    rule = (
        f"'valid', 'same', an integer, 0 or more, or one for each of {counted(count, 'axis')} (a "
        f"pair (before, after) where they differ){causal}"
    )
    raise bad_argument(owner, "padding", value, rule)


def _is_pad_width(pair: tuple[Any, ...]) -> bool:
    return len(pair) == 2 and all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and 0 <= n <= _MAX_LENGTH
        for n in pair
    )


def _x(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _channels_first(lengths: Sequence[int]) -> str:
    """Return a hint if the input seems to have channels first, as in PyTorch."""
    if len(lengths) < 2 or lengths[0] not in (1, 3) or math.prod(lengths[1:]) < 16:
        return ""
    return "; if the channels come first in your data, pass np.moveaxis(X, 1, -1)"
