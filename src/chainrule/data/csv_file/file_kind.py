"""Formats that are no delimited text, each recognised by its first bytes, with what to do."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["kind_of_archive", "kind_of_bytes", "kind_of_text"]

_SHEET = (
    "a spreadsheet ({}), and tables are read from text: save the sheet as CSV, or pass "
    "pandas.read_excel(path)"
)
_FRAME = "{}, and tables are read from text: pass pandas.read_{}(path)"
_IMAGE = "an image ({}), no table; folders of images are read by data.images"
_ARCHIVE = "{} archive; unpack it, and pass the path of a file in it"
_COMPRESSED = "compressed by {0}; unpack it by `{0} -d` first"

_MAGIC = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _SHEET.format("xls, or another file of old Office"),
    b"%PDF": "a PDF document; copy its table into a spreadsheet, and save that as CSV",
    b"{\\rtf": "a document (RTF); copy its table into a spreadsheet, and save that as CSV",
    b"PAR1": _FRAME.format("a Parquet file", "parquet"),
    b"ORC": _FRAME.format("an ORC file", "orc"),
    b"ARROW1": _FRAME.format("a Feather file", "feather"),
    b"FEA1": _FRAME.format("a Feather file", "feather"),
    b"\x89HDF\r\n\x1a\n": "an HDF5 file; read it by pandas.read_hdf or h5py",
    b"CDF\x01": "a NetCDF file; read it by scipy.io.netcdf_file",
    b"CDF\x02": "a NetCDF file; read it by scipy.io.netcdf_file",
    b"SQLite format 3\0": "an SQLite database; read a table by pandas.read_sql",
    b"\x93NUMPY": "an array of NumPy; read it by numpy.load",
    b"MATLAB 5.0": "a MATLAB file; read it by scipy.io.loadmat",
    b"RDX": "a file of R; save the table by write.csv there",
    b"<stata_dta>": _FRAME.format("a Stata file", "stata"),
    b"$FL2": _FRAME.format("an SPSS file", "spss"),
    b"Obj\x01": "an Avro file; convert its records to CSV",
    b"\x89PNG\r\n": _IMAGE.format("PNG"),
    b"\xff\xd8\xff": _IMAGE.format("JPEG"),
    b"GIF8": _IMAGE.format("GIF"),
    b"II*\0": _IMAGE.format("TIFF"),
    b"MM\0*": _IMAGE.format("TIFF"),
    b"RIFF": "sound or video (RIFF), no table; WAV files are read by data.read_wav",
    b"\x28\xb5\x2f\xfd": _COMPRESSED.format("zstd"),
    b"\x04\x22\x4d\x18": _COMPRESSED.format("lz4"),
    b"\x1f\x9d": "compressed by compress; unpack it by `uncompress` first",
    b"7z\xbc\xaf\x27\x1c": _ARCHIVE.format("a 7z"),
    b"Rar!": _ARCHIVE.format("a RAR"),
    b"PK\x05\x06": "an empty zip archive",
    b"\x7fELF": "a program, no table",
}
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:[\x00-\x1f]|[\x80-\xff]|[\]\}c(])")
_PICKLED = (
    "a pickle, whose loading can run any program; if it is yours, use pandas.read_pickle(path)"
)
_CERTAIN = {b"MATLAB 5.0"}
_CONTROL = frozenset(range(9))
_TAR_MARK = (257, b"ustar")
_POINTER = "a pointer of {0}, not the file itself: fetch that by `{1}`"

_TEXTS = (
    (r"version https://git-lfs\.github\.com", _POINTER.format("Git LFS", "git lfs pull")),
    (r"(?:\.\./)*(?:\.git)?/annex/objects/", _POINTER.format("git-annex", "git annex get")),
    (
        r"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body|table|script)\b",
        (
            "a web page (HTML), perhaps in place of the table: download the file itself (on "
            "GitHub, by the button Raw); a table in a page is read by pandas.read_html"
        ),
    ),
    (
        r"<\?xml[^>]*>\s*(?:<\?mso-application[^>]*>\s*)?<(?:\w+:)?Workbook\b",
        _SHEET.format("XML of Excel"),
    ),
    (r"<\?xml\b", "XML; read it by pandas.read_xml"),
    (r"%!PS", "a PostScript document, no table"),
    (
        r"(?:%[^\n]*\n|\s)*@relation\s+\S",
        "an ARFF file (Weka); read it by scipy.io.arff.loadarff",
    ),
    (
        r"[-+]?[\d.]+(?:e[-+]?\d+)? (?:qid:\d+ )?\d+:[-+\d.e]+(?: \d+:[-+\d.e]+)*\s*\n",
        "sparse features (libsvm); read them by sklearn.datasets.load_svmlight_file",
    ),
)
_PATTERNS = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), kind) for pattern, kind in _TEXTS]
_START = 4000
"""Characters in which a text says what it is."""
_JSON = "JSON; read it by pandas.read_json{}, or by json.load, and pass the columns"
_MEMBERS = {
    "xl/": _SHEET.format("xlsx"),
    "word/": "a document (docx); copy its table into a spreadsheet, and save that as CSV",
    "ppt/": "a presentation (pptx), no table",
    "content.xml": "a spreadsheet or document (ods, odt), and tables are read from text: save the "
    "sheet as CSV, or pass pandas.read_excel(path)",
    "Index/": "a spreadsheet or document (Numbers, Pages); export it as CSV",
}


def kind_of_bytes(content: bytes) -> str | None:
    """Return what a file is, and the remedy, if its first bytes say that it is no text."""
    # A column may be called ORC; letters alone say nothing.
    is_binary = not _CONTROL.isdisjoint(content[:_START])
    for magic, kind in _MAGIC.items():
        is_certain = is_binary or magic in _CERTAIN or not magic.isalnum()
        if is_certain and content.startswith(magic):
            return kind
    offset, mark = _TAR_MARK
    if content[offset : offset + len(mark)] == mark:
        return _ARCHIVE.format("a tar")
    if _PICKLE.match(content):
        return _PICKLED
    return None


def kind_of_archive(names: list[str]) -> str | None:
    """Return what a zip archive with these members is, and the remedy, if it is no plain one."""
    for start, kind in _MEMBERS.items():
        if any(name.startswith(start) for name in names):
            return kind
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of NumPy (npz); read them by numpy.load"
    return None


def kind_of_text(text: str) -> str | None:
    """Return what a text is, and the remedy, if it is in another format than delimited text."""
    start = text[:_START].lstrip()
    for pattern, kind in _PATTERNS:
        if pattern.match(start):
            return kind
    if start[:1] in ("{", "["):
        return _kind_of_json(text.lstrip())
    return None


def _kind_of_json(text: str) -> str | None:
    decoder = json.JSONDecoder()
    try:
        value: Any
        value, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        # A file that is cut short, or beyond the decoder, is JSON by its first characters.
        is_cut = re.match(r'(?:\[\s*)?\{\s*"[^"\n]*"\s*:', text) is not None
        return _JSON.format("") if is_cut else None
    rest = text[end:].strip()
    if isinstance(value, dict):
        return _JSON.format("(path, lines=True)" if rest else "(path)")
    return _JSON.format("(path)") if not rest else None
