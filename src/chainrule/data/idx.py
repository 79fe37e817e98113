r"""Reader and writer of IDX, the file format of MNIST.

::

    offset  content
    0       two zero bytes
    2       type:  08 uint8   09 int8   0B int16   0C int32   0D float32   0E float64
    3       number of dimensions n
    4       n sizes, each an unsigned 32-bit integer
    4 + 4n  the items, last axis fastest

All integers are big-endian. A gzip-compressed file is recognised by its first two bytes, whatever
its name.

The header is not trusted: the items are read in chunks, and memory is allocated only for bytes that
have been read, so that a false header costs no more than the file itself.

References
----------
LeCun, Cortes & Burges (1998), "The MNIST database of handwritten digits", section "The IDX file
format".
"""

import io
import itertools
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.array_argument import as_array
from chainrule.data.file_argument import checked_name, checked_path
from chainrule.errors import ArgumentError, DTypeError, FormatError, counted
from chainrule.storage import write_atomically

__all__ = ["read_idx", "write_idx"]

TYPES = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CHUNK = 1 << 18
GZIP_MAGIC = b"\x1f\x8b"
# The maximal ratio of DEFLATE: 258 bytes in two bits (RFC 1951, section 3.2.5).
DEFLATE_LIMIT = 1032
NUMPY_DIMENSIONS = 64


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@answers_foreign_names(DATA_ALIASES)
def read_idx(path_or_file: str | os.PathLike[str] | BinaryIO) -> NDArray[Any]:
    r"""Read an IDX file, plain or gzip-compressed.

    Parameters
    ----------
    path_or_file : str, path or binary file
        The file. An open one is read from its position to its end.

    Returns
    -------
    array, uint8, int8, int16, int32, float32 or float64, of the shape in the header
        In native byte order, writable.

    Raises
    ------
    ArgumentError
        If it is neither a path nor a file opened for reading bytes.
    FormatError
        If the file is not IDX, is cut short, has trailing bytes or is corrupt gzip. Its ``offset``
        counts bytes of the (uncompressed) content.
    OSError
        If the file cannot be opened or read.

    Examples
    --------
    >>> import io
    >>> read_idx(io.BytesIO(b"\0\0\x08\x01\0\0\0\x03abc"))
    array([97, 98, 99], dtype=uint8)
    """
    if isinstance(path_or_file, str | os.PathLike):
        with checked_path("read_idx", path_or_file).open("rb") as file:
            return _read(file, f"read_idx: {os.fspath(path_or_file)}")
    if not hasattr(path_or_file, "read"):
        raise ArgumentError(
            f"read_idx: cannot read from {type(path_or_file).__name__}; give the path of a file, "
            "or a file opened with mode 'rb'"
        )
    return _read(path_or_file, "read_idx")


@answers_foreign_names(DATA_ALIASES)
def write_idx(path: str | os.PathLike[str], array: ArrayLike) -> None:
    """Write an array as an IDX file, gzip-compressed where the name ends in ``.gz``.

    The write is atomic, and equal arrays give equal bytes.

    Parameters
    ----------
    path : str or path
        The file to create or replace.
    array : array, uint8, int8, int16, int32, float32 or float64
        Of any shape, byte order and memory layout.

    Raises
    ------
    DTypeError
        If IDX has no such type.
    ArgumentError
        If an axis is longer than 2**32 - 1.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels-idx1-ubyte.gz"
    >>> write_idx(path, np.array([3, 1, 4], dtype=np.uint8))
    >>> read_idx(path)
    array([3, 1, 4], dtype=uint8)
    """
    refuse_masked(array, "write_idx: the array")
    name = checked_name("write_idx", path)
    values = np.asarray(as_array(array, "write_idx: the array"))
    chunks = _encode(values, _code_of(values.dtype))
    write_atomically(name, _compress(chunks) if name.endswith(".gz") else chunks)


class _Content:
    """The uncompressed content of a file: reads that track the offset for error messages."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.offset = 0
        first = file.read(1) + file.read(1)  # a socket may return one byte of two
        if isinstance(cast(object, first), str):
            raise ArgumentError(f"{name}: the file was opened as text; open it with mode 'rb'")
        plain = _Unread(first, file)
        self.is_gzip = first == GZIP_MAGIC
        import gzip  # here, as most programs read no such file

        # GzipFile reads any object with a `read`; its annotation requires more than it uses.
        self._source: _Readable = (
            gzip.GzipFile(fileobj=cast(Any, plain), mode="rb") if self.is_gzip else plain
        )
        remaining = _remaining_bytes(file)
        self.stored_bytes = None if remaining is None else remaining + len(first)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, fewer only where no more are available at once."""
        import gzip

        try:
            chunk = self._source.read(size)
        except EOFError:
            raise self.error(
                "the compressed data is cut short; copy or download the file again"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise self.error(
                f"the compressed data is damaged ({error}); fetch the file again"
            ) from None
        self.offset += len(chunk)
        return chunk

    def read_exactly(self, size: int, what: str) -> bytearray:
        """Return ``size`` bytes, allocating memory only for bytes that have been read."""
        content = bytearray()
        while len(content) < size:
            chunk = self.read(min(CHUNK, size - len(content)))
            if not chunk:
                raise self.error(f"the file is cut short: {what}, but it ends here")
            content += chunk
        return content

    def error(self, message: str, offset: int | None = None) -> FormatError:
        """Return the error at ``offset``, or at the current position."""
        return FormatError(f"{self.name}: {message}", self.offset if offset is None else offset)


class _Unread:
    """A file with its first bytes, read to recognise it, put back."""

    def __init__(self, first: bytes, rest: _Readable) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if not self._first:
            return self._rest.read(size)
        chunk, self._first = self._first[:size], self._first[size:]
        return chunk


def _read(file: BinaryIO, name: str) -> NDArray[Any]:
    content = _Content(file, name)
    dtype, shape = _read_header(content)
    size = math.prod(shape) * dtype.itemsize
    items_claimed = f"{dtype.name}{list(shape)}"
    claim = (
        f"its header declares {items_claimed}, {counted(size, 'byte')} from byte "
        f"{content.offset} on"
    )
    _check_capacity(content, size, claim)
    items = content.read_exactly(size, claim)
    # Reading past the end also makes gzip verify its checksum.
    if content.read(1):
        raise content.error(f"the file continues after its last item: {claim}", content.offset - 1)
    return _native(items, dtype, shape, content)


def _read_header(content: _Content) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the dtype (big-endian) and the shape in the header."""
    zeros = bytes(content.read_exactly(2, "an IDX file starts with 4 bytes"))
    if zeros != b"\0\0":
        raise content.error(f"not an IDX file: it starts with {zeros.hex(' ')}, IDX with 00 00", 0)
    code, dimensions = content.read_exactly(2, "an IDX file starts with 4 bytes")
    if code not in TYPES:
        known = ", ".join(f"{code:02X} {dtype.name}" for code, dtype in TYPES.items())
        raise content.error(f"the item type is {code:02X}; IDX has {known}", 2)
    if dimensions > NUMPY_DIMENSIONS:
        raise content.error(
            f"{counted(dimensions, 'dimension')}; NumPy has at most {NUMPY_DIMENSIONS}", 3
        )
    sizes = content.read_exactly(4 * dimensions, f"its header declares {dimensions} sizes")
    return TYPES[code], struct.unpack(f">{dimensions}I", sizes)


def _check_capacity(content: _Content, size: int, claim: str) -> None:
    """Refuse a size beyond the capacity of the file, where its length is known."""
    if content.stored_bytes is None:
        return
    limit = content.stored_bytes * (DEFLATE_LIMIT if content.is_gzip else 1)
    if content.offset + size > limit:
        verb = "can hold at most" if content.is_gzip else "has"
        end = content.offset if content.is_gzip else content.stored_bytes
        raise content.error(
            f"the file is cut short: {claim}, but it {verb} {counted(limit, 'byte')}", end
        )


def _native(
    items: bytearray, dtype: np.dtype[Any], shape: tuple[int, ...], content: _Content
) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.ndarray(shape, dtype, buffer=items)
    except ValueError as error:  # such as (0, 2**32 - 1, 2**32 - 1), which has no items
        raise content.error(f"NumPy has no shape {list(shape)} ({error})", 4) from None
    if dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(dtype.newbyteorder("="))


def _remaining_bytes(file: BinaryIO) -> int | None:
    """Return the number of bytes left to read, or None for a stream of unknown length."""
    # Other file objects may have to read (or decompress) everything to find their end.
    if not isinstance(getattr(file, "raw", file), io.FileIO | io.BytesIO):
        return None
    try:
        position = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(position)
    except OSError:  # a pipe
        return None
    return end - position


def _code_of(dtype: np.dtype[Any]) -> int:
    for code, known in TYPES.items():
        if (known.kind, known.itemsize) == (dtype.kind, dtype.itemsize):
            return code
    names = ", ".join(known.name for known in TYPES.values())
    raise DTypeError(
        f"write_idx: IDX has no type for {dtype}; it has {names}: "
        "convert with array.astype(...) first"
    )


def _encode(array: NDArray[Any], code: int) -> Iterator[bytes]:
    """Return the bytes of the file in chunks; errors are raised before the first."""
    if any(size >= 2**32 for size in array.shape):
        raise ArgumentError(
            f"write_idx: shape {array.shape} has an axis longer than 2**32 - 1, IDX's limit"
        )
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    # nditer traverses any layout in C order and converts chunk by chunk.
    chunks = np.nditer(
        array,
        flags=["external_loop", "buffered", "zerosize_ok"],
        order="C",
        op_dtypes=[TYPES[code]],
        casting="equiv",
        buffersize=CHUNK,
    )
    return itertools.chain([header], (cast(NDArray[Any], items).tobytes() for items in chunks))


def _compress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # 16 + 15 selects gzip's header, without a time stamp, so that equal arrays give equal files.
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()
