"""Which epochs of a run have a line of their own."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.train.progress.columns import EpochLine, Logs

__all__ = ["MANY_EPOCHS", "EpochLines"]

MANY_EPOCHS = 100
"""Epochs that have a line each; of more, every n-th has one, unless each is asked for."""

_MOST_LINES = 50


class EpochLines:
    """Every n-th epoch and the last one, whichever it turns out to be, has a line.

    Without `every`, each of few epochs has one; of many, at most fifty. Those `done` have none.
    """

    def __init__(self, epochs: int, every: int | None, done: int = 0) -> None:
        self._epochs, self._done = epochs, done
        self._pending: EpochLine | None = None
        self.is_thinned = every is None and epochs > MANY_EPOCHS
        self.every = _round_up(epochs / _MOST_LINES) if self.is_thinned else every or 1

    def show_each(self) -> None:
        """Give each epoch a line."""
        self.every, self.is_thinned = 1, False

    @property
    def label(self) -> str:
        """The current epoch, of all."""
        return self._label(min(self._done + 1, self._epochs))

    def finish(self, count: int, row: Callable[[int], Logs], speed: float) -> list[EpochLine]:
        """Return the lines that are due after `count` epochs; `row` gives their results."""
        first, self._done = self._done, self._done + count
        due = list(range(first - first % self.every + self.every, self._done + 1, self.every))
        if self._done == self._epochs and self._done not in due:
            due.append(self._done)
        lines = [EpochLine(self._label(each), row(each - first - 1), speed) for each in due]
        is_last_due = bool(due) and due[-1] == self._done
        last = None if is_last_due else row(count - 1)
        self._pending = None if last is None else EpochLine(self._label(self._done), last, speed)
        return lines

    def last(self) -> list[EpochLine]:
        """Return the line of the last epoch if it has none yet, as the run ended early."""
        pending, self._pending = self._pending, None
        return [] if pending is None else [pending]

    def _label(self, number: int) -> str:
        return f"epoch {number:{len(str(self._epochs))}d}/{self._epochs}"


def _round_up(least: float) -> int:
    """Return the least of 1, 2, 5, 10, 20, ... that is not below a number.

    Examples
    --------
    >>> _round_up(2.1), _round_up(20), _round_up(200.1)
    (5, 20, 500)
    """
    power = 1
    while 5 * power < least:
        power *= 10
    return next(digit * power for digit in (1, 2, 5) if digit * power >= least)
