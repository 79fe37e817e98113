"""Executable: a compiled program as data, and its format in the object cache.

::

    length of the header (8 bytes) | header | constants | object code

The header is JSON. A constant of the graph is stored as its position among the graph's constants;
only constants that the compiler computed are stored as values.
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
    """A compiled program."""

    code: bytes  # object code with the function `run`
    constants: tuple[Array, ...]  # C-contiguous
    arena: int  # bytes for all threads together
    scratch: int  # bytes for each thread
    is_multithreaded: bool  # whether it has enough work for several threads
    cycle_counters: int  # how many its argument block ends with
    is_read: tuple[bool, ...]  # for each input, whether its values are read


def pack(executable: Executable, graph_constants: Sequence[Any]) -> bytes:
    """Serialise a program."""
    positions = {id(each): position for position, each in enumerate(graph_constants)}
    constants: list[Any] = []
    values: list[bytes] = []
    for each in executable.constants:
        if id(each) in positions:
            constants.append(positions[id(each)])
        else:
            constants.append([each.dtype.str, list(each.shape)])
            values.append(each.tobytes())
    fields = {
        "arena": executable.arena,
        "scratch": executable.scratch,
        "is_multithreaded": executable.is_multithreaded,
        "cycle_counters": executable.cycle_counters,
        "is_read": list(executable.is_read),
        "constants": constants,
    }
    header = json.dumps(fields).encode()
    length = len(header).to_bytes(LENGTH_BYTES, "little")
    return b"".join([length, header, *values, executable.code])


def unpack(data: bytes, graph_constants: Sequence[Any]) -> Executable | None:
    """Deserialise a program; None if the data are not of this format."""
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    try:
        fields = json.loads(data[LENGTH_BYTES:end])
        constants: list[Array] = []
        for each in fields["constants"]:
            if isinstance(each, int):
                constants.append(np.ascontiguousarray(graph_constants[each]))
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
            fields["is_multithreaded"],
            fields["cycle_counters"],
            tuple(fields["is_read"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, UnicodeDecodeError):
        return None
