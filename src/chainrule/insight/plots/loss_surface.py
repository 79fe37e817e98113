"""Plot of the loss surface: the loss around the weights of a network, and the path of training."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import (
    POSITIVE,
    bad_argument,
    checked_count,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.plots.contours import Limits, draw_contours, draw_path
from chainrule.insight.plots.layer_outputs import built_model
from chainrule.insight.plots.recorders import ParameterPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["filter_normalised", "loss_surface"]

Array = NDArray[Any]

_NAME = "plot.loss_surface"
_PATH = (
    "what cr.ParameterPath recorded, or a list of copies of net.params; to save the figure, give "
    "file="
)
_MARGIN = 0.3  # around a path, of its extent


@answers_foreign_names(PLOT_ALIASES)
def loss_surface(
    net: Any,
    X: Any,
    y: ArrayLike,
    path: ParameterPath | Sequence[Mapping[str, Any]] | None = None,
    file: File = None,
    *,
    radius: float = 1.0,
    count: int = 31,
    samples: int = 1000,
    seed: int = 0,
    axes: Axes | None = None,
) -> Figure:
    """Plot the loss around the weights of a network, on a plane of two directions.

    The directions are random, each filter (the weights of one unit) as long as that of the
    network, and 0 for biases and other vectors. With the `path` of training they are its first two
    principal components about its end instead, as random ones are perpendicular to any path.

    Parameters
    ----------
    net : Network
        A compiled and built network, whose weights stay as they are.
    X, y : array or table, (n, ...)
        Samples and targets, as in `evaluate`.
    path : ParameterPath, list of mappings of str to array, or None
        The path of training, which the callback `chainrule.ParameterPath` records in ``fit``; or
        copies of ``net.params``, each a dict.
    file : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    radius : float > 0
        How far the random directions are followed: 1 changes weights by their own length.
    count : int >= 2
        Values along each axis: the loss is computed ``count**2`` times.
    samples : int >= 1
        How many rows are taken of arrays with more, at equal distances.
    seed : int
        Determines the random directions.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: contours of the loss, by equal factors above the least value where it is skewed.

    Raises
    ------
    ArgumentError
        If the network is not compiled or built yet, or trains no parameters; if an argument is
        out of range, or `file` names no known format.
    DataError
        If the points of `path` have other parameters, or are all the same.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    References
    ----------
    Li, Xu, Taylor, Studer & Goldstein (2018), "Visualizing the loss landscape of neural nets":
    filter normalisation, section 4; principal components of the path, section 7.2.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse", optimizer="adam")
    >>> X, path = np.random.default_rng(0).normal(size=(50, 2)), ParameterPath()
    >>> history = net.fit(X, X[:, :1], epochs=5, callbacks=[path], verbose=0)
    >>> loss_surface(net, X, X[:, :1], path, count=5).axes[0].get_title()
    'Loss surface and path of training: mse'
    """
    radius = checked_number(_NAME, "radius", radius, POSITIVE)
    count = checked_count(_NAME, "count", count, least=2)
    samples = checked_count(_NAME, "samples", samples)
    random = np.random.default_rng(checked_seed(_NAME, seed))
    model = built_model(_NAME, net)
    trained = model.stack.parameters(trainable=True)
    if sum(each.size for each in trained.values()) < 2:
        raise ArgumentError(
            f"{_NAME}: the network trains fewer than two numbers, and a plane has two directions; "
            "set net.trainable = True if it is frozen"
        )
    centre = {name: np.array(each.array, float) for name, each in trained.items()}
    points, names = None, ("first random direction", "second random direction")
    ranges: Limits = ((-radius, radius), (-radius, radius))
    if path is None:
        pair = filter_normalised(random, centre), filter_normalised(random, centre)
        base = _flat(centre)
    else:
        steps = _flat_path(path, centre)
        base = steps[-1]
        pair, points, shares = _principal(steps)
        ranges = _ranges(points)
        names = tuple(
            f"{which} component of the path ({share:.0%})".replace("%", " %")
            for which, share in zip(("first", "second"), shares, strict=True)
        )
    data = _some(X, y, samples)
    values = _losses(net, data, centre, (base, *pair), ranges, count)
    loss = net.loss.name
    with drawing(axes, file, (6.8, 5.2)) as panel:
        draw_contours(panel, ranges, values, label=f"loss, {loss}")
        if points is None:
            panel.plot(0, 0, "*", ms=15, color="#D55E00", mec="#111111", label="the network")
        else:
            draw_path(panel, points, 0, "")
        title = "Loss surface" if points is None else "Loss surface and path of training"
        panel.set(
            xlabel=names[0], ylabel=names[1], xlim=ranges[0], ylim=ranges[1],
            title=f"{title}: {loss}",
        )  # fmt: skip
        add_legend(panel)
        return root_figure(panel)


def _flat(values: Mapping[str, Array]) -> Array:
    return np.concatenate([np.ravel(each) for each in values.values()])


def filter_normalised(random: np.random.Generator, weights: Mapping[str, Array]) -> Array:
    """Return a random direction whose filters are as long as those of the weights."""
    direction = dict[str, Array]()
    has_filters = any(each.ndim > 1 for each in weights.values())
    for name, weight in weights.items():
        if weight.ndim < 2 and has_filters:
            direction[name] = np.zeros(weight.shape)
            continue
        drawn = random.normal(size=weight.shape)
        axes = tuple(range(weight.ndim - 1))
        lengths = [np.sqrt(np.sum(each**2, axis=axes)) for each in (weight, drawn)]
        direction[name] = drawn * (lengths[0] / lengths[1])
    return _flat(direction)


def _flat_path(path: Any, centre: Mapping[str, Array]) -> Array:
    """Return the trained parameters of each point of a path as one vector, (points, size)."""
    path = path.points if isinstance(path, ParameterPath) else path
    if isinstance(path, str | os.PathLike | Mapping) or not isinstance(path, Sequence):
        raise bad_argument(_NAME, "path", path, _PATH)
    steps = list[Array]()
    for place, point in enumerate(cast(Sequence[Any], path)):
        if not hasattr(point, "keys"):
            raise bad_argument(_NAME, f"path[{place}]", point, "a copy of net.params")
        for name, each in centre.items():
            shape = np.shape(point[name]) if name in point else None
            if shape != each.shape:
                raise DataError(
                    f"{_NAME}: path[{place}] has {name!r} of shape {shape}, and the network of "
                    f"shape {each.shape}; record the path by cr.ParameterPath in this network's fit"
                )
        steps.append(_flat({name: np.asarray(point[name], float) for name in centre}))
    if len(steps) < 2 or not np.isfinite(steps).all() or not np.ptp(steps, axis=0).any():
        raise DataError(
            f"{_NAME}: path has {len(steps)} points, which are not finite or all the same; train "
            "with a new cr.ParameterPath() among the callbacks of net.fit, for an epoch or more"
        )
    return np.array(steps)


def _principal(steps: Array) -> tuple[tuple[Array, Array], Array, list[float]]:
    """Return two principal directions about the end, the path in them, and their variances."""
    offsets = steps - steps[-1]
    _, lengths, directions = np.linalg.svd(offsets, full_matrices=False)
    shares = (lengths**2 / np.sum(lengths**2)).tolist()
    return (directions[0], directions[1]), offsets @ directions[:2].T, shares[:2]


def _ranges(points: Array) -> Limits:
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.maximum(high - low, np.ptp(points, axis=0).max() / 2)
    middle = (low + high) / 2
    (left, bottom), (right, top) = (
        (middle + sign * (0.5 + _MARGIN) * extent).tolist() for sign in (-1, 1)
    )
    return (left, right), (bottom, top)


def _some(X: Any, y: Any, samples: int) -> tuple[Any, Any]:
    """Return at most so many rows of arrays, and tables as they are."""
    targets = np.asarray(y)
    if not isinstance(X, np.ndarray) or not targets.ndim or not len(targets) == len(X) > samples:
        return X, y
    rows = np.linspace(0, len(X) - 1, samples).astype(int)
    return X[rows], targets[rows]


def _losses(
    net: Any,
    data: tuple[Any, Any],
    centre: Mapping[str, Array],
    plane: tuple[Array, Array, Array],
    ranges: Limits,
    count: int,
) -> Array:
    """Return the loss at each point of the plane, (count, count), computed by a copy of `net`.

    The plane is its origin and two directions.
    """
    other = copy.deepcopy(net)
    ends = np.cumsum([each.size for each in centre.values()])[:-1]
    values = np.empty((count, count))
    across, up = (np.linspace(low, high, count) for low, high in ranges)
    origin, first, second = plane
    for row, column in np.ndindex(values.shape):
        parts = np.split(origin + across[column] * first + up[row] * second, ends)
        for (name, each), part in zip(centre.items(), parts, strict=True):
            other.params[name] = part.reshape(each.shape)
        values[row, column] = other.evaluate(*data)["loss"]
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values).all():
        raise DataError(f"{_NAME}: the loss is finite nowhere; check the weights of the network")
    return values
