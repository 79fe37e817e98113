"""The reader of delimited text: bytes, encoding, dialect, rows, columns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.data.csv_file.reader import read_csv, read_csv_text, read_table, warn_of_guesses

__all__ = ["read_csv", "read_csv_text", "read_table", "warn_of_guesses"]

if not TYPE_CHECKING:  # type checkers must still reject unknown names

    def __getattr__(name: str) -> object:
        """Import the reader when it is first used: most programs read no such file."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.data.csv_file import reader

        return getattr(reader, name)
