"""Executable: a compiled program as data, and its format in the object cache.

::

    length of the header (8 bytes) | header | constants | object code

The header is JSON. A constant of the graph is stored as its position among the graph's constants;
only constants that the compiler computed are stored as values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Executable", "pack", "unpack"]

LENGTH_BYTES = 8
NUMBERS = {np.dtype(each).str: np.dtype(each) for each in "?bBhHiIlLqQefd"}
"""Types of constants."""
MAX_SIZE = 2**60
"""More than any memory or array has."""

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
    # The external routines that it calls, each with the message of its failures.
    routines: tuple[tuple[str, str], ...] = ()


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
        "routines": executable.routines,
    }
    header = json.dumps(fields).encode()
    length = len(header).to_bytes(LENGTH_BYTES, "little")
    return b"".join([length, header, *values, executable.code])


def unpack(data: bytes, graph_constants: Sequence[Any], inputs: int) -> Executable | None:
    """Deserialise the program of a graph; None if the data are not one of that many inputs."""
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    try:
        fields = json.loads(data[LENGTH_BYTES:end])
        constants: list[Array] = []
        for each in fields["constants"]:
            if isinstance(each, int):
                constants.append(np.ascontiguousarray(graph_constants[_size(each)]))
                continue
            dtype, shape = NUMBERS[each[0]], tuple(map(_size, each[1]))
            count = math.prod(shape)
            constants.append(np.frombuffer(data, dtype, count, end).reshape(shape).copy())
            end += count * dtype.itemsize
        is_read = tuple(map(_flag, fields["is_read"]))
        if len(is_read) != inputs or end >= len(data):
            return None
        return Executable(
            data[end:],
            tuple(constants),
            _size(fields["arena"]),
            _size(fields["scratch"]),
            _flag(fields["is_multithreaded"]),
            _size(fields["cycle_counters"]),
            is_read,
            tuple((str(name), str(failure)) for name, failure in fields["routines"]),
        )
    except (*(ValueError, TypeError, LookupError, OverflowError), MemoryError, RecursionError):
        return None


def _size(value: Any) -> int:
    if type(value) is int and 0 <= value < MAX_SIZE:
        return value
    raise ValueError


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError
