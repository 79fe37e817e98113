"""The reader of delimited text: bytes, encoding, dialect, rows, columns."""

from chainrule.data.csv_file.reader import read_csv, read_csv_text, read_table, warn_of_guesses

__all__ = ["read_csv", "read_csv_text", "read_table", "warn_of_guesses"]
