"""Plot of a regression: predictions against truth, and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import shortened
from chainrule.data.file_argument import is_path
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import ArgumentError, DataError, counted
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.classifier import as_rows
from chainrule.insight.plots.histograms import interval_of
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["predictions"]

Array = NDArray[Any]

_NAME = "plot.predictions"
_MODEL = (
    "a network, an estimator of scikit-learn, a function that returns a number for each sample, "
    "or such numbers: plot.predictions(predicted, y)"
)
_MOST = 4  # outputs
_LONGEST_NAME = 24
_BINS = 25


@answers_foreign_names(PLOT_ALIASES)
def predictions(
    net: Any,
    X: Any,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    name: str | Sequence[str] | None = None,
    axes: Any = None,
) -> Figure:
    """Plot what a regression predicts against the truth, and its residuals.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, function, or array, (n, ...)
        What predicts numbers; or its predictions, as in ``predictions(predicted, y)``.
    X : array, DataFrame or dict of columns, (n, ...)
        The samples, best those that were not trained on.
    y : array, (n,) or (n, outputs)
        The true values.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    name : str, list of str, or None
        What is predicted, with its unit, such as ``"rent in €"``; of several outputs a list. None
        takes the names of pandas.
    axes : matplotlib.axes.Axes, two for each output, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: for each output, of more than four the first, its predictions, which are exact
        on the line, and its residuals, predicted − true, with their histogram. The band is that
        of the root mean squared error (RMSE) around the mean residual; MAE is the mean absolute
        error.

    Raises
    ------
    DataError
        If `y` has another shape than the predictions, or nothing is finite.
    ArgumentError
        For a classifier, and if `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> figure = predictions(lambda X: 2 * X + 0.1, X, 2 * X, name="length in m")
    >>> [each.get_xlabel() for each in figure.axes]
    ['true length in m', 'predicted length in m']
    """
    if y is not None and path is None and is_path(y):  # predictions(predicted, y, "figure.png")
        y, path = None, cast(File, y)
    truth, predicted, names = _compared(net, X, y, name)
    count = min(len(names), _MOST)
    size = (9.6, 1.0 + 3.6 * count)
    with panels(axes, path, size, 2, (1,) * count, shares_x=False) as drawn:
        for place in range(count):
            left, right = drawn[2 * place : 2 * place + 2]
            values = truth[:, place], predicted[:, place]
            _draw_agreement(left, *values, names[place], place, len(names))
            _draw_residuals(right, *values, names[place], place)
        return root_figure(drawn[0])


def _compared(net: Any, X: Any, y: Any, name: Any) -> tuple[Array, Array, list[str]]:
    """Return truth and predictions, (n, outputs), and the name of each output."""
    given = y is not None
    predicted, y = (_predicted(net, X), y) if given else (net, X)
    if not given and (callable(net) or hasattr(net, "predict")):
        raise bad_argument(_NAME, "y", None, "the true values: plot.predictions(net, X, y)")
    check_row_labels(_NAME, X=X if given else net, y=y)
    truth, outputs = _numbers("y", y), _numbers("what is predicted", predicted)
    is_one = truth.size == outputs.size == len(truth)
    if not truth.size or (truth.shape != outputs.shape and not is_one):
        raise DataError(
            f"{_NAME}: y has shape {truth.shape} and what is predicted {outputs.shape}; both must "
            "have as many rows and outputs, at least one. Classes are compared by "
            "plot.confusion(net, X, y)"
        )
    rows = truth.reshape(len(truth), -1), outputs.reshape(len(outputs), -1)
    return *rows, _names(name, y, rows[0].shape[1])


def _predicted(net: Any, X: Any) -> Any:
    """Return what a model predicts of samples; refuse classifiers."""
    is_known = callable(net) or hasattr(net, "predict")
    if isinstance(net, type) or not is_known:
        raise bad_argument(_NAME, "net", net, _MODEL)
    arguments = model_of(net).compile_arguments if isinstance(net, Network) else None
    is_classifier = getattr(net, "classes", None) is not None or hasattr(net, "classes_")
    if is_classifier or (arguments is not None and arguments.loss.targets.are_classes):
        raise ArgumentError(
            f"{_NAME}: net is a classifier, and classes have no residuals; call "
            "plot.confusion(net, X, y) or plot.calibration(net, X, y)"
        )
    rows = as_rows(X)
    predict: Any = getattr(net, "predict", net)
    return predict(rows)


def _numbers(what: str, values: Any) -> Array:
    array = np.asarray(values)
    if array.dtype.kind == "O":  # of a data frame
        array = np.array(array.tolist())
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise DataError(
            f"{_NAME}: {what} holds {array.dtype} of shape {array.shape}; a regression has a "
            "number for each sample, and classes are compared by plot.confusion(net, X, y)"
        )
    return array.astype(float)


def _names(name: Any, y: Any, count: int) -> list[str]:
    """Return the name of each output: as given, as pandas has it, or "value"."""
    if name is None:
        own: Any = getattr(y, "columns", None) if count > 1 else getattr(y, "name", None)
        of_column = isinstance(own, str) and count == 1
        name = [own] if of_column else [str(each) for each in own] if own is not None else None
    if name is None:
        return ["value"] if count == 1 else [f"output {place}" for place in range(count)]
    names = [name] if isinstance(name, str) else name
    if not isinstance(names, Sequence | np.ndarray):
        raise bad_argument(_NAME, "name", name, "what is predicted, or a list of that")
    if len(names) != count:
        raise DataError(
            f"{_NAME}: name has {counted(len(names), 'name')}, and there are "
            f"{counted(count, 'output')}; give one for each"
        )
    return [shortened(str(each), _LONGEST_NAME) for each in cast(Sequence[Any], names)]


def _draw_agreement(
    axes: Axes, truth: Array, predicted: Array, name: str, place: int, total: int
) -> None:
    is_finite = np.isfinite(truth) & np.isfinite(predicted)
    true, shown = truth[is_finite], predicted[is_finite]
    if not true.size:
        raise DataError(
            f"{_NAME}: of no sample both the true and the predicted {name} are finite; check what "
            "net.predict(X) returns"
        )
    low, high = min(true.min(), shown.min()), max(true.max(), shown.max())
    margin = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    ends = (low - margin, high + margin)
    axes.plot(ends, ends, color="#222222", lw=1.3, label="exact")
    axes.plot(true, shown, "o", color=COLOURS[0], label="samples", **_marks(len(true)))
    lost = len(truth) - len(true)
    missing = f"\n{counted(lost, 'sample')} not finite" if lost else ""
    axes.text(
        0.03, 0.97, _measures(true, shown) + missing, transform=axes.transAxes, va="top",
        fontsize=9, bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none"},
    )  # fmt: skip
    title = "Predictions against truth" if not place else ""
    if total > _MOST and not place:
        title += f", first {_MOST} of {total} outputs"
    axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", xlim=ends, ylim=ends, title=title)
    axes.grid(visible=True)
    if not place:
        add_legend(axes)


def _measures(true: Array, predicted: Array) -> str:
    residuals = predicted - true
    # In units of the largest, squares do not overflow. Constant values have no variance to explain.
    unit = float(np.abs(np.append(residuals, true)).max()) or 1.0
    variation = float(np.sum((true / unit - np.mean(true / unit)) ** 2))
    unexplained = float(np.sum((residuals / unit) ** 2))
    explained = f"\nR² {1 - unexplained / variation:.3g}" if variation else ""
    root = _root_mean_square(residuals)
    return f"MAE {np.abs(residuals).mean():.3g}\nRMSE {root:.3g}{explained}"


def _root_mean_square(residuals: Array) -> float:
    unit = float(np.abs(residuals).max()) or 1.0
    return unit * float(np.sqrt(np.mean((residuals / unit) ** 2)))


def _draw_residuals(axes: Axes, truth: Array, predicted: Array, name: str, place: int) -> None:
    """Draw residuals against predictions, and their histogram at the right."""
    is_finite = np.isfinite(truth) & np.isfinite(predicted)
    shown, residuals = predicted[is_finite], (predicted - truth)[is_finite]
    mean, root = float(residuals.mean()), _root_mean_square(residuals)
    axes.axhspan(mean - root, mean + root, color=COLOURS[1], alpha=0.2, lw=0, label="mean ± RMSE")
    axes.axhline(0, color="#222222", lw=1.3)
    axes.axhline(mean, color="#B35900", lw=1.3, ls="--", label=f"mean {mean:.3g}")
    axes.plot(shown, residuals, "o", color=COLOURS[0], **_marks(len(shown)))
    axes.set(
        xlabel=f"predicted {name}", ylabel=f"predicted − true {name}",
        title="" if place else "Residuals",
    )  # fmt: skip
    axes.grid(visible=True)
    beside = axes.inset_axes((1.02, 0.0, 0.16, 1.0), sharey=axes)
    beside.hist(
        residuals, _BINS, range=interval_of(residuals), orientation="horizontal", color=COLOURS[0],
        alpha=0.8,
    )  # fmt: skip
    beside.tick_params(left=False, labelleft=False)
    beside.set(xlabel="samples", xticks=[])
    beside.spines["left"].set_color("#BBBBBB")
    add_legend(axes)


def _marks(count: int) -> dict[str, Any]:
    """Return the style of marks: smaller and more transparent where there are many."""
    size = float(np.clip(5.5 * (200 / count) ** 0.25, 1.5, 5.5))
    alpha = float(np.clip(0.75 * (400 / count) ** 0.4, 0.12, 0.75))
    return {"ms": size, "alpha": alpha, "mew": 0, "rasterized": count > 5000}
