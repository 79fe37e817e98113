"""Paths and open files as arguments of the readers."""

from __future__ import annotations

import errno
import itertools
import os
import re
import stat
from pathlib import Path
from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, type_in_words
from chainrule.storage import expanded

__all__ = ["checked_name", "checked_path", "is_path", "read_content"]


def is_path(value: Any) -> bool:
    """Whether a value names a file: a text, or a path as `pathlib` has them."""
    return isinstance(value, str | os.PathLike)


def checked_name(function: str, value: Any) -> str:
    """Return the name of a file as a text, ``~`` expanded.

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
    return expanded(text)


def checked_path(function: str, value: Any) -> Path:
    """Return the path of a file to be read; raise OSError if there is none.

    Examples
    --------
    >>> checked_path("read_csv", "https://example.org/t.csv")
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: read_csv: https://example.org/t.csv is an address; download it,
    by urllib.request.urlretrieve(address, "t.csv"), and give the path
    """
    text = checked_name(function, value)
    if re.match(r"[a-z][a-z0-9+]+://", text):
        name = text.rstrip("/").rpartition("/")[2] or "file"
        raise ArgumentError(
            f"{function}: {text:.100} is an address; download it, by "
            f'urllib.request.urlretrieve(address, "{name:.40}"), and give the path'
        )
    if "\n" in text:
        raise ArgumentError(
            f"{function}: path is {text!r:.60}, the content of a file; give its path, or "
            "io.StringIO(content)"
        )
    path = Path(text)
    _check_file(function, path)
    return path


def _check_file(function: str, path: Path) -> None:
    """Raise an OSError that says more than Python's, if a path is not that of a file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise FileNotFoundError(
            errno.ENOENT, f"{function}: there is no such file{_hint(path)}", str(path)
        ) from None
    # A terminal or /dev/zero has no end.
    if stat.S_ISCHR(mode):
        raise ArgumentError(f"{function}: {path} is a device; give the path of a file")
    if stat.S_ISDIR(mode):
        inside = ", ".join(sorted(os.listdir(path))[:5]) or "nothing"
        raise IsADirectoryError(
            errno.EISDIR,
            f"{function}: it is a folder, which holds {inside:.200}; give the path of a file",
            str(path),
        )


def _hint(path: Path) -> str:
    """Return what is there instead: files with similar names, or the folder that exists."""
    folder = path.parent
    if not folder.is_dir():
        there = next(each for each in (*folder.parents, Path()) if each.is_dir())
        return f", nor the folder {folder}: {there.resolve()} is there"
    import difflib  # which few programs need

    files = (each.name for each in folder.iterdir() if each.is_file())
    names = sorted(itertools.islice(files, 1000))
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(path.name.lower(), lower, n=3)
    same = [name for name in names if Path(name).stem.lower() == path.stem.lower()]
    similar = list(dict.fromkeys([*same, *(lower[name] for name in close)]))[:3]
    if similar:
        return f"; {folder.resolve()} has {', '.join(similar)}"
    tables = [name for name in names if Path(name).suffix.lower() == path.suffix.lower()][:3]
    return f" in {folder.resolve()}" + (f", which has {', '.join(tables)}" if tables else "")


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
