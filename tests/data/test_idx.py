"""Laws of IDX: what was written is read, and no false claim costs more than the file itself."""

import gzip
import io
import math
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.data import read_idx, write_idx
from chainrule.errors import ArgumentError, ChainruleError, DTypeError, FormatError

CODES = {
    "uint8": 0x08,
    "int8": 0x09,
    "int16": 0x0B,
    "int32": 0x0C,
    "float32": 0x0D,
    "float64": 0x0E,
}
arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: hnp.arrays(
        np.dtype(name), hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5)
    )
)


def header(code: int, *sizes: int) -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes)


def read(content: bytes) -> np.ndarray[Any, Any]:
    return read_idx(io.BytesIO(content))


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


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(array=arrays, compressed=st.booleans())
def test_what_was_written_is_read_bit_for_bit(
    tmp_path: Path, array: np.ndarray[Any, Any], compressed: bool
) -> None:
    path = tmp_path / ("file.gz" if compressed else "file")
    write_idx(path, array)
    result = read_idx(path)
    assert result.shape == array.shape
    assert result.dtype == array.dtype
    assert result.dtype.isnative
    assert result.flags.writeable
    assert result.tobytes() == array.tobytes()


@pytest.mark.parametrize("name", sorted(CODES))
def test_the_bytes_are_those_of_the_format(tmp_path: Path, name: str) -> None:
    array = np.array([[1, 2, 3], [4, 5, 100]], dtype=name)
    write_idx(tmp_path / "file", array)
    expected = header(CODES[name], 2, 3) + array.astype(array.dtype.newbyteorder(">")).tobytes()
    assert (tmp_path / "file").read_bytes() == expected


@pytest.mark.parametrize(
    "layout",
    [
        lambda a: np.asfortranarray(a),
        lambda a: a[::-2, :, 1:],
        lambda a: a.astype(">f8"),
        lambda a: np.broadcast_to(a[0], a.shape),
    ],
    ids=["fortran", "strided", "big-endian", "broadcast"],
)
def test_memory_layout_and_byte_order_do_not_change_the_file(
    tmp_path: Path, layout: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
) -> None:
    array = layout(np.random.default_rng(0).normal(size=(40, 80, 90)))
    write_idx(tmp_path / "odd", array)
    write_idx(tmp_path / "plain", np.ascontiguousarray(array, dtype=np.float64))
    assert (tmp_path / "odd").read_bytes() == (tmp_path / "plain").read_bytes()


def test_equal_arrays_give_equal_compressed_files(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, np.arange(10, dtype=np.uint8))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == header(0x08, 10) + bytes(range(10))


def test_compression_is_recognised_by_content_not_by_name(tmp_path: Path) -> None:
    plain = header(0x08, 3) + b"abc"
    (tmp_path / "plain.gz").write_bytes(plain)
    (tmp_path / "compressed").write_bytes(gzip.compress(plain))
    assert read_idx(tmp_path / "plain.gz").tolist() == [97, 98, 99]
    assert read_idx(str(tmp_path / "compressed")).tolist() == [97, 98, 99]


@pytest.mark.parametrize("cut", [1, 5, 9, 10, 12])
def test_a_file_of_several_gzip_members_is_one_content(cut: int) -> None:
    plain = header(0x08, 4) + b"abcd"
    members = gzip.compress(plain[:cut]) + gzip.compress(b"") + gzip.compress(plain[cut:])
    assert read(members).tolist() == [97, 98, 99, 100]


def test_an_open_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"junk" + header(0x08, 2) + b"ab")
    file.seek(4)
    assert read_idx(file).tolist() == [97, 98]


class Dripping(io.RawIOBase):
    """A stream like a socket: no position, one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = iter(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        byte = next(self._content, None)
        if byte is None:
            return 0
        buffer[0] = byte
        return 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_stream_that_gives_one_byte_at_a_time_is_read(pack: Callable[[bytes], bytes]) -> None:
    content = header(0x0B, 2, 2) + struct.pack(">4h", 1, -2, 3, -4)
    result = read_idx(Dripping(pack(content)))  # type: ignore[arg-type]
    assert result.tolist() == [[1, -2], [3, -4]]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_any_cut_of_a_file_is_refused(pack: Callable[[bytes], bytes]) -> None:
    content = pack(header(0x0C, 2, 3) + bytes(24))
    for length in range(len(content)):
        with pytest.raises(FormatError, match="cut short"):
            read(content[:length])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_to_spare_is_refused_at_its_offset(pack: Callable[[bytes], bytes]) -> None:
    refused(pack(header(0x08, 3) + b"abcd"), "goes on after its last item", 11)


@pytest.mark.parametrize(
    ("content", "match", "offset"),
    [
        (b"", "cut short: an IDX file starts with 4 bytes", 0),
        (b"\0\0\x08", "cut short", 3),
        (b"\x89PNG....", "not an IDX file: it starts with 89 50, IDX with 00 00", 0),
        (header(0x0A, 1) + b"a", "item type is 0A; IDX has 08 uint8, .*, 0E float64", 2),
        (header(0x08, *[1] * 65) + b"a", "65 dimensions; NumPy has at most 64", 3),
        (header(0x08, 2, 2)[:9], "announces 2 sizes", 9),
        (header(0x0D, 2) + bytes(7), r"float32\[2\], 8 bytes from byte 8 on, but it has 15", 15),
        (header(0x08, 0, 2**32 - 1, 2**32 - 1), "beyond NumPy", 4),
    ],
)
def test_a_wrong_file_is_refused_with_the_offset(content: bytes, match: str, offset: int) -> None:
    refused(content, match, offset)


@pytest.mark.parametrize("sizes", [(2**31, 2**31), (2**32 - 1,), (2**32 - 1,) * 64, (50_000_000,)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_header_that_claims_too_much_costs_nothing(
    pack: Callable[[bytes], bytes], sizes: tuple[int, ...]
) -> None:
    content = header(0x08, *sizes) + bytes(20)
    offset = 4 + 4 * len(sizes) + (20 if pack is bytes else 0)
    refused(pack(content), "cut short", offset)


def test_a_header_that_claims_too_much_costs_nothing_on_a_stream() -> None:
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


def test_a_gzip_bomb_is_refused_after_its_announced_items() -> None:
    refused(bomb(header(0x08, 10), 200 << 20), "goes on after its last item", 18)


def test_a_gzip_bomb_that_announces_more_than_it_holds_is_refused_before_it_is_unpacked() -> None:
    refused(bomb(header(0x08, 2**31, 2**10), 200 << 20), "can hold at most", 12)


def test_a_gzip_bomb_given_as_an_open_stream_is_not_unpacked_to_find_its_end() -> None:
    stream = gzip.GzipFile(fileobj=io.BytesIO(bomb(header(0x08, 10), 200 << 20)))

    def attempt() -> None:
        with pytest.raises(FormatError, match="goes on"):
            read_idx(stream)  # type: ignore[arg-type]

    assert peak_memory(attempt) < 1 << 20


def test_an_honest_file_takes_little_more_memory_than_its_array(tmp_path: Path) -> None:
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


def test_damage_anywhere_in_a_gzip_file_never_gives_other_items() -> None:
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


def test_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "labels.gz").write_bytes(b"text")
    with pytest.raises(
        FormatError, match=r"read_idx: .*labels\.gz: not an IDX file.*\(at byte 0\)"
    ):
        read_idx(tmp_path / "labels.gz")


def test_a_missing_file_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "absent")


def test_a_file_opened_as_text_is_refused() -> None:
    with pytest.raises(ArgumentError, match="open it with mode 'rb'"):
        read_idx(io.StringIO("text"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["int64", "uint16", "bool", "float16", "complex64", "object", "U3"]
)
def test_a_type_that_idx_lacks_is_refused_before_the_file_exists(tmp_path: Path, name: str) -> None:
    with pytest.raises(DTypeError, match=r"IDX has no type for .*array\.astype") as caught:
        write_idx(tmp_path / "file", np.zeros(3, dtype=name))
    assert isinstance(caught.value, ChainruleError)
    assert os.listdir(tmp_path) == []


def test_an_axis_too_long_for_the_format_is_refused(tmp_path: Path) -> None:
    endless = np.broadcast_to(np.uint8(0), (2**32,))
    with pytest.raises(ArgumentError, match=r"longer than 2\*\*32 - 1"):
        write_idx(tmp_path / "file", endless)
    assert os.listdir(tmp_path) == []
