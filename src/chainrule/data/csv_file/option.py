"""Arguments of the reader, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.arguments.checks import bad_argument, checked_choice, checked_count
from chainrule.data.column_type import MISSING
from chainrule.errors import ArgumentError

__all__ = ["Options", "checked_options"]

DECIMALS = ("auto", ".", ",")


@dataclass(frozen=True)
class Options:
    """How a file is read; None is to be inferred."""

    delimiter: str | None = None
    encoding: Any = "auto"
    missing: frozenset[str] = frozenset(MISSING)
    header: bool | None = None
    names: list[str] | None = None
    comment: str | None = None
    skip_rows: int = 0
    decimal: str | None = None
    skip_footer: int | None = None


def checked_options(
    delimiter: Any = "auto",
    encoding: Any = "auto",
    missing: Any = MISSING,
    header: Any = "auto",
    names: Any = None,
    comment: Any = None,
    skip_rows: Any = 0,
    decimal: Any = "auto",
    skip_footer: Any = "auto",
) -> Options:
    """Return the options of a call; raise ArgumentError for what is none."""
    if comment is not None and (not isinstance(comment, str) or not comment.strip()):
        raise bad_argument("read_csv", "comment", comment, 'a sign, such as "#", or None')
    return Options(
        _checked_delimiter(delimiter),
        encoding,
        _checked_missing(missing),
        _checked_header(header),
        _checked_names(names),
        comment,
        checked_count("read_csv", "skip_rows", skip_rows, 0),
        None if checked_choice("read_csv", "decimal", decimal, DECIMALS) == "auto" else decimal,
        None
        if isinstance(skip_footer, str) and skip_footer == "auto"
        else checked_count("read_csv", "skip_footer", skip_footer, 0),
    )


def _checked_delimiter(delimiter: Any) -> str | None:
    if isinstance(delimiter, str) and delimiter == "auto":
        return None
    if isinstance(delimiter, str) and delimiter in (r"\s+", r"\t"):
        here = '" ", which is any number of blanks' if delimiter == r"\s+" else r'"\t", a tab'
        raise ArgumentError(f"read_csv: delimiter is {delimiter!r}; here it is {here}")
    if (
        not isinstance(delimiter, str)
        or not 0 < len(delimiter) < 10
        or not set(delimiter).isdisjoint('"\r\n\0')
        or (len(delimiter) > 1 and (delimiter.isspace() or delimiter.strip() != delimiter))
    ):
        raise ArgumentError(
            f'read_csv: delimiter is {delimiter!r}; it must be one character, or "auto"'
        )
    return delimiter


def _checked_missing(missing: Any) -> frozenset[str]:
    try:
        signs: list[Any] = [missing] if isinstance(missing, str) else list(missing)
    except TypeError:
        signs = [None]
    if all(isinstance(each, str) for each in signs):
        # Programs write an integer such as -999 as -999.0 where others have decimals.
        integers = [each for each in signs if each.removeprefix("-").isdigit()]
        return frozenset([*signs, *(f"{each}.{'0' * n}" for each in integers for n in (1, 2, 3))])
    raise bad_argument("read_csv", "missing", missing, 'a list of texts, such as ["", "NA", "?"]')


def _checked_header(header: Any) -> bool | None:
    if isinstance(header, str) and header == "auto":
        return None
    if isinstance(header, bool):
        return header
    rule = '"auto", True if the first line names the columns, or False if it is a row'
    raise bad_argument("read_csv", "header", header, rule)


def _checked_names(names: Any) -> list[str] | None:
    if names is None:
        return None
    try:
        given: list[Any] = [None] if isinstance(names, str) else list(names)
    except TypeError:
        given = [None]
    if not given or not all(isinstance(each, str) and each.strip() for each in given):
        raise bad_argument("read_csv", "names", names, 'a list of texts, such as ["age", "town"]')
    repeated = next((each for each in given if given.count(each) > 1), None)
    if repeated is not None:
        raise ArgumentError(f"read_csv: names has {repeated!r} twice; names must be unique")
    return given
