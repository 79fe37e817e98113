"""The last batch of an epoch, where it has fewer samples than the others.

A context variable tells it to layers that compute statistics of a batch.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

__all__ = ["PartialBatch", "TracedBatch", "current_batch", "in_batch", "in_traced_batch"]


@dataclass(frozen=True)
class PartialBatch:
    """Number of samples of a batch, of the others, and of an epoch."""

    samples: int
    size: int
    total: int

    @property
    def share(self) -> float:
        """Fraction of a full batch, in (0, 1)."""
        return self.samples / self.size

    @property
    def better_size(self) -> int:
        """The next batch size that leaves no sample alone."""
        return next(n for n in range(self.size + 1, self.total + 1) if self.total % n != 1)


@dataclass(frozen=True)
class TracedBatch:
    """A batch whose fraction of a full one is a traced value."""

    share: Any


_batch: ContextVar[PartialBatch | TracedBatch | None] = ContextVar("partial batch", default=None)

current_batch = _batch.get
"""Return the partial batch that is computed, or None for a full one."""


@contextmanager
def in_batch(samples: int, size: int, total: int) -> Generator[None]:
    """Compute a batch, of as many samples as the others or of fewer."""
    token = _batch.set(PartialBatch(samples, size, total) if samples < size else None)
    try:
        yield
    finally:
        _batch.reset(token)


@contextmanager
def in_traced_batch(share: Any) -> Generator[None]:
    """Trace a batch of any fraction of a full one."""
    token = _batch.set(TracedBatch(share))
    try:
        yield
    finally:
        _batch.reset(token)
