"""Arrays: .npy and .npz without pickles, and IDX; of the numbers a bounded part is read."""

from __future__ import annotations

import gzip
import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from chainrule.data.idx import TYPES
from chainrule.errors import FormatError

__all__ = ["archive_content", "idx_content", "is_archive", "is_idx", "is_npy", "npy_content"]

Content = dict[str, Any]
MOST_NUMBERS = 1 << 20
"""Numbers at the beginning of an array that are looked at."""
MOST_MEMBERS = 1000
LONGEST_HEADER = 10_000


def is_npy(start: bytes, path: Path) -> bool:
    """Whether a file is an array of NumPy."""
    return start.startswith(b"\x93NUMPY")


def is_archive(start: bytes, path: Path) -> bool:
    """Whether a file is a ZIP archive whose members are arrays, or that no table reader takes."""
    return start.startswith(b"PK\x03\x04") and path.suffix.lower() not in (".csv", ".zip", ".xlsx")


def is_idx(start: bytes, path: Path) -> bool:
    """Whether a file, maybe compressed by gzip, is of the format of MNIST."""
    if start.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as file:
                start = file.read(4)
        except (OSError, EOFError):
            return False
    return start[:2] == b"\0\0" and len(start) > 3 and start[2] in TYPES and 0 < start[3] < 33


def npy_content(path: Path) -> Content:
    """Return dtype, shape and the range of the numbers of a .npy file."""
    with path.open("rb") as file:
        content = _npy(file)
        declared = content.pop("bytes of the items")
        present = path.stat().st_size - file.tell()
        if declared is not None and present < declared:
            raise FormatError(
                f"inspect: {path.name:.80} declares {declared:,} bytes of items and has "
                f"{present:,}; it is cut short"
            )
        return {"kind": "an array of NumPy", **content, **_range_of_file(file, content)}


def archive_content(path: Path) -> Content:
    """Return the arrays of a .npz file, or the names in another archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            arrays = [_member(archive, each) for each in members[:MOST_MEMBERS]]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"inspect: {path.name:.80} is a damaged ZIP archive: {error}") from None
    are_arrays = all(each.filename.endswith(".npy") for each in members)
    kind = (
        "arrays of NumPy, in an archive"
        if are_arrays
        else ("a ZIP archive, such as Keras's .keras or PyTorch's .pt; nothing in it is opened")
    )
    return {"kind": kind, "members": len(members), "content": arrays}


def idx_content(path: Path) -> Content:
    """Return dtype, shape and the range of the numbers of an IDX file."""
    with path.open("rb") as plain:
        is_compressed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        file = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if is_compressed else plain
        start = file.read(4)
        dtype, count = TYPES[start[2]], start[3]
        sizes = file.read(4 * count)
        if len(sizes) < 4 * count:
            raise FormatError(f"inspect: {path.name:.80} ends within its header")
        shape = [int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4)]
        content = {"dtype": dtype.newbyteorder("=").name, "shape": shape}
        known = _range(file, dtype, math.prod(shape))
    kind = "IDX, the format of MNIST" + (", compressed by gzip" if is_compressed else "")
    return {"kind": kind, **content, **known}


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Content:
    if not member.filename.endswith(".npy"):
        return {"name": member.filename[:200], "bytes": member.file_size}
    with archive.open(member) as file:
        content = _npy(cast(BinaryIO, file))
        content.pop("bytes of the items")
        return {"name": member.filename.removesuffix(".npy")[:200], **content}


def _npy(file: BinaryIO) -> Content:
    """Return what the header of an array says; objects, which are pickles, are not read."""
    version = npy.read_magic(file)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise FormatError(f"inspect: the array has version {version} of the format, not 1.0 or 2.0")
    shape, is_fortran, dtype = readers[version](file, max_header_size=LONGEST_HEADER)
    if dtype.hasobject:
        return {"dtype": "object: pickles, which are not read", "shape": list(shape),
                "bytes of the items": None}  # fmt: skip
    content = {"dtype": str(dtype), "shape": list(shape),
               "bytes of the items": dtype.itemsize * math.prod(shape)}  # fmt: skip
    return content | ({"order": "first axis fastest"} if is_fortran and len(shape) > 1 else {})


def _range_of_file(file: BinaryIO, content: Content) -> Content:
    if content["dtype"].startswith("object"):
        return {}
    dtype = np.dtype(content["dtype"])
    return _range(file, dtype, math.prod(content["shape"])) if dtype.kind in "biuf" else {}


def _range(file: BinaryIO, dtype: np.dtype[Any], count: int) -> Content:
    """Return the range of the numbers at the beginning."""
    wanted = min(count, MOST_NUMBERS)
    content = file.read(wanted * dtype.itemsize)
    numbers: NDArray[Any] = np.frombuffer(
        content[: len(content) // dtype.itemsize * dtype.itemsize], dtype
    )
    if len(numbers) < wanted:
        raise FormatError(
            f"inspect: the header declares {count:,} numbers, and there are {len(numbers):,}; the "
            "file is cut short"
        )
    if not len(numbers):
        return {}
    of = "" if wanted == count else f" of the first {wanted:,}"
    finite = numbers[np.isfinite(numbers)]
    known = {f"least{of}": finite.min(), f"largest{of}": finite.max()} if len(finite) else {}
    bad = len(numbers) - len(finite)
    content_of = {name: value.item() for name, value in known.items()}
    return content_of | ({f"not finite{of}": bad} if bad else {})
