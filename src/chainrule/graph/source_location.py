"""Where in the user's code something was made."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import numpy as np

__all__ = ["frame_at", "user_line"]

frame_at = sys._getframe  # pyright: ignore[reportPrivateUsage]
"""The frame so many calls outwards."""

_OWN_FOLDERS = (str(Path(__file__).parents[1]), str(Path(np.__file__).parent))


def user_line(frame: FrameType | None) -> tuple[str, int] | None:
    """Find the innermost line, from a frame outwards, that is neither ours nor NumPy's."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OWN_FOLDERS):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None
