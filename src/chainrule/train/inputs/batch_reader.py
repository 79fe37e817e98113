"""Reads the batches of a source epoch by epoch, from any epoch and step on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.errors import DataError
from chainrule.train.inputs.batch_source import BatchSource

__all__ = ["END", "BatchReader"]

END = object()
"""Returned instead of a batch at the end of an epoch."""


class BatchReader:
    """The batches of a source as a function of epoch and step.

    Without `steps`, epoch k is pass k over the source. With `steps` an epoch has so many batches of
    passes that follow one another: it begins where the one before has ended. The first epoch of a
    call of ``fit`` then begins at the place that follows from the length of a pass, and with a new
    pass if that is not known.
    """

    def __init__(self, source: BatchSource, steps: int | None) -> None:
        self.source, self._steps = source, steps
        self._iterator: Iterator[Any] | None = None
        self._pass = 0
        self._held: list[Any] = []  # read, and not taken yet
        self._is_new = True  # whether nothing was read from the iterator
        self.is_exhausted = False

    def open(self, epoch: int, step: int, consumed: int) -> None:
        """Begin at a step of an epoch, before which a call of ``fit`` has read some batches.

        The batches of a pass before that are skipped, which takes the time to compute them unless
        the source has indices.
        """
        if self.source.is_once:
            for _ in range(consumed):
                self.read(0)
            return
        self.close()
        length = self.source.length
        if self._steps is None:
            self._pass, first = epoch, step
        elif length:
            self._pass, first = divmod(epoch * self._steps + step, length)
        else:
            self._begin_pass(epoch - consumed // self._steps, 0)
            for _ in range(consumed):
                self.read(0)
            return
        self._begin_pass(self._pass, first)

    def hold(self) -> Any:
        """Return the next batch, which `read` returns again; END if there is none."""
        if not self._held:
            self._held.append(self.read(0))
        return self._held[0]

    def read(self, step: int) -> Any:
        """Return the batch of a step, the next one; END at the end of an epoch."""
        if self._held:
            return self._held.pop()
        if step == self._steps:
            return END
        while True:
            if self._iterator is None:
                self._begin_pass(self._pass, 0)
            assert self._iterator is not None, "a pass has begun"
            for batch in self._iterator:
                self._is_new = False
                return batch
            self._end_pass()
            if self._steps is None or self.source.is_once:
                return END

    def _begin_pass(self, number: int, first: int) -> None:
        self._pass, self._is_new = number, not first
        self.source.on_begin()
        self._iterator = self.source.start(number, first)

    def _end_pass(self) -> None:
        if self._is_new and self._steps is not None and not self.source.is_once:
            raise DataError(
                f"fit: {self.source.title} has no batches in pass {self._pass}, so that no epoch "
                "has steps_per_epoch of them; give an iterable that has some"
            )
        self.is_exhausted = self.source.is_once
        self._iterator = iter(()) if self.is_exhausted else None
        self._pass += 1
        self.source.on_end()

    def close(self) -> None:
        """Close the generator of the present pass, unless it is the user's."""
        iterator, self._iterator, self._held = self._iterator, None, []
        if iterator is not None and not self.source.is_once:
            close = getattr(iterator, "close", None)
            if callable(close):
                close()
