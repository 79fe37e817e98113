"""Machine code from an object file into memory, without LLVM, which itself takes long to load.

It knows one kind of file, the one LLVM writes for Linux on x86-64 (a relocatable ELF file), and of
that only what our modules hold: code and constants, no variables. Of anything else it says so, and
LLVM's own linker does it.

    sections with code | page | places of outside functions | page | sections with constants

First all is laid out and patched, then the code becomes executable and nothing writable.

References
----------
*System V Application Binary Interface, AMD64 Architecture Processor Supplement*, version 1.0,
section 4.4 (relocation); *ELF-64 Object File Format*, version 1.5.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

__all__ = ["ElfLibrary", "load_elf"]

MAGIC = b"\x7fELF\x02\x01\x01"
"""64 bits, least significant byte first."""
RELOCATABLE, X86_64 = 1, 62
SYMBOLS, ADDENDS = 2, 4
WRITABLE, ALLOCATED, EXECUTABLE = 1, 2, 4
UNDEFINED, ABSOLUTE = 0, 0xFFF1
UNWINDING = 0x70000001
"""How to unwind the stack: our functions raise nothing, so nobody looks at it."""
WHOLE, RELATIVE, CALL = 1, 2, 4
JUMP = b"\xff\x25\x00\x00\x00\x00"
"""``jmp [rip]``: to the address that stands behind it. Outside functions may lie too far away for a
call to name them."""
JUMP_BYTES = 16


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class _Symbol(NamedTuple):
    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


class _Unknown(Exception):  # noqa: N818 - it reads as what is said
    """Something stands in the file that this loader does not know."""


@dataclass(frozen=True)
class ElfLibrary:
    """Machine code in memory, for as long as this is held.

    Parameters
    ----------
    memory : mmap.mmap
        Where it lies.
    addresses : dict of str to int
        Of the exported functions.
    """

    memory: Any
    addresses: dict[str, int]

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        return self.addresses[name]


def load_elf(code: bytes, exports: Sequence[str]) -> ElfLibrary | None:
    """Load object code into this process."""
    if sys.platform != "linux" or not code.startswith(MAGIC):
        return None
    try:
        return _Loading(code).library(exports)
    except (_Unknown, struct.error, OSError, AttributeError, IndexError, ValueError):
        return None


class _Loading:
    """One file on its way into memory."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        kind, machine = struct.unpack_from("<HH", code, 16)
        if (kind, machine) != (RELOCATABLE, X86_64):
            raise _Unknown
        (start,), (count,) = struct.unpack_from("<Q", code, 40), struct.unpack_from("<H", code, 60)
        self.sections = [
            _Section(*struct.unpack_from("<IIQQQQIIQQ", code, start + 64 * i)) for i in range(count)
        ]
        table = next(each for each in self.sections if each.kind == SYMBOLS)
        self.names = self.sections[table.link].offset
        self.symbols = [
            _Symbol(*struct.unpack_from("<IBBHQQ", code, table.offset + 24 * i))
            for i in range(table.size // 24)
        ]
        self.jumps: dict[str, int] = {}
        for each in self.symbols[1:]:
            if each.section == UNDEFINED:
                self.jumps.setdefault(self._name(each), len(self.jumps))
        self.places, self.jumps_at, self.code_bytes, self.size = self._layout()

    def _layout(self) -> tuple[dict[int, int], int, int, int]:
        """Return where each section lies, then the jumps, and where the code and all of it end."""
        places: dict[int, int] = {}
        jumps_at = _next(self._place(EXECUTABLE, 0, places), JUMP_BYTES)
        code_bytes = _next(jumps_at + JUMP_BYTES * len(self.jumps), mmap.PAGESIZE)
        end = self._place(0, code_bytes, places)
        return places, jumps_at, code_bytes, _next(max(end, 1), mmap.PAGESIZE)

    def _place(self, rights: int, start: int, places: dict[int, int]) -> int:
        """Lay out the sections of some rights behind each other; return where they end."""
        for number, each in enumerate(self.sections):
            if not each.flags & ALLOCATED or each.flags & EXECUTABLE != rights:
                continue
            if each.flags & WRITABLE:
                raise _Unknown
            if each.kind != UNWINDING:
                places[number] = _next(start, max(each.alignment, 1))
                start = places[number] + each.size
        return start

    def library(self, exports: Sequence[str]) -> ElfLibrary:
        memory = mmap.mmap(-1, self.size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for number, place in self.places.items():
            each = self.sections[number]
            memory[place : place + each.size] = self.code[each.offset : each.offset + each.size]
        for name, number in self.jumps.items():
            place = self.jumps_at + JUMP_BYTES * number
            memory[place : place + len(JUMP) + 8] = JUMP + struct.pack("<Q", _outside(name))
        for each in self.sections:
            if each.kind == ADDENDS and each.info in self.places:
                self._patch(memory, base, each)
        found = {self._name(s): base + self._value(s) for s in self.symbols[1:] if s.section}
        _protect(base, self.code_bytes, mmap.PROT_READ | mmap.PROT_EXEC)
        if self.size > self.code_bytes:
            _protect(base + self.code_bytes, self.size - self.code_bytes, mmap.PROT_READ)
        return ElfLibrary(memory, {name: found[name] for name in exports})

    def _patch(self, memory: Any, base: int, table: _Section) -> None:
        """Write the addresses that a section's instructions name."""
        rows = struct.iter_unpack("<QQq", self.code[table.offset : table.offset + table.size])
        for offset, info, addend in rows:
            kind, symbol = info & 0xFFFFFFFF, self.symbols[info >> 32]
            place, value = self.places[table.info] + offset, self._value(symbol) + addend
            if kind == WHOLE:
                struct.pack_into("<Q", memory, place, base + value)
            elif kind in (RELATIVE, CALL):
                struct.pack_into("<i", memory, place, value - place)
            else:
                raise _Unknown

    def _value(self, symbol: _Symbol) -> int:
        """Where a symbol lies, from the beginning of the memory."""
        if symbol.section == UNDEFINED:
            return self.jumps_at + JUMP_BYTES * self.jumps[self._name(symbol)]
        return 0 if symbol.section == ABSOLUTE else self.places[symbol.section] + symbol.value

    def _name(self, symbol: _Symbol) -> str:
        start = self.names + symbol.name
        return self.code[start : self.code.index(b"\0", start)].decode()


def _next(place: int, alignment: int) -> int:
    return -(-place // alignment) * alignment


@cache
def _process() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _outside(name: str) -> int:
    """The address of a function of the system."""
    found = ctypes.cast(getattr(_process(), name), ctypes.c_void_p).value
    assert found
    return found


def _protect(address: int, size: int, rights: int) -> None:
    if _process().mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(rights)):
        raise OSError(ctypes.get_errno(), "the system allows no new code")
