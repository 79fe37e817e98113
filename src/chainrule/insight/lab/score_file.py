"""The score file: a small JSON file of what was answered.

It is ``chainrule_lab.json`` in the current folder, or what the environment variable CHAINRULE_LAB
names: a file if that ends in .json, else a folder.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from chainrule.console import encodable
from chainrule.errors import FormatError
from chainrule.storage.atomic_write import write_atomically

__all__ = ["Record", "Score", "load", "path_of_scores", "store"]

_VERSION = 1


@dataclass(frozen=True)
class Record:
    """What is known of one exercise."""

    attempts: int = 0
    done: bool = False
    revealed: bool = False
    """Whether the solution was shown before a right answer: it gives no points then."""


@dataclass(frozen=True, repr=False)
class Score:
    """Points so far.

    Parameters
    ----------
    points, possible : int
        Points, and those of all exercises.
    done, exercises : int
        Exercises answered, and all.
    path : Path
        The score file.
    """

    points: int
    possible: int
    done: int
    exercises: int
    path: Path

    def __str__(self) -> str:
        return encodable(
            f"{self.points} of {self.possible} points, {self.done} of {self.exercises} exercises "
            f"done ({self.path})"
        )

    __repr__ = __str__


def path_of_scores() -> Path:
    """Return the path of the score file, which need not exist."""
    place = Path(os.environ.get("CHAINRULE_LAB") or ".")
    return place if place.suffix == ".json" else place / "chainrule_lab.json"


def load() -> dict[str, Record]:
    """Read the score file; there are no records without one.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    path = path_of_scores()
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        return _records(json.loads(content))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(
            f"{path}: not a score file of cr.lab ({error}); rename or delete it to begin anew, or "
            "set the environment variable CHAINRULE_LAB to another folder"
        ) from None


def _records(content: Any) -> dict[str, Record]:
    if not isinstance(content, dict):
        raise ValueError("its outermost value is no object")
    content = cast(dict[str, Any], content)
    if content.get("version") != _VERSION:
        raise ValueError(f"its version is {content.get('version')!r}, this program reads 1")
    rows = content.get("exercises")
    if not isinstance(rows, dict):
        raise ValueError("it has no object 'exercises'")
    return {name: _record(name, row) for name, row in cast(dict[str, Any], rows).items()}


def _record(name: str, row: Any) -> Record:
    kinds = {"attempts": int, "done": bool, "revealed": bool}
    if not isinstance(row, dict) or set(cast(dict[str, Any], row)) != set(kinds):
        raise ValueError(f"the record {name!r} has other fields than {', '.join(kinds)}")
    row = cast(dict[str, Any], row)
    if any(type(row[field]) is not kind for field, kind in kinds.items()) or row["attempts"] < 0:
        raise ValueError(f"the record {name!r} has a value of another kind")
    return Record(**row)


def store(records: dict[str, Record]) -> None:
    """Write the score file atomically.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    rows = {name: dict(vars(record)) for name, record in sorted(records.items())}
    text = json.dumps({"version": _VERSION, "exercises": rows}, indent=1)
    write_atomically(path_of_scores(), (text + "\n").encode())
