"""Warnings of SciPy's integrators, shown at the line of the user's code that called them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import scipy

from chainrule.errors import LIBRARY_FOLDERS, warn

__all__ = ["warnings_at_caller"]

_FOLDERS = (*LIBRARY_FOLDERS, str(Path(scipy.__file__).parent))

_turn = threading.RLock()
"""Recording is of the whole process: what runs at the same time in other threads does without."""


@contextmanager
def warnings_at_caller() -> Generator[None]:
    """Issue warnings of SciPy's code at the user's line, and those of the user's where they are.

    A filter that makes them errors raises where they occur.
    """
    if not _turn.acquire(blocking=False):
        yield
        return
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            yield
    finally:
        _turn.release()
        for each in caught:
            if each.filename.startswith(_FOLDERS):
                warn(str(each.message), each.category)
            else:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
