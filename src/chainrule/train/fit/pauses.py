"""Pauses between the steps of a training, in which checkpoints are written."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Pauses"]


class Pauses(Protocol):
    """What happens between steps, for checkpoints."""

    def before_steps(self) -> None:
        """Note that some steps follow."""
        ...

    def steps_left(self) -> int | None:
        """Return how many steps the next native call may make at most; None for any number."""
        ...

    def after_steps(self) -> None:
        """Note that some steps are done."""
        ...
