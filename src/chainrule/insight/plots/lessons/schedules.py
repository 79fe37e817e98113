"""Plot of learning-rate schedules side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import LINE_COLOURS
from chainrule.insight.plots.lessons.by_name import by_name
from chainrule.insight.plots.plotted_function import name_of
from chainrule.optim.schedules.decay import exponential, inverse_time, step
from chainrule.optim.schedules.schedule import Rate, Schedule, checked_rate, constant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["schedules"]

Array = NDArray[Any]

_NAME = "plot.schedules"
_WHAT = "a schedule such as optim.cosine(0.1, epochs=20), a list of those, or a dict by name"
_DASHES = ("-", "--", "-.", ":")
_ENDLESS = (exponential, inverse_time, step)  # their duration is that of one decrease
_SHORTEST = 20.0  # epochs of those
_DEFAULT = 50  # epochs of schedules without a duration


@answers_foreign_names(PLOT_ALIASES)
def schedules(
    rates: Rate | Sequence[Rate] | Mapping[str, Rate],
    path: File = None,
    *,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    losses: ArrayLike | None = None,
    axes: Any = None,
) -> Figure:
    """Plot learning rates over the epochs or the updates of a training.

    Parameters
    ----------
    rates : Schedule, float, function of the epoch, or list or dict of those
        The learning rates, as given to an optimiser; a dict names them.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    epochs : int >= 1 or None
        How many epochs are drawn; None takes a fifth more than the longest schedule lasts, or
        five times that of a step or an exponential decrease.
    steps_per_epoch : int >= 1 or None
        The updates (batches) of an epoch, which matter where some schedules count epochs and
        others updates. None draws schedules of one kind.
    losses : array, (epochs,), or None
        The loss of each epoch, on which `chainrule.optim.reduce_on_plateau` depends; None takes
        one that is constant.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ArgumentError
        For anything but learning rates, and where updates are mixed with epochs without
        `steps_per_epoch`; if `path` does not name a known format.
    DataError
        If `losses` are no numbers, one for each epoch.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import optim
    >>> figure = schedules([0.1, optim.cosine(0.1, epochs=10), optim.one_cycle(0.1, epochs=12)])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['constant', 'cosine', 'one_cycle']
    >>> len(figure.axes[0].lines[1].get_xdata())  # a fifth more than 12 epochs
    15
    """
    given = _schedules(rates)
    counts_updates = _counts_updates(given, steps_per_epoch)
    per_epoch = 1
    if steps_per_epoch is not None:
        per_epoch = checked_count(_NAME, "steps_per_epoch", steps_per_epoch)
    shown = (
        _duration(given, per_epoch) if epochs is None else checked_count(_NAME, "epochs", epochs)
    )
    course = _losses(losses, shown)
    with drawing(axes, path, (6.8, 4.2)) as panel:
        for place, (name, rate) in enumerate(given.items()):
            values = _values(rate, course, per_epoch, counts_updates)
            # Between epochs, or updates, a rate does not change.
            panel.plot(
                np.arange(len(values)), values, _DASHES[place % len(_DASHES)],
                drawstyle="steps-post", color=LINE_COLOURS[place % len(LINE_COLOURS)], lw=2,
                label=name,
            )  # fmt: skip
        unit = "update" if counts_updates else "epoch"
        panel.set(xlabel=f"{unit}, from 0", ylabel="learning rate", title="Learning rates")
        panel.set_ylim(bottom=0)
        panel.grid(visible=True)
        add_legend(panel)
        return root_figure(panel)


def _schedules(rates: Any) -> dict[str, Schedule]:
    """Return schedules by name; of several of one class, the name is followed by a number."""
    if isinstance(rates, str):
        raise bad_argument(_NAME, "rates", rates, _WHAT)
    named = by_name(_NAME, "rates", rates, _WHAT, _name)
    checked = {key: checked_rate(_NAME, each, f"rates[{key!r}]") for key, each in named.items()}
    return {
        name: each if isinstance(each, Schedule) else constant(each)
        for name, each in checked.items()
    }


def _name(rate: Any) -> str:
    if isinstance(rate, Schedule):
        name = type(rate).__name__
        then = getattr(rate, "then", None)
        return f"{name}, {_name(then)}" if isinstance(then, Schedule) else name
    return "constant" if not callable(rate) else name_of(rate)


def _parts(rate: Any) -> Iterator[Schedule]:
    """Give a schedule and those within it."""
    if not isinstance(rate, Schedule):
        return
    yield rate
    if is_dataclass(rate):
        for each in fields(rate):
            yield from _parts(getattr(rate, each.name))


def _counts_updates(given: Mapping[str, Schedule], steps_per_epoch: Any) -> bool:
    """Whether the horizontal axis is of updates: schedules count them, or both are known."""
    parts = [each for rate in given.values() for each in _parts(rate)]
    in_steps = [each for each in parts if getattr(each, "steps", None)]
    in_epochs = [each for each in parts if getattr(each, "epochs", None)]
    if in_steps and in_epochs and steps_per_epoch is None:
        names = type(in_steps[0]).__name__, type(in_epochs[0]).__name__
        raise ArgumentError(
            f"{_NAME}: {names[0]} counts updates and {names[1]} epochs; give steps_per_epoch, the "
            "number of batches of an epoch"
        )
    return bool(in_steps) or steps_per_epoch is not None


def _duration(given: Mapping[str, Schedule], per_epoch: int) -> int:
    """Return a fifth more epochs than the longest schedule lasts; of endless ones several times."""
    longest = 0.0
    for rate in given.values():
        total = 0.0  # a warm-up is followed by another schedule
        for each in _parts(rate):
            time = (getattr(each, "epochs", None) or 0) + (
                getattr(each, "steps", None) or 0
            ) / per_epoch
            total += max(5 * time, _SHORTEST) if time and isinstance(each, _ENDLESS) else time
        longest = max(longest, total)
    return int(np.ceil(1.2 * longest)) if longest else _DEFAULT


def _losses(losses: Any, epochs: int) -> Array:
    if losses is None:
        return np.ones(epochs)
    try:
        course = np.asarray(losses, float)
    except (TypeError, ValueError):
        course = np.zeros((0, 0))
    if course.ndim != 1 or len(course) < epochs:
        raise DataError(
            f"{_NAME}: losses has shape {course.shape}, and {epochs} epochs are drawn; give a loss "
            f"for each, or epochs={len(course) if course.ndim == 1 else 1}"
        )
    return course[:epochs]


def _values(rate: Schedule, losses: Array, per_epoch: int, counts_updates: bool) -> Array:
    """Return the rate of each update, or of the first of each epoch."""
    values = list[float]()
    for epoch, loss in enumerate(losses.tolist()):
        updates = range(epoch * per_epoch, (epoch + 1) * per_epoch if counts_updates else epoch + 1)
        values += [float(rate(step, epoch)) for step in updates]
        rate = rate.observe(loss)
    return np.array(values)
