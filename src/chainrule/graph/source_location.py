"""Source locations: the line of the user's code that created a node."""

from __future__ import annotations

import sys
from types import FrameType

from chainrule.errors import LIBRARY_FOLDERS

__all__ = ["frame_at", "user_line"]

frame_at = sys._getframe  # pyright: ignore[reportPrivateUsage]
"""``frame_at(n)``: the n-th calling frame."""


def user_line(frame: FrameType | None) -> tuple[str, int] | None:
    """Return file and line of the innermost frame outside this package and NumPy."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None
