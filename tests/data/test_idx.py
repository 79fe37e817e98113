"""IDX files: the reader inverts the writer, and the bytes are those of the format."""

import gzip
import io
import os
import struct
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
from tests.data.idx_bytes import CODES, Dripping, header, read

arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: hnp.arrays(
        np.dtype(name), hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5)
    )
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(array=arrays, compressed=st.booleans())
def test_reading_inverts_writing_bit_for_bit(
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


def test_an_open_file_is_read_from_its_position() -> None:
    file = io.BytesIO(b"junk" + header(0x08, 2) + b"ab")
    file.seek(4)
    assert read_idx(file).tolist() == [97, 98]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_stream_of_single_bytes_is_read(pack: Callable[[bytes], bytes]) -> None:
    content = header(0x0B, 2, 2) + struct.pack(">4h", 1, -2, 3, -4)
    result = read_idx(Dripping(pack(content)))  # type: ignore[arg-type]
    assert result.tolist() == [[1, -2], [3, -4]]


def test_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "labels.gz").write_bytes(b"text")
    with pytest.raises(
        FormatError, match=r"read_idx: .*labels\.gz: not an IDX file.*\(at byte 0\)"
    ):
        read_idx(tmp_path / "labels.gz")


def test_a_missing_file_raises_the_systems_error(tmp_path: Path) -> None:
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
