"""Plot of the importance of columns, by permutation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count, checked_seed, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.columns import is_table, read_columns, take_rows
from chainrule.data.file_argument import is_path
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.classifier import as_rows, check_classifier, predict_classes
from chainrule.insight.plots.plane import feature_names
from chainrule.train.metrics.direction import direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST_COLUMNS", "importance"]

Array = NDArray[Any]

_NAME = "plot.importance"

MOST_COLUMNS = 1000
_LONGEST_NAME = 32


@answers_foreign_names(PLOT_ALIASES)
def importance(
    net: Any,
    X: Any,
    y: ArrayLike,
    path: File = None,
    *,
    metric: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    samples: int = 10_000,
    count: int = 20,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot how much worse the predictions become when a column is shuffled.

    A column which the network does not use has an importance of 0. Of columns that are redundant,
    such as a length in metres and in feet, each appears unimportant, as the other remains. Give
    samples that were not trained on.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, or function
        A network is judged by its loss, an estimator by its ``score``, a function by the share of
        classes that are right.
    X : array, DataFrame or dict of columns, (n, columns) or (n, steps, columns)
        The samples.
    y : array, (n, ...)
        Their targets.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    metric : str or None
        A metric of a compiled network instead of its loss, such as ``"accuracy"``.
    repeats : int >= 1
        How often each column is shuffled; the dots show the spread.
    seed : int in [0, 2**64)
        Determines the permutations.
    samples : int >= 2
        How many samples are used at most, drawn at random.
    count : int >= 1
        How many columns are drawn at most, the most important first.
    features : list of str or None
        A name for each column of an array; those of tables are known.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DataError
        If `X` has no columns, as images have none.
    ArgumentError
        If an argument is out of range, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    References
    ----------
    Breiman (2001), "Random forests", section 10; Fisher, Rudin & Dominici (2019), "All models are
    wrong, but many are useful", for any model.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> figure = importance(lambda X: X[:, 1] > 0, X, X[:, 1] > 0)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['column 1', 'column 0']
    """
    check_classifier(_NAME, net)
    check_row_labels(_NAME, X=X, y=y)
    repeats, seed = checked_count(_NAME, "repeats", repeats), checked_seed(_NAME, seed)
    samples, count = (
        checked_count(_NAME, "samples", samples, least=2),
        checked_count(_NAME, "count", count),
    )
    columns = _columns_of(X, features)
    random = np.random.default_rng(seed)
    rows, targets = _drawn(as_rows(X), y, samples, random)
    judge = _judge_of(net, metric, targets)
    base = judge.loss(rows)
    shuffled = np.array(
        [
            [judge.loss(_permuted(rows, key, random)) - base for _ in range(repeats)]
            for key, _ in columns
        ]
    )
    with drawing(axes, path, (6.4, 1.5 + 0.3 * min(len(columns), count))) as axes:
        _draw(axes, [name for _, name in columns], shuffled, count)
        axes.set(xlabel=f"{judge.change} when the column is shuffled", title=judge.title(base))
        return root_figure(axes)


@dataclass(frozen=True)
class _Judge:
    """A measure of predictions, of which lower values are better."""

    loss: Callable[[Any], float]
    name: str
    is_negated: bool = False

    @property
    def change(self) -> str:
        """What the horizontal axis shows."""
        return f"{'decrease' if self.is_negated else 'increase'} of the {self.name}"

    def title(self, base: float) -> str:
        """Return the value before any column is shuffled."""
        return f"Importance of columns: {self.name} {-base if self.is_negated else base:.4g}"


def _judge_of(net: Any, metric: str | None, y: Any) -> _Judge:
    if hasattr(net, "evaluate") and hasattr(net, "predict_class"):
        key = "loss" if metric is None else checked_text(_NAME, "metric", metric, "a name, or None")
        sign = -1 if direction(key) else 1

        def evaluated(X: Any) -> float:
            results: Mapping[str, float] = net.evaluate(X, y)
            if key not in results.keys():  # noqa: SIM118 (results iterate as their values)
                known = ", ".join(map(repr, results.keys()))
                raise bad_argument(_NAME, "metric", metric, f"one of {known}, or None")
            return sign * float(results[key])

        return _Judge(evaluated, key, sign < 0)
    if metric is not None:
        raise bad_argument(_NAME, "metric", metric, "left out, unless net is a network")
    if hasattr(net, "score"):
        name = "accuracy" if hasattr(net, "classes_") else "score"
        return _Judge(lambda X: -float(net.score(X, y)), name, True)
    targets = np.asarray(y)
    if targets.dtype.kind == "f" and bool(np.any(targets != np.round(targets))):
        predict = net.predict if hasattr(net, "predict") else net
        return _Judge(lambda X: _absolute_error(predict(X), targets), "mean absolute error")
    return _Judge(
        lambda X: -float(np.mean(predict_classes(_NAME, net, X, targets).predicted == targets)),
        "accuracy",
        True,
    )


def _absolute_error(predicted: Any, targets: Array) -> float:
    return float(np.mean(np.abs(np.asarray(predicted).reshape(targets.shape) - targets)))


def _columns_of(X: Any, features: Any) -> list[tuple[Any, str]]:
    """Return the key and the name of each column."""
    if is_path(X):
        raise DataError(
            f"{_NAME}: X is a path; give the columns, as from data.read_csv({str(X)!r})"
        )
    if is_table(X):
        columns = [(name, str(name)) for name in read_columns(X)]
    else:
        shape = np.shape(X)
        if len(shape) not in (2, 3) or not all(shape):
            raise DataError(
                f"{_NAME}: X has shape {shape}; it must have columns, (n, columns) or (n, steps, "
                "columns), n at least 1: a single pixel of an image has little influence, and "
                "plot.mistakes shows images"
            )
        named = feature_names(_NAME, features, shape[-1])
        names = [f"column {each}" for each in range(shape[-1])] if named is None else named
        columns = list(enumerate(names))
    if len(columns) > MOST_COLUMNS:
        raise DataError(
            f"{_NAME}: X has {len(columns):,} columns, of which each is shuffled several times; "
            f"this is for at most {MOST_COLUMNS:,}: choose among them"
        )
    return columns


def _drawn(X: Any, y: Any, samples: int, random: np.random.Generator) -> tuple[Any, Any]:
    """Return some rows, in order."""
    total = len(next(iter(cast(Mapping[Any, Any], X).values()))) if _is_mapping(X) else len(X)
    targets = y if hasattr(y, "iloc") else np.asarray(y)
    if len(targets) != total:
        raise DataError(f"{_NAME}: X has {total} rows and y {len(targets)}; both need as many")
    if total < 2:
        raise DataError(f"{_NAME}: X has {total} row, and there is nothing to shuffle; give more")
    if total <= samples:
        return X, targets
    kept = np.sort(random.choice(total, samples, replace=False))
    return take_rows(X, kept), take_rows(targets, kept)


def _is_mapping(X: Any) -> bool:
    return isinstance(X, Mapping)


def _permuted(X: Any, key: Any, random: np.random.Generator) -> Any:
    """Return samples with the rows of a column in another order."""
    if isinstance(X, Mapping):
        columns = cast(Mapping[Any, Any], X)
        column = np.asanyarray(columns[key])
        return {**columns, key: column[random.permutation(len(column))]}
    order = random.permutation(len(X))
    if hasattr(X, "iloc"):
        return X.assign(**{key: X[key].iloc[order].array})
    changed = np.array(X)
    column = changed[key] if changed.dtype.names else changed[..., key]
    column[:] = column[order]
    return changed


def _draw(axes: Axes, names: list[str], shuffled: Array, count: int) -> None:
    """Draw a bar for the mean of each column, and a dot for each time it was shuffled."""
    mean = shuffled.mean(axis=1)
    order = np.argsort(-mean, kind="stable")[:count]
    places = np.arange(len(order))
    axes.barh(places, mean[order], color=COLOURS[5], edgecolor="none", height=0.7)
    repeats = shuffled.shape[1]
    axes.plot(
        shuffled[order].ravel(), np.repeat(places, repeats), "|", color="#222222", ms=7, mew=1.2
    )
    axes.axvline(0, color="#444444", linewidth=1)
    shown = [names[place] for place in order]
    shown = [x if len(x) <= _LONGEST_NAME else x[: _LONGEST_NAME - 1] + "…" for x in shown]
    axes.set_yticks(places, shown)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    if len(order) < len(names):
        axes.set_ylabel(f"first {len(order)} of {len(names)} columns")
