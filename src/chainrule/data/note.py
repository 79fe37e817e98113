"""Notes on what a reader inferred from a file."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Note"]


class Note(NamedTuple):
    """One inference, such as "columns are separated by ';'".

    A guess may be wrong, and raises a warning; other inferences leave no doubt. A column that is
    declared needs no guess.
    """

    text: str
    is_guess: bool = False
    column: str = ""
