"""The columns of a line of progress, of which the most important ones are kept where it is short.

Importance decreases from the number of the epoch and the loss to the validation loss, the metrics,
each followed by its value on the validation data, and the speed. No number is cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chainrule.console import width_of

__all__ = ["EpochLine", "Logs", "RunningLine", "duration", "format_numbers"]

Logs = Mapping[str, float]

_HIDDEN = ("learning_rate", "seconds")
_GAP = "  "
_DIGITS = 7
"""Length that is assumed of a shorter number: that of 0.01234."""

_BAR, _WIDE_BAR = 10, 24
"""Length of the bar where space is short, and where it is not."""


class EpochLine(NamedTuple):
    """The results of a finished epoch; `speed` in samples a second."""

    label: str
    logs: Logs
    speed: float

    def text(self, width: int | None, ellipsis: str = "…") -> str:
        """Return the line, with as many columns as fit into a width.

        Examples
        --------
        >>> line = EpochLine("epoch 3/9", {"loss": 0.5, "f1": 0.75, "val_loss": 0.25}, 12e3)
        >>> line.text(None)
        'epoch 3/9  loss 0.5  f1 0.75  val_loss 0.25  12,000 samples/s'
        >>> line.text(46)
        'epoch 3/9  loss 0.5  val_loss 0.25  …'
        """
        left = None if width is None else width - width_of(self.label + _GAP)
        return _GAP.join(
            [self.label, _fit(self.logs, f"{self.speed:,.0f} samples/s", left, ellipsis)]
        )


class RunningLine(NamedTuple):
    """The state of a run: a bar of the `fraction` done, quantities, the `seconds` left if known."""

    label: str
    fraction: float
    logs: Logs
    speed: float
    seconds: float | None

    def parts(self, width: int, ellipsis: str = "…") -> tuple[str, str, str, str]:
        """Return label, done and remaining bar and the other columns, which fit into a width.

        Examples
        --------
        >>> "".join(RunningLine("epoch 3/9", 0.3, {"loss": 0.5}, 12e3, 75).parts(60))
        'epoch 3/9 ━━━━━━━───────────────── loss 0.5  1:15 left'
        >>> "".join(RunningLine("epoch 3/9", 0.3, {"loss": 0.5}, 12e3, 75).parts(20))
        'epoch 3/9  loss 0.5'
        """
        speed, room = f"{self.speed:,.0f} samples/s", width - width_of(self.label + _GAP)
        left = "" if self.seconds is None else f"{_GAP}{duration(self.seconds)} left"
        for bar, time in ((_BAR, left), (_BAR, ""), (0, "")):
            numbers = _fit(self.logs, speed, room - bar - len(time), ellipsis) + time
            if width_of(numbers) <= room - bar:
                break
        bar = min(_WIDE_BAR, room - width_of(numbers)) if bar else 0
        done = round(self.fraction * bar)
        return self.label + " ", "━" * done, "─" * (bar - done), " " + numbers


def format_numbers(logs: Logs) -> str:
    """Format quantities on one line.

    Examples
    --------
    >>> format_numbers({"loss": 0.123456, "val_accuracy": 1.0, "learning_rate": 0.1, "seconds": 2})
    'loss 0.1235  val_accuracy 1'
    """
    return _GAP.join(_numbers(logs).values())


def duration(seconds: float) -> str:
    """Format a duration.

    Examples
    --------
    >>> duration(75.2), duration(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _fit(logs: Logs, speed: str, width: int | None, ellipsis: str) -> str:
    """Return the quantities and the speed, without the least important ones that do not fit.

    The loss is always kept. An ellipsis indicates others that are left out, where there is room.
    """
    numbers = _numbers(logs)
    kept = _by_importance(list(numbers))
    if width is None or _length(numbers, kept, len(_GAP + speed)) <= width:
        return _GAP.join([*numbers.values(), speed])
    if _length(numbers, kept) <= width:
        return _GAP.join(numbers.values())
    while len(kept) > 1 and _length(numbers, kept, len(_GAP + ellipsis)) > width:
        kept.pop()
    line = _GAP.join(text for name, text in numbers.items() if name in kept)
    shortened = line + _GAP + ellipsis
    return line if width_of(shortened) > width else shortened


def _length(numbers: dict[str, str], kept: list[str], more: int = 0) -> int:
    """Return the length of a line, the same one for most numbers, so that lines agree."""
    lengths = (max(width_of(numbers[each]), width_of(each) + 1 + _DIGITS) for each in kept)
    return more - len(_GAP) + sum(len(_GAP) + length for length in lengths)


def _numbers(logs: Logs) -> dict[str, str]:
    return {name: f"{name} {value:.4g}" for name, value in logs.items() if name not in _HIDDEN}


def _by_importance(names: list[str]) -> list[str]:
    plain = [name for name in names if not name.startswith("val_")]
    plain.sort(key=lambda name: name != "loss")
    pairs = [each for name in plain for each in (name, f"val_{name}") if each in names]
    return [*pairs, *(name for name in names if name not in pairs)]
