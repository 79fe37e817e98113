"""A table read in chunks is the table read at once."""

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import data
from chainrule.data.column_type import MISSING, empty_missing
from chainrule.data.csv_file import byte_stream, read_csv_text, stream
from chainrule.data.csv_file.option import checked_options
from chainrule.errors import FormatError

ROWS = "".join(f'{i},"town {i % 3}",{i / 7:.3f}\n' for i in range(50))
ZIPPED = io.BytesIO()
with zipfile.ZipFile(ZIPPED, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("t.csv", "a,b,c\n" + ROWS)
FILES = {
    "plain": ("a,b,c\n" + ROWS).encode(),
    "mark": ("a,b,c\n" + ROWS).encode("utf-8-sig"),
    "utf16": ("a,b,c\nÄ,b,c\n" + ROWS).encode("utf-16"),
    "utf16 without a mark": ("a,b,c\nx,b,c\n" + ROWS).encode("utf-16-le"),
    "cp1252": ("größe,b,c\n" + ROWS.replace("town", "Ölfaß")).encode("cp1252"),
    "carriage returns": ("a,b,c\n" + ROWS).replace("\n", "\r\n").encode(),
    "old Macintosh": ("a,b,c\n" + ROWS).replace("\n", "\r").encode(),
    "semicolons": ("a;b;c\n" + ROWS.replace(",", ";").replace(".", ",")).encode(),
    "separator": ("sep=;\na;b;c\n" + ROWS.replace(",", ";")).encode(),
    "quoted newlines": ("a,b,c\n" + ROWS.replace("town ", "town\n")).encode(),
    "escaped quotes": ("a,b,c\n" + ROWS.replace("town ", 'the \\"town\\" ')).encode(),
    "title": ("Towns of 2024\n\na,b,c\n" + ROWS).encode(),
    "row names": ("b,c\n" + ROWS.partition("\n")[2]).encode(),
    "sums": ("a,b,c\n" + ROWS + "Total,,12.5\n").encode(),
    "empty rows": ("a,b,c\n" + ROWS + ",,\n,,\n1,x,2\n,,\n,,\n" + 9 * ",,\n").encode(),
    "missing": ("a,b,c\n" + ROWS.replace("0.143", "NA")).encode(),
    "one column": ("a\n" + "".join(f"{i}\n" for i in range(30))).encode(),
    "one row": b"a,b\n1,2\n",
    "gzip": gzip.compress(("a,b,c\n" + ROWS).encode()),
    "bz2": bz2.compress(("a,b,c\n" + ROWS).encode()),
    "xz": lzma.compress(("a,b,c\n" + ROWS).encode()),
    "zip": ZIPPED.getvalue(),
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(byte_stream, "BEGINNING", 400)


def streamed(content: bytes, **options: Any) -> dict[str, list[str]]:
    table = stream.table_stream(io.BytesIO(content), "read_csv: t", checked_options(**options))
    columns: dict[str, list[str]] = {name: [] for name in table.names}
    for chunk in table.chunks:
        assert chunk.first == len(columns[table.names[0]])
        for name, cells in chunk.cells.items():
            empty_missing(cells, frozenset(MISSING))
            columns[name] += cells
    return columns


@pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")
@pytest.mark.parametrize("name", FILES)
def test_chunks_are_the_rows_of_the_whole_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(FILES[name])
    expected = {key: cells.tolist() for key, cells in read_csv_text(path).items()}
    assert streamed(FILES[name]) == expected


@pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")
@pytest.mark.parametrize(
    "options", [{"skip_footer": 3}, {"header": False, "comment": "#"}, {"comment": "#"}]
)
def test_options_mean_the_same(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(FILES["plain"] + b"# end\n")
    whole = data.read_csv(path, **options)
    chunks = streamed(path.read_bytes(), **options)
    assert list(chunks) == list(whole)
    assert all(len(chunks[name]) == len(whole[name]) for name in whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"a,b\n", "there is no row after the header"),
        (FILES["plain"] + b"1,2,3,4\n", "line 52 has 4 cells"),
        (FILES["plain"] + b"\xff\xfe,2,3\n", "the text is utf-8 up to line"),
        (FILES["plain"] + b'1,"open,3\n', "cannot be parsed"),
        (FILES["gzip"][:-20], "damaged"),
        (b"%PDF-1.7 " + bytes(500), "PDF"),
        (b"{" + b'"a": 1,' * 100 + b'"b": 2}', "JSON"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        streamed(content)


def test_memory_does_not_depend_on_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS_AT_ONCE", 500)
    monkeypatch.setattr(byte_stream, "BEGINNING", 1 << 14)

    class Endless(io.RawIOBase):
        rows = 20_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            if not self.rows:
                return 0
            text = b"1.25,some words\n" * min(len(buffer) // 16, self.rows)
            self.rows -= len(text) // 16
            buffer[: len(text)] = text
            return len(text)

    tracemalloc.start()
    table = stream.table_stream(
        io.BufferedReader(Endless(), 1 << 14), "t", checked_options(header=False)
    )
    count = sum(len(np.asarray(chunk.cells["column_1"])) for chunk in table.chunks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 1.2e6
