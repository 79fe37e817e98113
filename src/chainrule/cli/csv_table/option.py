"""The options of commands for files of tables: how they are read, and what their columns are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from chainrule.data.column_type import MISSING
from chainrule.data.csv_file.option import Options, checked_options
from chainrule.data.formats.date_format import checked_date_format
from chainrule.errors import ArgumentError

__all__ = [
    "KINDS",
    "TableOptions",
    "options_of",
    "reading_options",
    "reading_options_of",
    "table_options",
]

_READING = ("encoding", "decimal", "comment", "skip_rows", "skip_footer")
KINDS = ("class", "number")
_DELIMITERS = {r"\t": "\t", "tab": "\t", "space": " ", r"\s+": " "}
Command = TypeVar("Command", bound=Callable[..., Any])


class _TestSize(click.ParamType[float]):
    """A fraction, or a number of rows."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            size = int(value) if str(value).isdigit() else float(value)
        except ValueError:
            size = 0.0
        if not (0 < size < 1 or (isinstance(size, int) and size >= 1)):
            self.fail(f"{value!r} is no test part; give a fraction such as 0.2, or a number")
        return size


@dataclass(frozen=True)
class TableOptions:
    """How a file is read, and what its columns are; what is not given is inferred.

    Parameters
    ----------
    reading : dict
        Arguments of `chainrule.data.read_csv`.
    dates : dict of str to str or None
        Columns of dates, and how they are written.
    texts, numbers : tuple of str
        Columns of categories, and of numbers.
    missing : tuple of str
        Cells that are missing in all columns, besides the usual ones.
    kind : {"class", "number"} or None
        What the target is.
    test_size : float or int
        The test part, as that of `chainrule.data.split`.
    """

    reading: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dates: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    kind: str | None = None
    test_size: float = 0.2

    @property
    def declared(self) -> tuple[str, ...]:
        """The columns whose kind is given."""
        return (*self.dates, *self.texts, *self.numbers)

    def read_options(self) -> Options:
        """Return the options of the reader, checked."""
        return checked_options(**self.arguments)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `chainrule.data.read_csv`."""
        missing = {"missing": [*MISSING, *self.missing]} if self.missing else {}
        return dict(self.reading) | missing


def table_options(command: Command) -> Command:
    """Add the options for files of tables to a command, which takes them as keywords."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reading_options(command: Command) -> Command:
    """Add the options that say how a file is written to a command, which takes them as keywords."""
    for option in reversed(_READING_OPTIONS):
        command = option(command)
    return command


def reading_options_of(given: Mapping[str, Any]) -> TableOptions:
    """Return the options of `reading_options` that were given to a command."""
    return TableOptions(reading=_reading(given), missing=given["missing"])


def options_of(given: Mapping[str, Any]) -> TableOptions | None:
    """Return the options that were given to a command; None if there are none.

    Raises
    ------
    UsageError
        For a value out of range.
    """
    if all(value in (None, ()) for value in given.values()):
        return None
    dates = dict(_date(text) for text in given["date"])
    declared = (*dates, *given["text"], *given["number"])
    twice = next((name for name in declared if declared.count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(
            f"column {twice!r} is declared twice; name it by one of --date, --text and --number"
        )
    return TableOptions(
        _reading(given),
        dates,
        given["text"],
        given["number"],
        given["missing"],
        given["target_kind"],
        0.2 if given["test_size"] is None else given["test_size"],
    )


def _reading(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `chainrule.data.read_csv` that were given, but for `missing`."""
    reading = {name: given[name] for name in (*_READING, "header")}
    delimiter = given["delimiter"]
    reading["delimiter"] = _DELIMITERS.get(delimiter or "", delimiter)
    reading["names"] = given["names"].split(",") if given["names"] else None
    return {name: value for name, value in reading.items() if value is not None}


def _date(text: str) -> tuple[str, str | None]:
    """Return the name and the format that ``--date COLUMN=FORMAT`` gives."""
    name, mark, written = text.partition("=")
    if not mark:
        return name, None
    try:
        return name, checked_date_format("--date", written)
    except ArgumentError as error:
        raise click.UsageError(str(error)) from None


_READING_OPTIONS = (
    click.option(
        "--missing", metavar="TEXT", multiple=True, help="A cell that is missing; repeatable."
    ),
    click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark of numbers."),
    click.option("--delimiter", metavar="TEXT", help="What separates columns: ';', tab, ..."),
    click.option("--encoding", metavar="NAME", help="The text encoding, such as cp1252."),
    click.option(
        "--header/--no-header", default=None, help="Whether the first line names the columns."
    ),
    click.option("--names", metavar="A,B,...", help="Names of the columns."),
    click.option("--comment", metavar="SIGN", help="Sign after which a line is a comment."),
    click.option(
        "--skip-rows", type=click.IntRange(min=0), metavar="N", help="Lines to skip in front."
    ),
    click.option(
        "--skip-footer", type=click.IntRange(min=0), metavar="N", help="Lines to skip at the end."
    ),
)

_OPTIONS = (
    click.option(
        "--target-kind",
        type=click.Choice(KINDS),
        help="Whether the target is classes or numbers; inferred if not given.",
    ),
    click.option("--text", metavar="COLUMN", multiple=True, help="A column of categories."),
    click.option("--number", metavar="COLUMN", multiple=True, help="A column of numbers."),
    click.option(
        "--date",
        metavar="COLUMN[=FORMAT]",
        multiple=True,
        help="A column of dates, written as in day=%d/%m/%Y.",
    ),
    *_READING_OPTIONS,
    click.option(
        "--test-size",
        type=_TestSize(),
        metavar="SIZE",
        help="The part of the rows for test, or their number; 0.2 if not given.",
    ),
)
