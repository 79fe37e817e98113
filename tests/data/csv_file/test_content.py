"""What a file is: compressed tables are read, everything else is named."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import read_csv
from chainrule.data.csv_file import content as content_of_files
from chainrule.errors import FormatError

TEXT = b"a,b\n1,x\n2,y\n"


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in members.items():
            archive.writestr(name, each)
    return file.getvalue()


def archived() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("t.csv"))
    return file.getvalue()


def saved(save: object, value: object) -> bytes:
    file = io.BytesIO()
    save(file, value)  # type: ignore[operator]
    return file.getvalue()


def test_a_compressed_table_is_the_table() -> None:
    compressed = {
        "gzip": gzip.compress(TEXT),
        "two members of gzip": gzip.compress(TEXT[:6]) + gzip.compress(TEXT[6:]),
        "gzip in UTF-16": gzip.compress(TEXT.decode().encode("utf-16")),
        "bz2": bz2.compress(TEXT),
        "xz": lzma.compress(TEXT),
        "zip": zipped({"t.csv": TEXT}),
        "zip of macOS": zipped({"a/": b"", "a/t.csv": TEXT, "__MACOSX/t.csv": b"\0"}),
        "zip of gzip": zipped({"t.csv": gzip.compress(TEXT)}),
    }
    for name, content in compressed.items():
        columns = read_csv(io.BytesIO(content))
        assert {key: cells.tolist() for key, cells in columns.items()} == {
            "a": [1, 2],
            "b": ["x", "y"],
        }, name


PAGE = b"<!DOCTYPE html>\n<html lang=en>\n<head><title>t.csv</title></head>\n</html>\n"
KINDS = {
    "xlsx.*save the sheet as CSV": zipped({"xl/workbook.xml": b"<workbook/>"}),
    "spreadsheet or document .ods": zipped({"mimetype": b"x", "content.xml": b"<x/>"}),
    "document .docx": zipped({"word/document.xml": b"<x/>"}),
    "zip archive of 2 files .a.csv, b.csv.*unpack it": zipped({"a.csv": TEXT, "b.csv": TEXT}),
    "numpy.load": saved(np.savez, np.zeros(3)),
    "array of NumPy": saved(np.save, np.zeros(3)),
    "xls, or another": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(200),
    r"web page \(HTML\)": PAGE,
    "HTML": b"\xef\xbb\xbf \n<html><body>404</body></html>",
    "pandas.read_html": b"<table><tr><td>1</td></tr></table>",
    "XML of Excel": b'<?xml version="1.0"?>\n<Workbook xmlns="x"></Workbook>',
    "pandas.read_xml": b'<?xml version="1.0"?>\n<rows><row a="1"/></rows>',
    r"JSON; read it by pandas.read_json\(path\)": json.dumps([{"a": 1}, {"a": 2}]).encode(),
    "read_json": json.dumps({"a": [1, 2]}, indent=2).encode(),
    "JSON; .*lines=True": b'{"a": 1}\n{"a": 2}\n',
    "JSON": b'[{"a": 1, "y": "no"},\n {"a": 2, "y"',
    "git lfs pull": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
    "git annex get": b"../.git/annex/objects/ab/SHA256-s12--4d",
    "read_parquet": b"PAR1" + bytes(range(200)),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "PNG.*data.images": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "SQLite": b"SQLite format 3\0" + bytes(80),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(80),
    "zstd -d": b"\x28\xb5\x2f\xfd\x04\x58" + bytes(9),
    "tar archive": archived(),
    "pickle": pickle.dumps({"a": [1, 2]}),
    "scipy.io.arff": b"% a comment\n@RELATION iris\n@ATTRIBUTE a REAL\n@DATA\n1\n",
    "load_svmlight_file": b"1 1:0.5 3:0.2\n-1 2:1\n",
    "gzip and damaged": gzip.compress(TEXT * 100)[:-20],
    "bz2 and damaged": bz2.compress(TEXT)[:-9],
    "xz and damaged": lzma.compress(TEXT)[:-9],
    "zip archive and damaged": zipped({"t.csv": TEXT})[:60],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_named(kind: str) -> None:
    with pytest.raises(FormatError, match=kind) as raised:
        read_csv(io.BytesIO(KINDS[kind]))
    assert "cp1252" not in str(raised.value)


def test_columns_that_begin_like_another_format_are_read() -> None:
    for name in ("ORC", "RDX", "GIF8", "RIFF", "BZh", "PAR1", "[m]", "{x}", "<0", "@relation"):
        assert list(read_csv(io.BytesIO(f"{name},b\n1,2\n2,5\n".encode()))) == [name, "b"]


def test_a_small_file_does_not_unpack_without_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(content_of_files, "LARGEST", 1 << 20)
    bomb = bytes(8 << 20)
    for each in (gzip.compress(bomb), bz2.compress(bomb), lzma.compress(bomb), zipped({"t": bomb})):
        with pytest.raises(FormatError, match=r"unpack to more than .*; unpack the file yourself"):
            read_csv(io.BytesIO(each))
