"""How a window slides over the axes between batch and channels: places, margins, misfits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.primitives.windows import unfold

__all__ = ["Padding", "WindowGeometry", "check_axes", "per_axis", "resolve_padding"]

Numbers = tuple[int, ...]
Pair = tuple[int, int]
Padding = str | int | Sequence[int | Sequence[int]]
"""``"valid"``, ``"same"``, or how many zeros to add: a number, one for each axis, or pairs."""

_AXES = ("steps", "height, width", "depth, height, width")
_UNITS = ("steps", "pixels", "voxels")


@dataclass(frozen=True)
class WindowGeometry:
    """A window that slides over some axes, the first of which is the second of an array.

    Parameters
    ----------
    sizes : tuple of int
        Entries of the window along each axis.
    strides : tuple of int
        From one place of the window to the next.
    dilations : tuple of int
        From one entry of the window to the next.
    padding : "valid", "same" or tuple of pairs
        What is added at both ends of each axis.

    Examples
    --------
    >>> sliding = WindowGeometry((3, 3), (2, 2), (1, 1), "same")
    >>> sliding.margins((28, 27)), sliding.places((28, 27))
    (((0, 1), (1, 1)), (14, 14))
    """

    sizes: Numbers
    strides: Numbers
    dilations: Numbers
    padding: str | tuple[Pair, ...]

    @property
    def reaches(self) -> Numbers:
        """How many entries of the array the window reaches over, along each axis."""
        return tuple((n - 1) * d + 1 for n, d in zip(self.sizes, self.dilations, strict=True))

    def margins(self, lengths: Sequence[int]) -> tuple[Pair, ...]:
        """Return the padding before and after each axis; an odd one comes after, as in Keras."""
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "valid":
            return ((0, 0),) * len(self.sizes)
        each = zip(lengths, self.reaches, self.strides, strict=True)
        totals = [max((-(-n // s) - 1) * s + reach - n, 0) for n, reach, s in each]
        return tuple((total // 2, total - total // 2) for total in totals)

    def places(self, lengths: Sequence[int]) -> Numbers:
        """Return how many places the window has along each axis; none where it does not fit."""
        each = zip(lengths, self.margins(lengths), self.reaches, self.strides, strict=True)
        return tuple((n + sum(added) - reach) // s + 1 for n, added, reach, s in each)

    def check(self, title: str, what: str, lengths: Sequence[int]) -> None:
        """Refuse lengths that the window does not fit into."""
        places = self.places(lengths)
        if min(places) >= 1:
            return
        axis = next(i for i, count in enumerate(places) if count < 1)
        added = sum(self.margins(lengths)[axis])
        length = f"({lengths[axis]} + {added})" if added else f"{lengths[axis]}"
        rate = self.dilations[axis]
        dilated = f" (dilation_rate={rate}, so it reaches over {_x(self.reaches)})"
        raise ShapeError(
            f"{title}: a {what} of {_x(self.sizes)}{dilated if rate > 1 else ''} does not fit into "
            f"{_x(lengths)} {_UNITS[len(lengths) - 1]}: along axis {axis + 1} there would be "
            f"({length} - {self.reaches[axis]}) // {self.strides[axis]} + 1 = {places[axis]} "
            f"places for it; choose a smaller {what}, padding='same', or shrink less before"
            f"{_channels_first(lengths)}"
        )

    def over(self, x: Any, fill: float = 0.0) -> Any:
        """Show what stands under the window at each of its places."""
        lengths = x.shape[1:-1]
        margins = self.margins(lengths)
        if any(chain(*margins)):
            x = np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)
        if self.sizes == self.strides and set(self.dilations) == {1}:
            return _tiles(x, self.sizes, self.places(lengths))
        axes = tuple(range(1, len(lengths) + 1))
        return unfold(
            x, axes=axes, sizes=self.sizes, strides=self.strides, dilations=self.dilations
        )


def _tiles(x: Any, sizes: Numbers, places: Numbers) -> Any:
    """Cut into windows that do not overlap: other axes, whose derivative adds nothing up."""
    kept = tuple(slice(n * size) for n, size in zip(places, sizes, strict=True))
    split = chain(*zip(places, sizes, strict=True))
    x = x[(slice(None), *kept)].reshape((x.shape[0], *split, x.shape[-1]))
    count = len(sizes)
    places_first = (*range(1, 2 * count, 2), 2 * count + 1, *range(2, 2 * count + 1, 2))
    return np.transpose(x, (0, *places_first))


def check_axes(title: str, shape: Sequence[int | None], count: int) -> None:
    """Refuse an input without one axis for the batch, `count` to slide over, and the channels."""
    if len(shape) == count + 2:
        return
    sample = shape[1:]
    told = ", ".join(map(str, sample))
    wanted = f"(batch, {_AXES[count - 1]}, channels)"
    mend = f"give it {count + 2} axes"
    if len(sample) == count:
        whole = ", ".join(map(str, (*sample, 1)))
        kind = "grey pictures have" if count == 2 else "a single value a step is"
        mend = f"{kind} 1 channel: pass X[..., None], or put nn.Reshape(({whole})) before it"
    elif len(sample) == 1 and count > 1:
        side = round(cast(int, sample[0]) ** (1 / count))
        whole = ", ".join(map(str, (side,) * count + (1,)))
        is_square = side**count == sample[0]
        mend = f"put {f'nn.Reshape(({whole}))' if is_square else 'nn.Reshape'} before it"
    raise ShapeError(f"{title}: its input has shape (batch, {told}), but it needs {wanted}; {mend}")


def per_axis(owner: str, argument: str, value: Any, count: int) -> Numbers:
    """Return one number for each axis.

    Examples
    --------
    >>> per_axis("Conv2D", "strides", 2, 2), per_axis("Conv2D", "strides", [2, 1], 2)
    ((2, 2), (2, 1))
    """
    if not isinstance(value, tuple | list | np.ndarray):
        return (checked_count(owner, argument, value),) * count
    numbers = tuple(checked_count(owner, argument, n) for n in cast(Sequence[Any], value))
    if len(numbers) != count:
        raise ArgumentError(
            f"{owner}: {argument} must be one number or {count}, one for each axis, got {value!r}"
        )
    return numbers


def resolve_padding(owner: str, value: Any, count: int) -> str | tuple[Pair, ...]:
    """Return "valid", "same", or a pair of numbers for each axis.

    Examples
    --------
    >>> resolve_padding("Conv2D", 1, 2), resolve_padding("Conv1D", [(2, 0)], 1)
    (((1, 1), (1, 1)), ((2, 0),))
    """
    if isinstance(value, str) and value in ("valid", "same"):
        return value
    given = list(cast(Any, value)) if isinstance(value, tuple | list) else [value] * count
    pairs = [tuple(each) if isinstance(each, tuple | list) else (each, each) for each in given]
    if len(pairs) == count and all(_is_margin(pair) for pair in pairs):
        return tuple((int(before), int(after)) for before, after in pairs)
    causal = "; a causal one is ((kernel_size - 1, 0),)" if value == "causal" else ""
    raise ArgumentError(
        f"{owner}: padding must be 'valid', 'same', a whole number of at least 0, or one for each "
        f"of {count} axes (a pair (before, after) where they differ), got {value!r}{causal}"
    )


def _is_margin(pair: tuple[Any, ...]) -> bool:
    return len(pair) == 2 and all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 0 for n in pair
    )


def _x(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _channels_first(lengths: Sequence[int]) -> str:
    """Guess whether the channels came first, as in PyTorch."""
    if len(lengths) < 2 or lengths[0] not in (1, 3) or math.prod(lengths[1:]) < 16:
        return ""
    return "; if the channels come first in your data, pass np.moveaxis(X, 1, -1)"
