"""A compiled program as plain data: machine code, and what must be known to run it.

::

    length of the description (8 bytes) | description | constants | code

The description is a list of numbers in JSON. A constant that stands in the graph is named by its
place there; only numbers that were computed beforehand are written down.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Executable", "pack", "unpack"]

LENGTH_BYTES = 8

Array = NDArray[Any]


@dataclass(frozen=True)
class Executable:
    """A compiled program.

    Parameters
    ----------
    code : bytes
        Object code with the function ``run``.
    constants : tuple of array
        Arrays that it reads, in rows without gaps.
    arena, scratch : int
        Bytes of memory it needs: all threads together, and each besides.
    is_shared : bool
        Whether it has work for more than one thread.
    clocks : int
        How many numbers of ticks its block ends with.
    is_read : tuple of bool
        For each input, whether its numbers count.
    """

    code: bytes
    constants: tuple[Array, ...]
    arena: int
    scratch: int
    is_shared: bool
    clocks: int
    is_read: tuple[bool, ...]


def pack(binary: Executable, known: Sequence[Any]) -> bytes:
    """Write a program down."""
    places = {id(each): place for place, each in enumerate(known)}
    constants: list[Any] = []
    contents: list[bytes] = []
    for each in binary.constants:
        if id(each) in places:
            constants.append(places[id(each)])
        else:
            constants.append([each.dtype.str, list(each.shape)])
            contents.append(each.tobytes())
    fields = {
        "arena": binary.arena,
        "scratch": binary.scratch,
        "is_shared": binary.is_shared,
        "clocks": binary.clocks,
        "is_read": list(binary.is_read),
        "constants": constants,
    }
    description = json.dumps(fields).encode()
    length = len(description).to_bytes(LENGTH_BYTES, "little")
    return b"".join([length, description, *contents, binary.code])


def unpack(data: bytes, known: Sequence[Any]) -> Executable | None:
    """Read a program."""
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    try:
        fields = json.loads(data[LENGTH_BYTES:end])
        constants: list[Array] = []
        for each in fields["constants"]:
            if isinstance(each, int):
                constants.append(np.ascontiguousarray(known[each]))
                continue
            dtype, shape = np.dtype(each[0]), tuple(each[1])
            size = int(np.prod(shape, dtype=np.int64))
            constants.append(np.frombuffer(data, dtype, size, end).reshape(shape).copy())
            end += size * dtype.itemsize
        return Executable(
            data[end:],
            tuple(constants),
            fields["arena"],
            fields["scratch"],
            fields["is_shared"],
            fields["clocks"],
            tuple(fields["is_read"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, UnicodeDecodeError):
        return None
