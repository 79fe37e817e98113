"""Source locations: the line of the user's code that created a node."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from types import FrameType

from chainrule.errors import LIBRARY_FOLDERS

__all__ = ["frame_at", "is_library_class", "is_library_file", "user_line"]

frame_at = sys._getframe  # pyright: ignore[reportPrivateUsage]
"""``frame_at(n)``: the n-th calling frame."""


def user_line(frame: FrameType | None) -> tuple[str, int] | None:
    """Return file and line of the innermost frame outside this package and NumPy."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file not in _our_files:
            if not file.startswith(LIBRARY_FOLDERS):
                return file, frame.f_lineno
            _our_files.add(file)
        frame = frame.f_back
    return None


_our_files: set[str] = set()


_STANDARD_LIBRARY = os.path.dirname(os.__file__)


@lru_cache(8192)
def is_library_file(filename: str) -> bool:
    """Whether code is part of this package, of Python or of an installed package."""
    return filename.startswith((*LIBRARY_FOLDERS, _STANDARD_LIBRARY, "<frozen ")) or (
        "site-packages" in filename or "dist-packages" in filename
    )


def is_library_class(kind: type) -> bool:
    """Whether a class is built in, or defined at the top of a module of such code."""
    if kind.__module__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}:
        return True
    module = sys.modules.get(kind.__module__)
    outermost = kind.__qualname__.partition(".")[0]
    is_there = getattr(module, outermost, None) is not None
    return is_there and is_library_file(getattr(module, "__file__", None) or "")
