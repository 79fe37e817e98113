"""Random, damaged and cut files: a table, or an error that names the file; never a hang."""

import bz2
import gzip
import io
import lzma
import random
import time
import warnings

from chainrule.data import read_csv
from chainrule.errors import ArgumentError, FormatError

CELLS = ["1", "-5", "2.5", "1,5", "x", "", "NA", '"q q"', '"a\n b"', "é", "서울", "2020-01-01"]
CELLS += ["# c", '"', '""', 'a"b', "0x1", "\ufeff", "%", "\x1b$", "[", "{"]
PACK = [lambda content: content] * 6 + [gzip.compress, bz2.compress, lzma.compress]
OPTIONS = [{}] * 6 + [
    {"header": False},
    {"header": True},
    {"names": ["p", "q"]},
    {"skip_rows": 1},
    {"comment": "#"},
    {"delimiter": " "},
    {"delimiter": "::"},
]


def text(chance: random.Random) -> str:
    delimiter = chance.choice([",", ";", "\t", "|", " ", "::"])
    width = chance.randint(1, 5)
    lines = [chance.choice(["# c", "title", "sep=;", "", "%", "a,b"]) for _ in range(2)]
    for _ in range(chance.randint(0, 12)):
        cells = chance.randint(0, 7) if chance.random() < 0.05 else width
        lines.append(delimiter.join(chance.choice(CELLS) for _ in range(cells)))
    return chance.choice(["\n", "\r\n", "\r"]).join(lines[chance.randint(0, 2) :])


def content(chance: random.Random) -> bytes:
    encoding = chance.choice(["utf-8", "utf-8", "utf-16", "utf-16-le", "gb18030", "cp1252"])
    packed = chance.choice(PACK)(text(chance).encode(encoding, "ignore"))
    if chance.random() < 0.1:
        return chance.randbytes(chance.randint(0, 300))
    damaged = bytearray(packed)
    for _ in range(chance.choice([0, 0, 1, 5])):
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged[: None if chance.random() < 0.8 else chance.randint(0, len(damaged))])


def test_any_bytes_are_a_table_or_a_format_error() -> None:
    chance = random.Random(0)
    start = time.perf_counter()
    for _ in range(1500):
        given, options = content(chance), chance.choice(OPTIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                columns = read_csv(io.BytesIO(given), **options)  # type: ignore[arg-type]
            except (FormatError, ArgumentError):
                continue
        assert len({len(cells) for cells in columns.values()}) == 1, given
    assert time.perf_counter() - start < 60
