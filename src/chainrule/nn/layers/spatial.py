"""Layers that enlarge or crop images and series: padding, cropping, upsampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import bad_argument, checked_choice
from chainrule.errors import ShapeError
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.window_geometry import check_axes, per_axis, resolve_padding

__all__ = ["Cropping1D", "Cropping2D", "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D"]

Widths = int | Sequence[int | Sequence[int]]
"""An int, one for each axis, or pairs (before, after)."""

_AXES = ("steps", "rows and columns")


class ZeroPadding1D(Layer):
    """Put zeros before and after the steps of (batch, steps, channels).

    Parameters
    ----------
    padding : int >= 0, or pair of int
        Steps at either end, or before and after.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For anything but an integer, 0 or more, or a pair of them.

    Examples
    --------
    >>> ZeroPadding1D((2, 0))(np.ones((1, 1, 1)))[0, :, 0]
    array([0., 0., 1.])
    """

    keeps_steps = False

    def __init__(self, padding: int | Sequence[int] = 1, name: str | None = None) -> None:
        self.widths = _checked_widths("ZeroPadding1D", "padding", _ends(padding), 1)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the axes of the input."""
        check_axes(self._title(), input_shape, 1)

    def forward(self, x: Any) -> Any:
        """Return the input between zeros."""
        return np.pad(x, ((0, 0), *self.widths, (0, 0)))


class ZeroPadding2D(Layer):
    """Put rows and columns of zeros around images, (batch, height, width, channels).

    Parameters
    ----------
    padding : int >= 0, (height, width), or ((top, bottom), (left, right))
        Pixels at each side.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> ZeroPadding2D(((1, 0), (0, 2)))(np.ones((1, 1, 1, 1)))[0, :, :, 0]
    array([[0., 0., 0.],
           [1., 0., 0.]])
    """

    keeps_steps = False

    def __init__(self, padding: Widths = 1, name: str | None = None) -> None:
        self.widths = _checked_widths("ZeroPadding2D", "padding", padding, 2)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the axes of the input."""
        check_axes(self._title(), input_shape, 2)

    def forward(self, x: Any) -> Any:
        """Return the images within zeros."""
        return np.pad(x, ((0, 0), *self.widths, (0, 0)))


class Cropping1D(Layer):
    """Leave out the first and the last steps of (batch, steps, channels).

    Parameters
    ----------
    cropping : int >= 0, or pair of int
        Steps at either end, or before and after.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For anything but an integer, 0 or more, or a pair of them.

    Examples
    --------
    >>> Cropping1D((0, 2))(np.arange(4.0).reshape(1, 4, 1))[0, :, 0]
    array([0., 1.])
    """

    keeps_steps = False

    def __init__(self, cropping: int | Sequence[int] = 1, name: str | None = None) -> None:
        self.widths = _checked_widths("Cropping1D", "cropping", _ends(cropping), 1)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that something is left."""
        _check_left(self._title(), input_shape, self.widths)

    def forward(self, x: Any) -> Any:
        """Return the steps that are left."""
        return x[_inner(x, self.widths)]


class Cropping2D(Layer):
    """Leave out rows and columns at the sides of images, (batch, height, width, channels).

    Parameters
    ----------
    cropping : int >= 0, (height, width), or ((top, bottom), (left, right))
        Pixels at each side.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> Cropping2D((1, 0))(np.zeros((5, 8, 8, 3))).shape
    (5, 6, 8, 3)
    """

    keeps_steps = False

    def __init__(self, cropping: Widths = 1, name: str | None = None) -> None:
        self.widths = _checked_widths("Cropping2D", "cropping", cropping, 2)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that something is left."""
        _check_left(self._title(), input_shape, self.widths)

    def forward(self, x: Any) -> Any:
        """Return the inner part of each image."""
        return x[_inner(x, self.widths)]


class UpSampling2D(Layer):
    """Enlarge images, (batch, height, width, channels), by an integer factor.

    "nearest" repeats each pixel; "bilinear" interpolates between the centres of pixels, and repeats
    those at the border, as Keras does, and PyTorch with ``align_corners=False``.

    Parameters
    ----------
    size : int > 0, or (height, width)
        The factor, or that of each axis.
    interpolation : {"nearest", "bilinear"}
        How new pixels are computed.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an argument out of range.

    Examples
    --------
    >>> x = np.array([[0.0, 4.0]]).reshape(1, 1, 2, 1)
    >>> UpSampling2D((1, 2))(x).ravel()
    array([0., 0., 4., 4.])
    >>> UpSampling2D((1, 2), "bilinear")(x).ravel()
    array([0., 1., 3., 4.])
    """

    keeps_steps = False

    def __init__(
        self,
        size: int | Sequence[int] = 2,
        interpolation: str = "nearest",
        name: str | None = None,
    ) -> None:
        self.size = per_axis("UpSampling2D", "size", size, 2)
        choices = ("nearest", "bilinear")
        self.interpolation = checked_choice("UpSampling2D", "interpolation", interpolation, choices)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the axes of the input."""
        check_axes(self._title(), input_shape, 2)

    def forward(self, x: Any) -> Any:
        """Return the enlarged images."""
        enlarge = _repeated if self.interpolation == "nearest" else _interpolated
        for axis, factor in enumerate(self.size, start=1):
            x = enlarge(x, axis, factor) if factor > 1 else x
        return x


def _repeated(x: Any, axis: int, factor: int) -> Any:
    """Return each entry along an axis `factor` times."""
    shape = x.shape
    expanded = x.reshape((*shape[: axis + 1], 1, *shape[axis + 1 :]))
    repeated = np.broadcast_to(expanded, (*shape[: axis + 1], factor, *shape[axis + 1 :]))
    return repeated.reshape((*shape[:axis], factor * shape[axis], *shape[axis + 1 :]))


def _interpolated(x: Any, axis: int, factor: int) -> Any:
    """Interpolate linearly along an axis.

    Output k · factor + r is at k + d with d = (r + 1/2) / factor - 1/2: between the entry k and the
    one before or after it, at the weights 1 - |d| and |d|.
    """
    length = x.shape[axis]
    before = np.concatenate([_part(x, axis, 0, 1), _part(x, axis, 0, length - 1)], axis=axis)
    after = np.concatenate(
        [_part(x, axis, 1, length), _part(x, axis, length - 1, length)], axis=axis
    )
    distances = [(r + 0.5) / factor - 0.5 for r in range(factor)]
    phases = [
        x * (1 - abs(d)) + (before if d < 0 else after) * abs(d) if d else x for d in distances
    ]
    shape = (*x.shape[:axis], factor * length, *x.shape[axis + 1 :])
    return np.stack(phases, axis=axis + 1).reshape(shape)


def _part(x: Any, axis: int, start: int, end: int) -> Any:
    return x[(*(slice(None),) * axis, slice(start, end))]


def _ends(value: Any) -> Any:
    """Return a pair as that of the only axis."""
    is_pair = isinstance(value, tuple | list) and len(value) == 2
    return [value] if is_pair else value


def _checked_widths(owner: str, argument: str, value: Any, count: int) -> Any:
    if not isinstance(value, str):
        try:
            return resolve_padding(owner, value, count)
        except ValueError:
            pass
    rule = "an integer, 0 or more, or a pair (before, after)"
    if count == 2:
        rule = "an integer, 0 or more, (height, width) or ((top, bottom), (left, right))"
    raise bad_argument(owner, argument, value, rule)


def _check_left(title: str, shape: Shape, widths: Sequence[tuple[int, int]]) -> None:
    """Raise ShapeError if nothing is left of an input."""
    check_axes(title, shape, len(widths))
    for length, (before, after) in zip(shape[1:], widths, strict=False):
        if length is not None and length <= before + after:
            raise ShapeError(
                f"{title}: its input has shape (batch, {', '.join(map(str, shape[1:]))}), "
                f"so that a cropping of {before} and {after} leaves none of {length} "
                f"{_AXES[len(widths) - 1]}; crop less"
            )


def _inner(x: Any, widths: Sequence[tuple[int, int]]) -> tuple[slice, ...]:
    spans = zip(x.shape[1:], widths, strict=False)
    return (slice(None), *(slice(before, n - after) for n, (before, after) in spans))
