"""Normalisation by the statistics of the training data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError, warn
from chainrule.graph.node import Node
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer import Layer, Shape

__all__ = ["Normalization"]

Statistics = tuple[NDArray[np.float64], NDArray[np.float64]]

_BLOCK = 1 << 20  # values
_RESOLUTION = 2**6  # distinct values within a standard deviation, below which a warning is given


class Normalization(Layer):
    """Shift and scale each feature to mean 0 and variance 1 over the training data.

    ::

        y = (x - mean) / stddev

    for each entry of the last axis: a feature of a table, a channel of images, a variable of
    series, whose padded steps are not counted. The statistics are taken from the training samples
    by the first `fit`, without those held out for validation, in float64; or by `adapt`, or they
    are given. They stay, are saved with the network, and are never trained: a later `fit` does not
    take them again, as in Keras. A feature that is constant there is only shifted.

    Parameters
    ----------
    mean, variance : float, sequence of float or None
        The statistics, where they are known: of each feature, or one for all.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Attributes
    ----------
    mean, stddev : Parameter, (features,)
        Mean and standard deviation (divided by n), not trainable; 0 before data are seen. The
        second is 1 for a constant feature.

    Raises
    ------
    ArgumentError
        If one of `mean` and `variance` is missing, or they are no numbers, or a variance is
        negative; and for a call before data were seen.

    Examples
    --------
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> layer(np.array([[5.0, 8.0]]))
    array([[3., 1.]])

    In a network ``fit`` does it:

    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> net = cr.Network([nn.Normalization(), nn.Dense(1)])
    >>> net.compile(loss="mse")
    >>> history = net.fit(np.array([[100.0], [300.0]]), np.array([[1.0], [2.0]]), verbose=0)
    >>> net.layers[0].mean.value
    array([200.], dtype=float32)
    """

    def __init__(
        self,
        mean: float | Sequence[float] | None = None,
        variance: float | Sequence[float] | None = None,
        name: str | None = None,
    ) -> None:
        if (mean is None) != (variance is None):
            if getattr(mean, "ndim", 0) > 1:
                raise ArgumentError(
                    f"Normalization: mean has shape {np.shape(cast(Any, mean))}; data are given "
                    "to its adapt(X), or to net.fit, which adapts it"
                )
            missing = "mean" if mean is None else "variance"
            raise ArgumentError(
                f"Normalization: {missing} is not given; give both, or neither, to take them from "
                "the data"
            )
        self._known: Statistics | None = None
        if mean is not None:
            spread = np.sqrt(_checked("variance", variance, low=0.0))
            self._known = _checked("mean", mean), np.where(spread > 0, spread, 1.0)
        self._seen: Statistics | None = None  # by `adapt`, before it is built
        self.name = name

    def is_adapted(self) -> bool:
        """Whether it has statistics."""
        if self.input_shape is None:
            return (self._seen or self._known) is not None
        return bool(self.stddev.array.all())

    def build(self, input_shape: Shape) -> None:
        """Create the statistics, 0 unless they are known."""
        features = _features(self._title(), input_shape)
        mean, stddev = self._seen or self._known or (np.zeros(()), np.zeros(()))
        for name, each in (("mean", mean), ("stddev", stddev)):
            if each.shape not in ((), features):
                raise ShapeError(
                    f"{self._title()}: its input has {features[0]} features on the last axis, but "
                    f"the {name} was given or taken for {each.size}; give inputs with as many"
                )
        self.mean = self.parameter("mean", features, _of_value(mean), trainable=False)
        self.stddev = self.parameter("stddev", features, _of_value(stddev), trainable=False)
        self._seen = None

    def adapt(self, x: Any, mask: Any = None) -> None:
        """Take the statistics from data, in place of those before.

        Parameters
        ----------
        x : array or table, (n, ..., features)
            The data, read in blocks.
        mask : array, bool, (n, steps), or None
            False where a step of a sequence is padding, which is not counted.

        Raises
        ------
        DataError, DTypeError, ShapeError
            For data that are empty, not finite, not numbers, or of other features.
        """
        title = self._title()
        x = x if hasattr(x, "parts") else np.asarray(x)  # rows that are read in parts
        if x.dtype.kind not in "biuf":
            raise DTypeError(f"{title}: adapt takes real numbers, got dtype {x.dtype}")
        features = _features(title, x.shape)
        if self.input_shape is not None and features != self.mean.shape:
            raise ShapeError(
                f"{title}: adapt got data with {features[0]} features on the last axis, but the "
                f"layer was built for {self.mean.shape[0]}"
            )
        mean, stddev = _statistics(title, _blocks(x, mask), features[0])
        if self.input_shape is None:
            self._seen = mean, stddev
            return
        self._warn_of_resolution(mean, stddev)
        self.mean.array[...], self.stddev.array[...] = mean, stddev

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return (x - mean) / stddev; integers are cast to the network's dtype."""
        if not isinstance(x, Node) and not self.is_adapted():
            raise ArgumentError(
                f"{self._title()}: it has seen no data yet, of which it takes the mean; call "
                "net.fit first, or its adapt(X)"
            )
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        return (x - self.mean) / self.stddev

    def _warn_of_resolution(self, mean: Any, stddev: Any) -> None:
        dtype = self.mean.array.dtype
        coarse = stddev < _RESOLUTION * np.finfo(dtype).eps * np.abs(mean)
        if np.any(coarse):
            first = int(np.argmax(coarse))
            warn(
                f"{self._title()}: feature {first} has mean {mean[first]:.6g} and standard "
                f"deviation {stddev[first]:.3g}, so that as {dtype} many of its values are the "
                "same; subtract the mean from the data, or give chainrule.Network(..., "
                'dtype="float64")'
            )


@dataclass
class _Moments:
    """Running count, mean, sum of squared deviations, least and largest value of features."""

    count: int
    mean: Any
    squares: Any
    least: Any
    most: Any

    def add(self, values: NDArray[np.float64]) -> None:
        """Add rows, by the update of Chan, Golub & LeVeque (1979), equation 2.1."""
        count, mean = len(values), values.mean(axis=0)
        total, delta = self.count + count, mean - self.mean
        self.squares += ((values - mean) ** 2).sum(axis=0)
        self.squares += delta * delta * (self.count * count / total)
        self.mean += delta * (count / total)
        self.count = total
        self.least = np.minimum(self.least, values.min(axis=0))
        self.most = np.maximum(self.most, values.max(axis=0))


def _statistics(title: str, blocks: Iterator[NDArray[np.float64]], features: int) -> Statistics:
    """Return mean and standard deviation of each feature, the latter 1 where it is constant."""
    zeros = np.zeros(features)
    moments = _Moments(0, zeros.copy(), zeros.copy(), zeros + np.inf, zeros - np.inf)
    with np.errstate(all="ignore"):
        for values in blocks:
            if len(values):
                moments.add(values)
        stddev = np.sqrt(moments.squares / max(moments.count, 1))
    if not moments.count:
        raise DataError(f"{title}: adapt needs data, and there are none")
    wrong = ~(np.isfinite(moments.mean) & np.isfinite(stddev))
    if np.any(wrong):
        raise DataError(
            f"{title}: feature {int(np.argmax(wrong))} of the data has NaN, or values too large; "
            "fill them in, or leave out such samples: np.isfinite finds them"
        )
    return moments.mean, np.where((moments.least < moments.most) & (stddev > 0), stddev, 1.0)


def _blocks(x: Any, mask: Any) -> Iterator[NDArray[np.float64]]:
    """Yield rows of features, those of real steps."""
    rows = max(1, _BLOCK // max(1, math.prod(x.shape[1:])))
    for start in range(0, x.shape[0], rows):
        part = np.asarray(x[start : start + rows], np.float64)
        if mask is not None:
            part = part[np.asarray(mask[start : start + rows], bool)]
        yield part.reshape(-1, x.shape[-1])


def _features(title: str, shape: Sequence[int | None]) -> tuple[int]:
    if len(shape) < 2 or shape[-1] is None:
        raise ShapeError(
            f"{title}: its input has shape (batch,), but it needs features on the last axis; pass "
            "x[:, None] for one feature, x[None] for one sample"
        )
    return (shape[-1],)


def _checked(argument: str, value: Any, low: float = -math.inf) -> NDArray[np.float64]:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim > 1 or not (np.isfinite(array).all() and (array >= low).all()):
        rule = "finite numbers, 0 or more" if low == 0 else "finite numbers"
        raise bad_argument("Normalization", argument, value, f"one or a list of {rule}")
    return array


def _of_value(value: NDArray[np.float64]) -> Initializer:
    def initial(shape: Any, generator: Any, dtype: Any) -> Any:
        return np.broadcast_to(value, shape).astype(dtype)

    return initial
