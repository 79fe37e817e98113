"""Composite layers: residual blocks and parallel branches."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from itertools import chain
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import bad_argument, shown
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.layer import Layer
from chainrule.nn.mask import apply_in_sequence, mask_values_of

__all__ = ["Add", "Concatenate", "Residual"]

Chain = Layer | Sequence[Layer]
"""A layer, or several applied in sequence."""


class Residual(Layer):
    """Residual block: y = s(x) + f(x), with the identity or a projection as shortcut s.

    Parameters
    ----------
    layers : Layer or sequence of Layer
        f, applied in sequence. Its output must have the shape of the shortcut's.
    shortcut : Layer, sequence of Layer or None
        s, such as a 1 x 1 convolution where f changes the number of channels; None for the
        identity.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Raises
    ------
    ArgumentError
        For anything that is not a layer.

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
        self,
        layers: Chain,
        shortcut: Chain | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        if isinstance(name, Layer):
            raise ArgumentError(
                "Residual: put the layers into a list, as in Residual([one, other])"
            )
        self.layers = _checked_chain("Residual", "layers", layers)
        self.shortcut = _checked_chain("Residual", "shortcut", [] if shortcut is None else shortcut)
        self.name = name
        freeze_unless(self, trainable)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return s(x) + f(x)."""
        residual, _ = apply_in_sequence(self.layers, x, mask)
        shortcut, _ = apply_in_sequence(self.shortcut, x, mask)
        if residual.shape != shortcut.shape:
            subject = "the shortcut gives" if self.shortcut else "x has"
            features = shortcut.shape[-1]
            raise ShapeError(
                f"{self._title()}: {subject} shape {shortcut.shape}, but f(x) has "
                f"{residual.shape}, and only equal shapes are added; let the last layer give "
                f"{counted(features, 'feature')} (and keep lengths by padding='same'), or put a "
                f"layer of that shape into shortcut, such as nn.Dense({residual.shape[-1]})"
            )
        return shortcut + residual

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layers inside that have a `mask_value`, with it."""
        return mask_values_of([*self.layers, *self.shortcut])


class Concatenate(Layer):
    """Apply parallel branches to the same input and concatenate their outputs.

    Parameters
    ----------
    branches : sequence of (Layer or sequence of Layer)
        Two or more, each a layer or several applied in sequence; an empty list is the identity.
    axis : int
        Axis of the concatenation, other than 0, the batch.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Raises
    ------
    ArgumentError
        For fewer than two branches, anything that is not a layer, or axis 0.

    References
    ----------
    Szegedy et al. (2015), "Going deeper with convolutions", figure 2.

    Examples
    --------
    >>> from chainrule.nn.layers.dense import Dense
    >>> Concatenate([Dense(3), [Dense(8), Dense(2)], []])(np.zeros((5, 4))).shape
    (5, 9)
    """

    def __init__(
        self,
        branches: Sequence[Chain],
        axis: int = -1,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.branches = _checked_branches("Concatenate", branches)
        self.axis = _checked_axis(axis)
        self.name = name
        freeze_unless(self, trainable)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return the outputs of all branches, concatenated in order."""
        outputs = [apply_in_sequence(branch, x, mask)[0] for branch in self.branches]
        ndim = max(each.ndim for each in outputs)
        axis = self.axis + ndim if self.axis < 0 else self.axis
        others = {each.shape[:axis] + each.shape[axis + 1 :] for each in outputs}
        if len(others) > 1 or not 0 < axis < ndim or any(each.ndim < ndim for each in outputs):
            shapes = ", ".join(str(each.shape) for each in outputs)
            raise ShapeError(
                f"{self._title()}: the branches give shapes {shapes}, which cannot be concatenated "
                f"along axis {self.axis}; they must agree on all other axes"
            )
        return np.concatenate(outputs, axis=axis)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layers inside that have a `mask_value`, with it."""
        return mask_values_of(chain.from_iterable(self.branches))


class Add(Layer):
    """Add the outputs of parallel branches, or several inputs: y = f₁(x) + f₂(x) + ...

    In a network, the branches are applied to the same input. Without branches it is called with
    several inputs, within a layer of one's own: ``self.add(left, right)``.

    Parameters
    ----------
    branches : sequence of (Layer or sequence of Layer), or None
        Two or more, each a layer or several applied in sequence; an empty list is the identity.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Raises
    ------
    ArgumentError
        For fewer than two branches, and anything that is not a layer.

    Examples
    --------
    >>> Add()(np.ones((2, 3)), np.ones((2, 3)))
    array([[2., 2., 2.],
           [2., 2., 2.]])
    >>> from chainrule.nn.layers.dense import Dense
    >>> Add([Dense(4), [Dense(8, activation="relu"), Dense(4)]])(np.ones((2, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        branches: Sequence[Chain] | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.branches = [] if branches is None else _checked_branches("Add", branches)
        self.name = name
        freeze_unless(self, trainable)

    def forward(self, x: Any, *others: Any, mask: Any = None) -> Any:
        """Return the sum of the outputs of all branches, or of all inputs."""
        terms = [x, *others]
        if self.branches and not others:
            terms = [apply_in_sequence(branch, x, mask)[0] for branch in self.branches]
        elif self.branches:
            raise ArgumentError(
                f"{self._title()}: it has branches, which are applied to one input, but is called "
                f"with {len(terms)}; to add inputs, make it without branches: nn.Add()"
            )
        elif not others:
            raise ArgumentError(
                f"{self._title()}: there is one input and no branch, so nothing to add; give "
                "branches, as in nn.Add([nn.Dense(3), nn.Dense(3)]), or, within a layer of your "
                "own, call it with several inputs one by one: add(left, right)"
            )
        shapes = [each.shape for each in terms]
        if len(set(shapes)) > 1:
            what = "branches give" if self.branches else "inputs have"
            raise ShapeError(
                f"{self._title()}: its {what} shapes {', '.join(map(str, shapes))}, and only equal "
                "shapes are added; let a layer such as nn.Dense give each the same features"
            )
        return reduce(operator.add, terms)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layers inside that have a `mask_value`, with it."""
        return mask_values_of(chain.from_iterable(self.branches))


def _checked_branches(owner: str, branches: Any) -> list[list[Layer]]:
    if not isinstance(branches, list | tuple) or len(cast(Sequence[Any], branches)) < 2:
        rule = "a list of two or more; an empty list as a branch is the identity"
        raise bad_argument(owner, "branches", branches, rule)
    return [_checked_chain(owner, "branches", each) for each in cast(Sequence[Any], branches)]


def _checked_chain(owner: str, argument: str, layers: Any) -> list[Layer]:
    """Return the layers as a list; raise ArgumentError for anything else."""
    chain = [layers] if isinstance(layers, Layer) else layers
    if isinstance(chain, tuple | list):
        members = list(cast(Sequence[Any], chain))
        if all(isinstance(each, Layer) for each in members):
            return members
    raise ArgumentError(
        f"{owner}: {argument} must be a layer or a list of layers, got {shown(layers)}"
    )


def _checked_axis(axis: Any) -> int:
    if isinstance(axis, int | np.integer) and not isinstance(axis, bool) and axis != 0:
        return int(axis)
    raise bad_argument("Concatenate", "axis", axis, "an integer other than 0 (the batch)")
