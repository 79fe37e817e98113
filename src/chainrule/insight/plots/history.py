"""Plot of training histories: loss and a metric by epoch, the best epoch marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DataError
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.logarithmic_axis import label_decades
from chainrule.insight.palette import COLOURS, LINE_COLOURS
from chainrule.train.metrics.direction import direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["history"]

Curve = NDArray[np.float64]

_WHAT = "a history, a list of losses, or a dict of histories by the name of their run"
_NOT_DRAWN = {"learning_rate", "seconds", "epoch"}
_MARKED = 30  # epochs up to which each is marked


@dataclass(frozen=True)
class _Run:
    """The curves of one call of ``fit``: of training and of validation, by quantity."""

    name: str
    training: dict[str, Curve]
    validation: dict[str, Curve]


@answers_foreign_names(PLOT_ALIASES)
def history(
    course: Mapping[str, Any] | Sequence[Any], path: File = None, *, axes: Any = None
) -> Figure:
    """Plot loss and a metric by epoch, with the best epoch.

    Parameters
    ----------
    course : mapping of str to list of float, list of float, or mapping or list of those
        The history returned by ``fit``; or a list of losses; or several of them by the name of
        their run, as in ``{"sgd": history, "adam": history}``. Of an RBM the pseudo-likelihood is
        drawn, as its losses are not comparable between epochs.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes, two of them, or None
        Axes to draw on, two for loss and metric, one for the loss alone; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Solid lines are of the training data, dashed ones of validation; the ring is
        the best epoch by validation, or by training where there is no validation.

    Raises
    ------
    DataError
        If no epoch has finished.
    ArgumentError
        If `course` is none of these, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = history({"loss": [2.3, 0.4, 0.1], "val_loss": [2.3, 0.5, 0.6]})
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['training', 'validation', 'lowest: 0.5 (epoch 2)']
    """
    runs = _runs(course)
    quantities = _quantities(runs)
    count = min(len(quantities), 2 if axes is None else np.size(axes))
    with panels(axes, path, (6.4, 2.2 + 1.9 * count), heights=(1,) * count) as shown:
        for quantity, panel in zip(quantities, shown, strict=False):
            _draw(panel, quantity, runs, is_first=panel is shown[0])
        _label_epochs(shown, max(len(each) for run in runs for each in run.training.values()))
        return root_figure(shown[0])


# ------------------------------------------------------------------------------ what is drawn


def _runs(course: Any) -> list[_Run]:
    """Return the runs that an argument holds."""
    if not hasattr(course, "keys") and isinstance(getattr(course, "history", None), Mapping):
        course = course.history  # of a network, or as Keras returns it
    if _is_curve(course):
        return [_run("", {"loss": course})]
    if isinstance(course, list | tuple):
        several = cast(Sequence[Any], course)
        course = {f"run {number}": each for number, each in enumerate(several, start=1)}
    if isinstance(course, type) or not hasattr(course, "keys"):
        raise bad_argument("plot.history", "course", course, _WHAT)
    columns = {str(key): course[key] for key in course.keys()}  # noqa: SIM118 (of data frames too)
    if not columns or any(direction(key) is not None for key in columns):
        return [_run("", columns)]
    return [
        _run(name, {"loss": each} if _is_curve(each) else each) for name, each in columns.items()
    ]


def _run(name: str, columns: Any) -> _Run:
    if not hasattr(columns, "keys") and isinstance(getattr(columns, "history", None), Mapping):
        columns = columns.history
    if isinstance(columns, type) or not hasattr(columns, "keys"):
        raise bad_argument(
            "plot.history", f"course[{name!r}]" if name else "course", columns, _WHAT
        )
    curves = {str(key): _curve(str(key), columns[key]) for key in columns.keys()}  # noqa: SIM118
    curves = {key: each for key, each in curves.items() if key not in _NOT_DRAWN and each.size}
    if all(key.startswith("val_") for key in curves):
        of_run = f" of {name!r}" if name else ""
        raise DataError(
            f"plot.history: there is no loss{of_run} to plot; call fit for at least one epoch"
        )
    return _Run(
        name,
        {key: each for key, each in curves.items() if not key.startswith("val_")},
        {key[4:]: each for key, each in curves.items() if key.startswith("val_")},
    )


def _is_curve(value: Any) -> bool:
    if isinstance(value, list | tuple):
        entries = cast(Sequence[Any], value)
        return bool(entries) and all(isinstance(each, int | float | np.number) for each in entries)
    return getattr(value, "ndim", None) == 1 and not hasattr(value, "keys")


def _curve(key: str, values: Any) -> Curve:
    try:
        curve = np.asarray(values, float)
    except (TypeError, ValueError):
        curve = np.zeros((0, 0))
    if curve.ndim != 1:
        raise bad_argument("plot.history", f"course[{key!r}]", values, "a list of numbers")
    return curve


def _quantities(runs: list[_Run]) -> list[str]:
    """Return what is drawn: the loss, or what replaces it, and the first metric of all runs."""
    shared = [name for name in runs[0].training if all(name in run.training for run in runs)]
    if not shared:
        raise DataError("plot.history: the runs have no quantity in common, such as a loss")
    first = next((each for each in ("pseudo_likelihood", "loss") if each in shared), shared[0])
    return [first, *[name for name in shared if name not in ("loss", first)][:1]]


# ------------------------------------------------------------------------------- how it is drawn


def _draw(axes: Axes, quantity: str, runs: list[_Run], is_first: bool) -> None:
    curves: list[Curve] = []
    for run, colour in zip(runs, _colours(len(runs)), strict=True):
        parts = (("training", run.training, "-"), ("validation", run.validation, "--"))
        for part, by_quantity, dashes in parts:
            if quantity not in by_quantity:
                continue
            curve = by_quantity[quantity]
            curves.append(curve)
            # One run has a colour for each part; several have one each.
            shade = colour if run.name or part == "training" else COLOURS[1]
            label = f"{run.name}, {part}" if run.name and part == "validation" else run.name or part
            axes.plot(
                np.arange(1, len(curve) + 1), curve, dashes, color=shade, lw=2, ms=4,
                marker="o" if len(curve) <= _MARKED else "", label=label if is_first else None,
            )  # fmt: skip
    for run in runs:
        _mark_best(axes, quantity, run, is_named=is_first and run is runs[-1])
    name = {"pseudo_likelihood": "pseudo-likelihood"}.get(quantity, quantity.replace("_", " "))
    axes.set(ylabel=name, title=name.capitalize() if is_first else "")
    _choose_scale(axes, np.concatenate(curves))
    axes.grid(visible=True)
    add_legend(axes)


def _colours(count: int) -> list[str]:
    return [LINE_COLOURS[place % len(LINE_COLOURS)] for place in range(count)]


def _mark_best(axes: Axes, quantity: str, run: _Run, is_named: bool) -> None:
    """Draw a ring at the best epoch of a run, if it is known which values are better."""
    curve = run.validation.get(quantity, run.training.get(quantity))
    larger = direction(quantity)
    if curve is None or larger is None or not np.isfinite(curve).any():
        return
    best = int(np.nanargmax(curve) if larger else np.nanargmin(curve))
    # As many digits as distinguish the best epoch from others.
    spread = np.nanmax(curve) - np.nanmin(curve) or 1.0
    digits = int(np.clip(3 + np.ceil(np.log10(abs(curve[best]) / spread + 1e-12)), 4, 9))
    what = f"{'highest' if larger else 'lowest'}: {curve[best]:.{digits}g} (epoch {best + 1})"
    axes.plot(
        best + 1, curve[best], "o", ms=11, mfc="none", mec="#222222", mew=1.6, zorder=3,
        label=what if not run.name else "best epoch" if is_named else None,
    )  # fmt: skip


def _label_epochs(shown: Sequence[Axes], epochs: int) -> None:
    from matplotlib.ticker import MaxNLocator

    margin = 0.5 if epochs == 1 else min(0.03 * (epochs - 1), 0.9)
    for axes in shown:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(1 - margin, epochs + margin)
    shown[-1].set_xlabel("epoch")


def _choose_scale(axes: Axes, values: Curve) -> None:
    """Use a logarithmic scale if the values span more than a decade, with plain tick labels."""
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() <= 0 or finite.max() <= 20 * finite.min():
        return
    axes.set_yscale("log")
    label_decades(axes.yaxis, float(finite.min()), float(finite.max()))
    axes.set_ylabel(f"{axes.get_ylabel()} (logarithmic)")
