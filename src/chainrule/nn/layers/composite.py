"""Layers made of layers: around a shortcut, or side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layer import Layer

__all__ = ["Concatenate", "Residual"]

Chain = Layer | Sequence[Layer]
"""A layer, or some that follow one another."""


class Residual(Layer):
    """Add to the input what layers make of it: x + f(x).

    Parameters
    ----------
    layers : Layer or sequence of Layer
        f, one after the other. What comes out must have the shape of x, or of the shortcut.
    shortcut : Layer, sequence of Layer or None
        What x goes through on the other way, such as a 1 x 1 convolution where f changes the number
        of channels; None for nothing.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For something that is no layer.

    References
    ----------
    He et al. (2016), "Deep residual learning for image recognition", equations 1 and 2.

    Examples
    --------
    >>> from chainrule.nn.layers.dense import Dense
    >>> layer = Residual([Dense(8, activation="relu"), Dense(3, initializer="zeros")])
    >>> x = np.ones((2, 3))
    >>> bool(np.all(layer(x) == x))
    True
    """

    def __init__(
        self, layers: Chain, shortcut: Chain | None = None, name: str | None = None
    ) -> None:
        if isinstance(name, Layer):
            raise ArgumentError(
                "Residual: put the layers into a list, as in Residual([one, other])"
            )
        self.layers = _checked_chain("Residual", "layers", layers)
        self.shortcut = _checked_chain("Residual", "shortcut", [] if shortcut is None else shortcut)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Compute x + f(x)."""
        added, straight = _through(self.layers, x), _through(self.shortcut, x)
        if added.shape != straight.shape:
            told = "the shortcut gives" if self.shortcut else "x has"
            features = straight.shape[-1]
            raise ShapeError(
                f"{self._title()}: {told} shape {straight.shape}, but f(x) has {added.shape}, and "
                f"only equal shapes are added; let the last layer give {features} features (and "
                "keep lengths by padding='same'), or put a layer of that shape into shortcut, such "
                f"as nn.Dense({added.shape[-1]})"
            )
        return straight + added


class Concatenate(Layer):
    """Let several branches see the same input, and put what they make of it side by side.

    Parameters
    ----------
    branches : sequence of (Layer or sequence of Layer)
        Each a layer, or some that follow one another; an empty list hands the input on.
    axis : int
        The axis along which the results are joined, 0 being the batch.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For fewer than two branches, something that is no layer, or the axis of the batch.

    References
    ----------
    Szegedy et al. (2015), "Going deeper with convolutions", figure 2.

    Examples
    --------
    >>> from chainrule.nn.layers.dense import Dense
    >>> Concatenate([Dense(3), [Dense(8), Dense(2)], []])(np.zeros((5, 4))).shape
    (5, 9)
    """

    def __init__(self, branches: Sequence[Chain], axis: int = -1, name: str | None = None) -> None:
        if isinstance(branches, Layer) or len(branches) < 2:
            raise ArgumentError(
                f"Concatenate: branches must be a list of two or more, got {branches!r}; an empty "
                "list as a branch hands the input on"
            )
        self.branches = [_checked_chain("Concatenate", "branches", each) for each in branches]
        self.axis = _checked_axis(axis)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the results of all branches, joined."""
        results = [_through(branch, x) for branch in self.branches]
        ndim = max(each.ndim for each in results)
        axis = self.axis + ndim if self.axis < 0 else self.axis
        others = {each.shape[:axis] + each.shape[axis + 1 :] for each in results}
        if len(others) > 1 or not 0 < axis < ndim or any(each.ndim < ndim for each in results):
            shapes = ", ".join(str(each.shape) for each in results)
            raise ShapeError(
                f"{self._title()}: the branches give shapes {shapes}, which cannot be joined along "
                f"axis {self.axis}; they must agree on all other axes"
            )
        return np.concatenate(results, axis=axis)


def _checked_chain(owner: str, argument: str, layers: Any) -> list[Layer]:
    """Return the layers as a list, or refuse what is none."""
    chain = [layers] if isinstance(layers, Layer) else layers
    if isinstance(chain, tuple | list):
        given = list(cast(Sequence[Any], chain))
        if all(isinstance(each, Layer) for each in given):
            return given
    raise ArgumentError(f"{owner}: {argument} must be a layer or a list of layers, got {layers!r}")


def _checked_axis(axis: Any) -> int:
    if isinstance(axis, int | np.integer) and not isinstance(axis, bool) and axis != 0:
        return int(axis)
    raise ArgumentError(
        f"Concatenate: axis must be a whole number other than 0 (the batch), got {axis!r}"
    )


def _through(layers: Sequence[Layer], x: Any) -> Any:
    for layer in layers:
        x = layer(x)
    return x
