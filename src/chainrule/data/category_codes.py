"""Codes of cells among known categories: by their text, or else by the number that they spell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cell import as_float, is_missing, text_of, value_of

__all__ = ["AMBIGUOUS", "UNSEEN", "category_codes"]

UNSEEN, AMBIGUOUS = -1, -2


def category_codes(cells: Iterable[Any], values: Sequence[str]) -> NDArray[np.intp]:
    """Return the position of each cell among categories, `UNSEEN` or `AMBIGUOUS`.

    A text is first compared as it is written: "007" and "7" are two categories. A number or truth
    value has lost how it was written: it is the category that is equal to it, if there is one. It
    is ambiguous if there are several.

    Examples
    --------
    >>> category_codes(["007", 7, True, 12.0, "x2"], ["007", "012", "TRUE", "x1"])
    array([ 0,  0,  2,  1, -1])
    """
    codes, keys = _Codes(values), list(cells)
    if not {*map(type, keys)} <= {str, int, bool}:
        keys = [_key(cell) for cell in keys]
    found = {key: codes.find(key) for key in {*keys}}
    return np.fromiter(map(found.__getitem__, keys), np.intp, len(keys))


def _key(cell: Any) -> Any:
    """Return a text or number, which can be looked up; equal numbers have equal codes."""
    is_plain = isinstance(cell, str | bool | int | float | np.generic) and not is_missing(cell)
    return cell if is_plain else text_of(cell)


class _Codes:
    """Categories by text and by value."""

    def __init__(self, values: Sequence[str]) -> None:
        self._by_text = {value: code for code, value in enumerate(values)}
        self._by_value: dict[float, list[int]] = {}
        # Integers beyond 2**53 that have become floats are only known by their rounded value.
        self._by_rounded: dict[float, list[int]] = {}
        for code, text in enumerate(values):
            value = value_of(text)
            if value is not None:
                self._by_value.setdefault(value, []).append(code)
                self._by_rounded.setdefault(as_float(value), []).append(code)

    def find(self, cell: Any) -> int:
        code = self._by_text.get(text_of(cell), UNSEEN)
        value = value_of(cell)
        if value is None or (isinstance(cell, str) and code != UNSEEN):
            return code
        known = self._by_rounded if isinstance(value, float) else self._by_value
        equal = known.get(value, [])
        if len(equal) == 1:
            return equal[0]
        return AMBIGUOUS if equal and not isinstance(cell, str) else UNSEEN
