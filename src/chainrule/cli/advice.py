"""Advice of the library in the options of the command line: ``drop=['x']`` is ``--drop x``."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable
from typing import Any

__all__ = ["OPTIONS", "in_options"]

OPTIONS = {
    "encoding": "--encoding",
    "delimiter": "--delimiter",
    "decimal": "--decimal",
    "missing": "--missing",
    "comment": "--comment",
    "skip_rows": "--skip-rows",
    "skip_footer": "--skip-footer",
    "names": "--names",
    "drop": "--drop",
    "test_size": "--test-size",
}
"""Arguments of `chainrule.data.read_csv`, `Table` and `split`, and the options that set them."""

_TEXT = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_VALUE = rf"\[(?:{_TEXT}|[^\]\"'])*\]|{_TEXT}|\.\.\.|[\w.]+\b"
_ARGUMENT = re.compile(rf"\b({'|'.join(OPTIONS)}|header)=({_VALUE})")
_COLUMN = re.compile(
    r"data\.(Category|Number|Date)\(('[^']*'|\"[^\"]*\")(?:, (format|decimal)=('[^']*'|\.\.\.))?\)"
)
_FORCED = {"Category": "--text", "Number": "--number", "Date": "--date"}


def in_options(message: str) -> str:
    """Return a message with options of the command line for arguments in Python.

    Examples
    --------
    >>> print(in_options("leave it out with drop=['a b'], or declare data.Category('a b')"))
    leave it out with --drop 'a b', or declare --text 'a b'
    >>> print(in_options("pass missing=['', '?', '-'], decimal=',' or header=False"))
    pass --missing '?' --missing -, --decimal , or --no-header
    """
    return _ARGUMENT.sub(_option, _COLUMN.sub(_declaration, message))


def _declaration(found: re.Match[str]) -> str:
    kind, name, argument, value = found.groups()
    column = shlex.quote(ast.literal_eval(name))
    if argument == "format":
        written = "..." if value == "..." else ast.literal_eval(value)
        return f"--date {shlex.quote(f'{ast.literal_eval(name)}={written}')}"
    forced = f"{_FORCED[kind]} {column}"
    return forced if argument is None else f"{forced} --decimal {value.strip(chr(39))}"


def _option(found: re.Match[str]) -> str:
    name, written = found.groups()
    if name == "header":
        return "--no-header" if written == "False" else "--header"
    values = _values(written)
    if name == "names":
        return f"--names {shlex.quote(','.join(values))}"
    return " ".join(f"{OPTIONS[name]} {shlex.quote(value)}" for value in values if value)


def _values(written: str) -> Iterable[str]:
    """Return what is written as Python, a text or a list of them; `...` as it is."""
    try:
        value: Any = ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return [written]
    values = value if isinstance(value, list) else [value]
    return ["..." if each is ... else str(each) for each in values]
