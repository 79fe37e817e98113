"""Writing of safetensors, array by array: nothing is copied, and a checksum is computed meanwhile.

::

    file ::= length of the header (8 bytes, little endian), header, data
    header ::= {"__metadata__": {...}, NAME: {"dtype": F32, "shape": [...], "data_offsets": [...]}}

The header is JSON, padded with spaces to a multiple of 8 bytes; larger items come first, so that
all are aligned. The checksum has a place of 64 digits in the metadata, which is written last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule.storage import write_atomically
from chainrule.train.files.checksum import bytes_of

__all__ = ["write_safetensors"]

Array = NDArray[Any]

_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8",
    "bool": "BOOL",
}  # fmt: skip

_LEAST_FOR_THREAD = 2**20
"""Bytes whose digest takes longer than to start a thread and to wait for it."""

PLACE = "0" * 64
"""Stands for the checksum until it is known."""


def write_safetensors(
    target: Path, tensors: Mapping[str, Array], metadata: str, key: str, digest: Callable[[], str]
) -> None:
    """Write tensors, and metadata that hold `PLACE`, where the 64 digits of `digest()` will be.

    The digest is computed in another thread while the tensors are written.
    """
    ordered = sorted(tensors.items(), key=lambda each: (-each[1].dtype.itemsize, each[0]))
    header = _header(ordered, metadata, key)
    place = header.index(_escaped(PLACE)) + len(_escaped("")) - 2

    def content() -> Iterator[bytes | memoryview]:
        yield header
        for _, array in ordered:
            yield bytes_of(array.astype(array.dtype.newbyteorder("<"), copy=False)).data

    if sum(each.nbytes for each in tensors.values()) < _LEAST_FOR_THREAD:
        write_atomically(target, content(), patch=lambda: (place, digest().encode()))
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to import

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(digest)
        write_atomically(target, content(), patch=lambda: (place, future.result().encode()))


def _escaped(digits: str) -> bytes:
    r"""Return how the checksum stands in the header, where texts of others have \\\\\\"."""
    return f'\\"checksum\\": \\"{digits}\\"'.encode()


def _header(tensors: list[tuple[str, Array]], metadata: str, key: str) -> bytes:
    entries: dict[str, Any] = {"__metadata__": {key: metadata}}
    end = 0
    for name, array in tensors:
        start, end = end, end + array.nbytes
        dtype, shape = _DTYPES[array.dtype.name], list(array.shape)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
