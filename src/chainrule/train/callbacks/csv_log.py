"""`CSVLog`: a callback that writes the history of training as a CSV file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DataError, warn
from chainrule.storage import append, checked_target, expanded, write_atomically
from chainrule.train.callbacks.callback import Callback

__all__ = ["CSVLog"]


@answers_foreign_names(FIT_ALIASES)
class CSVLog(Callback):
    """Write a row of a CSV file after each epoch: its number, loss, metrics and learning rate.

    The file is the history of the network since `Network.compile`: a run that goes on, by another
    call of ``fit`` or from a checkpoint, keeps the rows of the epochs before it, and a run that
    begins anew replaces the file. Each row is in the file before the next epoch begins.

    Parameters
    ----------
    path : str or path
        The file; its folder must exist.
    separator : str
        The character between two values.

    Raises
    ------
    ArgumentError
        For a separator that is not one character.
    DataError
        If training begins while the file holds something else, or rows of other columns.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> net = cr.Network([nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> history = net.fit(np.eye(4), np.eye(4)[:, :1], epochs=2, callbacks=CSVLog(path), verbose=0)
    >>> path.read_text().splitlines()[0]
    'epoch,loss,learning_rate,seconds'
    """

    def __init__(self, path: str | os.PathLike[str], separator: str = ",") -> None:
        try:
            self.path = Path(expanded(os.fsdecode(path)))
        except TypeError:
            raise bad_argument("CSVLog", "path", path, "the path of a file") from None
        if type(separator) is not str or len(separator) != 1 or separator in '"\r\n':
            raise bad_argument("CSVLog", "separator", separator, 'one character, not "')
        self.separator = separator
        self._columns: list[str] = []
        self._size: int | None = None
        self._warned: list[str] = []

    def on_fit_start(self, net: Any) -> None:
        """Raise if the file cannot be written, or holds something else."""
        checked_target(self.path)
        self._size, self._warned = None, []
        self._rows()

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Add the row of an epoch."""
        if self._size != self._size_of_file():  # of another run, or with rows after a checkpoint
            self._begin(epoch, ["epoch", *logs])
        row = {"epoch": epoch} | {name: float(value) for name, value in logs.items()}
        if unknown := sorted(set(row).difference(self._columns, self._warned)):
            self._warned += unknown
            warn(
                f"CSVLog: the logs of epoch {epoch} have {', '.join(unknown)}, for which the file "
                "has no column; report the same quantities in every epoch"
            )
        append(self.path, self._line(row.get(name, "") for name in self._columns))
        self._size = self._size_of_file()

    def _begin(self, epoch: int, columns: list[str]) -> None:
        """Write the header, and the rows of the epochs before this one."""
        found, rows = self._rows()
        kept = [row for row in rows if int(row[0]) < epoch]
        if kept and found != columns:
            raise DataError(
                f"CSVLog: {os.fspath(self.path)!r} has the columns {', '.join(found)}, but this "
                f"run reports {', '.join(columns)}; give another path"
            )
        write_atomically(self.path, b"".join(map(self._line, [columns, *kept])))
        self._columns = columns

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """Return the header of the file and its rows; neither if there is no file."""
        try:
            text = self.path.read_bytes().decode()
        except FileNotFoundError:
            return [], []
        except UnicodeDecodeError:
            text = "\0"
        if not text:
            return [], []
        header, *rows = csv.reader(io.StringIO(text), delimiter=self.separator)
        if header[:1] != ["epoch"] or not all(row and row[0].isdigit() for row in rows):
            raise DataError(
                f"CSVLog: {os.fspath(self.path)!r} exists, and is no log of the separator "
                f"{self.separator!r}; give another path, or delete the file"
            )
        return header, [row for row in rows if len(row) == len(header)]

    def _line(self, values: Iterable[Any]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator, lineterminator="\n").writerow(values)
        return text.getvalue().encode()

    def _size_of_file(self) -> int:
        return self.path.stat().st_size if self.path.exists() else -1

    def __repr__(self) -> str:
        return f"CSVLog({os.fspath(self.path)!r})"
