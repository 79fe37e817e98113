"""Paths and open files as arguments of the readers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, type_in_words

__all__ = ["checked_name", "checked_path", "is_path", "read_content"]


def is_path(value: Any) -> bool:
    """Whether a value names a file: a text, or a path as `pathlib` has them."""
    return isinstance(value, str | os.PathLike)


def checked_name(function: str, value: Any) -> str:
    """Return the name of a file as a text.

    Examples
    --------
    >>> checked_name("write_idx", 3)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: write_idx: path is 3; it must be the path of a file
    """
    text: Any = os.fspath(value) if is_path(value) else None
    if not isinstance(text, str) or not text:
        raise bad_argument(function, "path", value, "the path of a file")
    if "\0" in text:
        raise ArgumentError(f"{function}: path is {text!r:.60}; no file name holds a NUL character")
    try:
        os.fsencode(text)
    except UnicodeError:
        raise bad_argument(function, "path", value, "the path of a file, in Unicode") from None
    return text


def checked_path(function: str, value: Any) -> Path:
    """Return the path of a file to be read; its existence is left to the reader."""
    text = checked_name(function, value)
    path = Path(text)
    # A terminal or /dev/zero has no end.
    if path.exists() and stat.S_ISCHR(path.stat().st_mode):
        raise ArgumentError(f"{function}: {text} is a device; give the path of a file")
    return path


def read_content(function: str, source: Any) -> bytes | str:
    """Return the whole content of a path, or of an open file from its position to its end."""
    if is_path(source):
        return checked_path(function, source).read_bytes()
    if not hasattr(source, "read"):
        raise ArgumentError(
            f"{function}: cannot read from {type(source).__name__}; give the path of a file, or an "
            "open file"
        )
    content: Any = source.read()
    if not isinstance(content, bytes | str):
        raise ArgumentError(
            f"{function}: {type_in_words(source)} reads {type_in_words(content)}; give the path of "
            "a file, or an open file"
        )
    return content
