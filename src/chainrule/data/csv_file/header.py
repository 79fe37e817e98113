"""Whether the first record of a table names the columns, or is a row like the others."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

__all__ = [
    "is_header",
    "is_number_like",
    "looks_like_row",
    "names_numbers",
    "numeric_columns",
    "recurring",
    "says_missing",
]

_NUMBER = re.compile(r"[-+($€£¥ ]*\.?\d[\d.,:/'’ \u00a0\u202f+eETZ%€$£)-]*")
# Fewer words than those of `formats.missing`: a column may be called "error" or "empty".
_MISSING = {"na", "n/a", "nan", "null", "none", "nil", "missing", "unknown"}
_MOST = 0.9
"""Share of numbers that make a column one of numbers."""


@lru_cache(maxsize=8192)  # a cell is looked at by the delimiter's rules and by the header's
def is_number_like(cell: str) -> bool:
    """Whether a cell is an amount, a date or a time, in any country's spelling."""
    return _NUMBER.fullmatch(cell.strip()) is not None


@lru_cache(maxsize=8192)
def says_missing(cell: str) -> bool:
    """Whether a cell is empty, or denotes a missing value by a sign or a word."""
    return not any(map(str.isalnum, cell)) or cell.strip().lower() in _MISSING


def looks_like_row(first: list[str], body: list[list[str]]) -> bool:
    """Whether a record is a row like those after it, rather than the names of their columns.

    It is one if most of the columns of numbers have a number in it. Numbers in equal steps, such as
    0, 1, 2 or years, name columns. In a table of words it is one if each of them occurs again.
    """
    body = [row for row in body if len(row) == len(first)]
    columns = list(zip(*body, strict=True))
    if not columns:
        return False
    numeric = [_are_numbers(cells) for cells in columns]
    pairs = list(zip(first, numeric, strict=True))
    names = sum(
        is_numeric and not is_number_like(cell) and not says_missing(cell)
        for cell, is_numeric in pairs
    )
    numbers = [cell for cell, is_numeric in pairs if is_numeric and is_number_like(cell)]
    if any(numeric):
        # pandas numbers columns from 0, and gives the index no name.
        counted = [str(number) for number in range(len(first))]
        if (len(first) > 1 and first == counted) or (not first[0] and first[1:] == counted[:-1]):
            return False
        steps = [_steps([row[i] for i, each in enumerate(numeric) if each]) for row in body[:1]]
        if len(numbers) == sum(numeric) and _steps(numbers) and not any(steps):
            return False
        return len(numbers) > names and not (_are_years(numbers) and not _are_years(body[0]))
    return _all_occur_again(first, columns)


def _are_years(cells: list[str]) -> bool:
    """Whether all cells of numbers are years."""
    numbers = [cell for cell in cells if is_number_like(cell)]
    return bool(numbers) and all(re.fullmatch("(?:1[89]|20)\\d\\d", cell) for cell in numbers)


def is_header(first: list[str], body: list[list[str]]) -> bool:
    """Whether a record names columns, some of them of numbers, beyond doubt."""
    rows = [row for row in body if len(row) == len(first)]
    return any(map(_are_numbers, zip(*rows, strict=True))) and not looks_like_row(first, rows)


def recurring(first: list[str], body: list[list[str]]) -> str | None:
    """Return a word of a record that occurs again in its column, in other rows than repetitions."""
    rows = [row for row in body if len(row) == len(first) and row != first]
    for cell, *column in zip(first, *rows, strict=True):
        if column and cell in column and not says_missing(cell) and not _are_numbers(tuple(column)):
            return cell
    return None


def names_numbers(first: list[str], body: list[list[str]]) -> bool:
    """Whether a record has a word in a column of numbers."""
    rows = [row for row in body if len(row) == len(first)]
    return any(
        not is_number_like(cell) and not says_missing(cell) and all(map(is_number_like, column))
        for cell, *column in zip(first, *rows, strict=True)
        if column
    )


def numeric_columns(rows: list[list[str]]) -> list[bool]:
    """Return which columns of rows of one width are of numbers."""
    return [_are_numbers(cells) for cells in zip(*rows, strict=True)]


def _are_numbers(cells: tuple[str, ...]) -> bool:
    present = [cell for cell in cells if not says_missing(cell)]
    return bool(present) and sum(map(is_number_like, present)) >= _MOST * len(present)


def _steps(cells: list[str]) -> bool:
    """Whether cells are numbers in equal steps: 0 and 1 and so on, or three of any others."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return False
    if numbers == list(range(len(numbers))):
        return len(numbers) > 1
    steps = {round(b - a, 9) for a, b in itertools.pairwise(numbers)}
    return len(numbers) > 2 and len(steps) == 1 and steps != {0.0}


def _all_occur_again(first: list[str], columns: list[tuple[str, ...]]) -> bool:
    """Whether all words of a record occur again, in other rows than its repetitions."""
    others = [row for row in zip(*columns, strict=True) if list(row) != first]
    if len(first) < 2 or len(others) < 3:
        return False
    return all(
        cell in set(cells) for cell, cells in zip(first, zip(*others, strict=True), strict=True)
    )
