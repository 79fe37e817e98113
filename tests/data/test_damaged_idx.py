"""Corrupt and hostile IDX files are refused without allocating what they declare."""

import gzip
import io
import math
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import read_idx, write_idx
from chainrule.errors import FormatError
from tests.data.idx_bytes import Dripping, header, read


def peak_memory(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(content: bytes, match: str, offset: int) -> None:
    """The content is refused with this text and offset, and costs at most 1 MB."""

    def attempt() -> None:
        with pytest.raises(FormatError, match=match) as caught:
            read(content)
        assert caught.value.offset == offset, caught.value

    assert peak_memory(attempt) < 1 << 20


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_any_truncation_of_a_file_is_refused(pack: Callable[[bytes], bytes]) -> None:
    content = pack(header(0x0C, 2, 3) + bytes(24))
    for length in range(len(content)):
        with pytest.raises(FormatError, match="cut short"):
            read(content[:length])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_trailing_byte_is_refused_at_its_offset(pack: Callable[[bytes], bytes]) -> None:
    refused(pack(header(0x08, 3) + b"abcd"), "continues after its last item", 11)


@pytest.mark.parametrize(
    ("content", "match", "offset"),
    [
        (b"", "cut short: an IDX file starts with 4 bytes", 0),
        (b"\0\0\x08", "cut short", 3),
        (b"\x89PNG....", "not an IDX file: it starts with 89 50, IDX with 00 00", 0),
        (header(0x0A, 1) + b"a", "item type is 0A; IDX has 08 uint8, .*, 0E float64", 2),
        (header(0x08, *[1] * 65) + b"a", "65 dimensions; NumPy has at most 64", 3),
        (header(0x08, 2, 2)[:9], "declares 2 sizes", 9),
        (header(0x0D, 2) + bytes(7), r"float32\[2\], 8 bytes from byte 8 on, but it has 15", 15),
        (header(0x08, 0, 2**32 - 1, 2**32 - 1), "NumPy has no shape", 4),
    ],
)
def test_a_malformed_file_is_refused_by_offset(content: bytes, match: str, offset: int) -> None:
    refused(content, match, offset)


@pytest.mark.parametrize("sizes", [(2**31, 2**31), (2**32 - 1,), (2**32 - 1,) * 64, (50_000_000,)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_header_that_declares_too_much_allocates_nothing(
    pack: Callable[[bytes], bytes], sizes: tuple[int, ...]
) -> None:
    content = header(0x08, *sizes) + bytes(20)
    offset = 4 + 4 * len(sizes) + (20 if pack is bytes else 0)
    refused(pack(content), "cut short", offset)


def test_a_header_that_declares_too_much_allocates_nothing_on_a_stream() -> None:
    def attempt() -> None:
        with pytest.raises(FormatError, match="cut short"):
            read_idx(Dripping(header(0x08, 2**31, 2**31) + bytes(50)))  # type: ignore[arg-type]

    assert peak_memory(attempt) < 1 << 20


def bomb(first: bytes, zeros: int) -> bytes:
    compressor = zlib.compressobj(level=9, wbits=31)
    block = bytes(1 << 20)
    pieces = [compressor.compress(first)]
    pieces += [compressor.compress(block) for _ in range(zeros // len(block))]
    return b"".join([*pieces, compressor.flush()])


def test_a_gzip_bomb_is_refused_after_its_declared_items() -> None:
    refused(bomb(header(0x08, 10), 200 << 20), "continues after its last item", 18)


def test_a_gzip_bomb_that_declares_more_than_it_holds_is_refused_before_decompression() -> None:
    refused(bomb(header(0x08, 2**31, 2**10), 200 << 20), "can hold at most", 12)


def test_a_gzip_bomb_passed_as_a_stream_is_not_decompressed_to_find_its_end() -> None:
    stream = gzip.GzipFile(fileobj=io.BytesIO(bomb(header(0x08, 10), 200 << 20)))

    def attempt() -> None:
        with pytest.raises(FormatError, match="continues after"):
            read_idx(stream)  # type: ignore[arg-type]

    assert peak_memory(attempt) < 1 << 20


def test_a_valid_file_takes_little_more_memory_than_its_array(tmp_path: Path) -> None:
    array = np.zeros((20, 1000, 1000), dtype=np.uint8)
    write_idx(tmp_path / "file.gz", array)
    assert peak_memory(lambda: read_idx(tmp_path / "file.gz")) < 1.2 * array.nbytes
    assert (
        peak_memory(lambda: write_idx(tmp_path / "file", array.astype(np.uint8, order="F").T))
        < 2.2 * array.nbytes
    )


@pytest.mark.parametrize("where", [-8, -4], ids=["checksum", "length"])
def test_a_wrong_gzip_trailer_is_refused(where: int) -> None:
    content = bytearray(gzip.compress(header(0x08, 3) + b"abc"))
    content[where] ^= 1
    refused(bytes(content), "compressed data is damaged", 11)


def test_corruption_anywhere_in_a_gzip_file_never_gives_other_items() -> None:
    items = np.random.default_rng(0).integers(0, 256, 200, dtype=np.uint8)
    honest = gzip.compress(header(0x08, 200) + items.tobytes(), mtime=0)
    for position in range(10, len(honest)):
        damaged = bytearray(honest)
        damaged[position] ^= 0x10
        try:
            result = read(bytes(damaged))
        except FormatError:
            continue
        # A few bits of a gzip stream are padding and carry nothing.
        assert result.tobytes() == items.tobytes()


def test_bytes_after_the_last_gzip_member_are_refused() -> None:
    with pytest.raises(FormatError, match="damaged"):
        read(gzip.compress(header(0x08, 3) + b"abc") + b"junk")


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=80),
    prefix=st.sampled_from([b"", b"\0\0", b"\0\0\x08\x01\0\0\0", b"\x1f\x8b\x08\0"]),
)
def test_any_bytes_give_an_array_or_a_format_error(content: bytes, prefix: bytes) -> None:
    outcome: np.ndarray[Any, Any] | FormatError
    try:
        outcome = read(prefix + content)
    except FormatError as error:
        outcome = error
    if isinstance(outcome, FormatError):
        assert outcome.offset is not None
        assert str(outcome).startswith("read_idx: ")
    else:
        assert math.prod(outcome.shape) == outcome.size
