"""Columns of a file, with how they are written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from chainrule.data.formats.number_format import NumberFormat
from chainrule.data.named_columns import NamedColumns
from chainrule.data.note import Note

__all__ = ["FileColumns"]


class FileColumns(NamedColumns):
    """The columns of a file, with how they are written in it.

    Parameters
    ----------
    columns : dict of str to array, (n,)
        The cells.
    formats : dict of str to NumberFormat
        How numbers are written: a `Table` keeps it, so that other files are read alike.
    texts : dict of str to array of str, (n,)
        The cells as they are written, of numbers that are not as programs write them.
    notes : sequence of Note
        What was inferred.
    delimiter : str
        That of the file.
    """

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]],
        formats: Mapping[str, NumberFormat],
        texts: Mapping[str, NDArray[Any]] | None = None,
        notes: Sequence[Note] = (),
        delimiter: str = "",
    ) -> None:
        super().__init__(columns)
        self.formats, self.texts = dict(formats), dict(texts or {})
        self.notes, self.delimiter = tuple(notes), delimiter

    def of(self, columns: Mapping[str, NDArray[Any]]) -> FileColumns:
        """Return some of the columns."""
        texts = {name: cells for name, cells in self.texts.items() if name in columns}
        return FileColumns(columns, self.formats, texts, delimiter=self.delimiter)

    def rows(self, selection: Any) -> FileColumns:
        """Return some rows."""
        columns, texts = (
            {name: cells[selection] for name, cells in each.items()} for each in (self, self.texts)
        )
        return FileColumns(columns, self.formats, texts, delimiter=self.delimiter)
