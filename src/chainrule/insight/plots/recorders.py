"""Callbacks that record what a figure of a training needs: histograms, and the path of weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import FIT_ALIASES, PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.columns import is_table, read_columns, take_rows
from chainrule.data.file_argument import is_path
from chainrule.errors import DataError, FormatError, counted
from chainrule.insight.figure import File
from chainrule.insight.plots.histograms import (
    Histogram,
    histogram,
    histogram_of,
    logarithmic_histogram,
)
from chainrule.insight.plots.layer_outputs import changed_outputs, layer_outputs
from chainrule.train.callbacks import Callback

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LayerHistograms", "ParameterPath"]

Array = NDArray[Any]

_KINDS = ("activations", "gradients")
"""The attributes of `LayerHistograms` that hold histograms by layer."""


@answers_foreign_names(FIT_ALIASES)
class LayerHistograms(Callback):
    """Record histograms of each layer's activations and gradients while a network is trained.

    They are computed before the first epoch and after every so many, in evaluation mode, of the
    same samples; the training itself stays as it is. A record takes about a kilobyte a layer.

    Parameters
    ----------
    X : array or table, (n, ...)
        Samples.
    y : array, (n, ...), or None
        Their targets, for histograms of gradients; None records activations alone.
    every : int >= 1
        After how many epochs there is a record.
    samples : int >= 1
        How many samples are taken of more, at equal distances.

    Attributes
    ----------
    epochs : list of int
        The epochs completed at each record, those of earlier calls of ``fit`` included.
    activations : dict of str to list of Histogram
        By the name of a layer, of those that change the values of their input.
    gradients : dict of str to list of Histogram
        The same of log₁₀ |∂L/∂w|, w the trained parameters of a layer.

    Raises
    ------
    ArgumentError
        For `every` or `samples` out of range.
    DataError
        If there is no sample, or `y` has another number of rows.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(8, activation="tanh"), nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> record = LayerHistograms(X, X[:, :1])
    >>> history = net.fit(X, X[:, :1], epochs=3, callbacks=[record], verbose=0)
    >>> record
    <histograms of 2 layers at 4 times, after 0 to 3 epochs>
    """

    def __init__(
        self, X: Any, y: ArrayLike | None = None, *, every: int = 1, samples: int = 256
    ) -> None:
        owner = "LayerHistograms"
        self.every = checked_count(owner, "every", every)
        self.samples = checked_count(owner, "samples", samples)
        if is_path(X):
            raise DataError(f"{owner}: X is a path; give samples, as from data.read_csv({X!r})")
        self._X, self._y = _some(owner, X, y, self.samples)
        self.epochs: list[int] = []
        self.activations: dict[str, list[Histogram]] = {}
        self.gradients: dict[str, list[Histogram]] = {}

    def on_epoch_start(self, net: Any, epoch: int) -> None:
        """Record the network before its first epoch here."""
        if not self.epochs:  # those of earlier calls of ``fit``, or of a resumed run, are counted
            self._record(net, epoch)

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Record the network after an epoch."""
        if (epoch + 1) % self.every == 0:
            self._record(net, epoch + 1)

    def state(self) -> dict[str, Any]:
        """Return the record, for a checkpoint.

        Returns
        -------
        dict of str to list or dict
            Epochs, and histograms as tuples of their fields.
        """
        return {"epochs": self.epochs} | {
            name: {
                layer: [tuple(vars(each).values()) for each in column]
                for layer, column in getattr(self, name).items()
            }
            for name in _KINDS
        }

    def restore(self, state: Any) -> None:
        """Take up a record from a checkpoint.

        Parameters
        ----------
        state : dict
            What `state` has returned.

        Raises
        ------
        FormatError
            For anything else.
        """
        try:
            epochs = [int(each) for each in state["epochs"]]
            columns = {
                name: {
                    str(layer): [histogram_of(*each) for each in column]
                    for layer, column in state[name].items()
                }
                for name in _KINDS
            }
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
            raise FormatError("LayerHistograms: the checkpoint holds no record of it") from error
        self.epochs = epochs
        self.activations, self.gradients = columns.values()

    def plot(self, path: File = None, *, axes: Any = None) -> Figure:
        """Plot the histograms over the epochs: `chainrule.plot.layer_histograms` of this record.

        Parameters
        ----------
        path : str, path or None
            File to save the figure to, ending in .png, .svg or .pdf.
        axes : matplotlib.axes.Axes, or None
            Axes to plot into; None creates a figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        DataError, ArgumentError, ImportError
            As `chainrule.plot.layer_histograms` does.
        """
        from chainrule.insight.plots.layer_histograms import layer_histograms

        return layer_histograms(self, path, axes=axes)

    def _record(self, net: Any, epoch: int) -> None:
        inputs, outputs = layer_outputs("LayerHistograms", net, self._X, self.samples)
        for each in changed_outputs(inputs, outputs):
            self.activations.setdefault(each.name, []).append(histogram(each.values))
        if self._y is not None:
            by_layer: dict[str, list[Array]] = {}
            names = [each.name for each in outputs]
            for name, gradient in net.gradients(self._X, self._y).items():
                by_layer.setdefault(_layer_of(name, names), []).append(np.ravel(gradient))
            for name, parts in by_layer.items():
                latest = logarithmic_histogram(np.concatenate(parts))
                self.gradients.setdefault(name, []).append(latest)
        self.epochs.append(epoch)

    def __repr__(self) -> str:
        layers = counted(len(self.activations), "layer")
        if not self.epochs:
            return "<histograms of layers, none recorded yet>"
        times = counted(len(self.epochs), "time")
        span = f"{self.epochs[0]} to {self.epochs[-1]} epochs"
        return f"<histograms of {layers} at {times}, after {span}>"


def _layer_of(parameter: str, layers: list[str]) -> str:
    """Return the layer of a parameter such as ``dense.weight``."""
    return next((each for each in layers if parameter.startswith(f"{each}.")), parameter)


def _some(owner: str, X: Any, y: Any, samples: int) -> tuple[Any, Any]:
    """Return as many rows at equal distances, as tables or arrays."""
    columns = next(iter(read_columns(X).values()), ()) if is_table(X) else None
    rows: Any = X if is_table(X) else np.asarray(X)
    targets = None if y is None else y if hasattr(y, "iloc") else np.asarray(y)
    total = len(rows) if columns is None else len(columns)
    if not total or (targets is not None and len(targets) != total):
        given = "no y" if targets is None else f"y {len(targets)}"
        raise DataError(
            f"{owner}: X has {counted(total, 'row')} and {given}; give a target for each sample, "
            "at least one"
        )
    kept = np.unique(np.linspace(0, total - 1, min(samples, total)).astype(int))
    return take_rows(rows, kept), None if targets is None else take_rows(targets, kept)


@answers_foreign_names(PLOT_ALIASES)
class ParameterPath(Callback):
    """Record the parameters of a network while it is trained, for `chainrule.plot.loss_surface`.

    Parameters
    ----------
    every : int >= 1
        After how many epochs they are copied; each copy takes their memory.

    Attributes
    ----------
    points : list of dict of str to array
        The parameters before the first epoch, and after each that was recorded.

    Raises
    ------
    ArgumentError
        For `every` out of range.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> path = ParameterPath(every=2)
    >>> history = net.fit(np.eye(3), np.eye(3)[:, :1], epochs=4, callbacks=[path], verbose=0)
    >>> path
    <path of 3 points>
    """

    def __init__(self, *, every: int = 1) -> None:
        self.every = checked_count("ParameterPath", "every", every)
        self.points: list[dict[str, Array]] = []

    def on_fit_start(self, net: Any) -> None:
        """Copy the parameters before training."""
        if not self.points:
            self._copy(net)

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Copy the parameters after an epoch."""
        if (epoch + 1) % self.every == 0:
            self._copy(net)

    def _copy(self, net: Any) -> None:
        self.points.append({name: each.copy() for name, each in net.params.items()})

    def __repr__(self) -> str:
        return f"<path of {counted(len(self.points), 'point')}>"
