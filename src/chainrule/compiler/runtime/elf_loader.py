"""ELF loader: relocatable object files into memory, without importing LLVM.

It supports what LLVM emits for our modules on Linux for x86-64: sections with code and constants,
none writable, and three types of relocation. It refuses any other file, which LLVM's own linker
then loads.

    sections with code | stubs of external functions | page | sections with constants

First all sections are laid out and relocated; then code becomes executable and nothing writable.

References
----------
*System V Application Binary Interface, AMD64 Architecture Processor Supplement*, version 1.0,
section 4.4 (relocation); *ELF-64 Object File Format*, version 1.5.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

__all__ = ["ElfLibrary", "load_elf"]

MAGIC = b"\x7fELF\x02\x01\x01"
"""ELF, 64 bits, little-endian, version 1."""
ET_REL, EM_X86_64 = 1, 62
SHT_SYMTAB, SHT_RELA = 2, 4
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
SHT_X86_64_UNWIND = 0x70000001
"""Tables to unwind the stack, not needed: our functions raise nothing."""
R_X86_64_64, R_X86_64_PC32, R_X86_64_PLT32 = 1, 2, 4
STUB = b"\xff\x25\x00\x00\x00\x00"
"""``jmp [rip]``, to the address that follows it: an external function may be too far away for
a call, as in a procedure linkage table."""
STUB_BYTES = 16


class _Section(NamedTuple):
    name: int
    type: int
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


class _UnsupportedError(Exception):
    """The file has a feature that this loader does not support."""


REFUSALS = (
    *(_UnsupportedError, OSError),
    *(struct.error, LookupError, ValueError, OverflowError),  # a malformed file
    AttributeError,  # an external function that the process does not have
)


@dataclass(frozen=True)
class ElfLibrary:
    """Machine code in memory, unmapped when this object is freed."""

    memory: Any  # mmap.mmap
    addresses: dict[str, int]  # of the exported functions

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        return self.addresses[name]


def load_elf(code: bytes, exports: Sequence[str]) -> ElfLibrary | None:
    """Load object code into this process; None if it is not supported."""
    if sys.platform != "linux" or not code.startswith(MAGIC):
        return None
    try:
        return _ObjectFile(code).load(exports)
    except REFUSALS as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise MemoryError("there is no memory for the code of a compiled program") from None
        return None


class _ObjectFile:
    """A relocatable object file, and the layout of its sections in memory."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        file_type, machine = struct.unpack_from("<HH", code, 16)
        if (file_type, machine) != (ET_REL, EM_X86_64):
            raise _UnsupportedError
        (start,), (count,) = struct.unpack_from("<Q", code, 40), struct.unpack_from("<H", code, 60)
        self.sections = [
            _Section(*struct.unpack_from("<IIQQQQIIQQ", code, start + 64 * i)) for i in range(count)
        ]
        (table,) = (each for each in self.sections if each.type == SHT_SYMTAB)
        self.strings = self.sections[table.link].offset
        self.symbols = [
            _Symbol(*struct.unpack_from("<IBBHQQ", code, table.offset + 24 * i))
            for i in range(table.size // 24)
        ]
        self.stubs: dict[str, int] = {}
        for each in self.symbols[1:]:
            if each.section == SHN_UNDEF:
                self.stubs.setdefault(self._name(each), len(self.stubs))
        self.offsets, self.stubs_offset, self.code_bytes, self.size = self._memory_layout()

    def _memory_layout(self) -> tuple[dict[int, int], int, int, int]:
        """Return offsets of the sections, offset of the stubs, size of the code, total size."""
        offsets: dict[int, int] = {}
        stubs_offset = _align(self._assign_offsets(SHF_EXECINSTR, 0, offsets), STUB_BYTES)
        code_bytes = _align(stubs_offset + STUB_BYTES * len(self.stubs), mmap.PAGESIZE)
        end = self._assign_offsets(0, code_bytes, offsets)
        return offsets, stubs_offset, code_bytes, _align(max(end, 1), mmap.PAGESIZE)

    def _assign_offsets(self, executable: int, start: int, offsets: dict[int, int]) -> int:
        """Assign consecutive offsets to sections with or without code; return their end."""
        for number, each in enumerate(self.sections):
            if not each.flags & SHF_ALLOC or each.flags & SHF_EXECINSTR != executable:
                continue
            if each.flags & SHF_WRITE:
                raise _UnsupportedError
            if each.type != SHT_X86_64_UNWIND:
                offsets[number] = _align(start, max(each.alignment, 1))
                start = offsets[number] + each.size
        return start

    def load(self, exports: Sequence[str]) -> ElfLibrary:
        memory = mmap.mmap(-1, self.size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for number, start in self.offsets.items():
            each = self.sections[number]
            memory[start : start + each.size] = self.code[each.offset : each.offset + each.size]
        for name, number in self.stubs.items():
            start = self.stubs_offset + STUB_BYTES * number
            memory[start : start + len(STUB) + 8] = STUB + struct.pack(
                "<Q", _external_address(name)
            )
        for each in self.sections:
            if each.type == SHT_RELA and each.info in self.offsets:
                self._relocate(memory, base, each)
        addresses = {self._name(s): base + self._value(s) for s in self.symbols[1:] if s.section}
        _protect(base, self.code_bytes, mmap.PROT_READ | mmap.PROT_EXEC)
        if self.size > self.code_bytes:
            _protect(base + self.code_bytes, self.size - self.code_bytes, mmap.PROT_READ)
        return ElfLibrary(memory, {name: addresses[name] for name in exports})

    def _relocate(self, memory: Any, base: int, table: _Section) -> None:
        """Apply the relocations of a section."""
        rows = struct.iter_unpack("<QQq", self.code[table.offset : table.offset + table.size])
        for offset, info, addend in rows:
            relocation, symbol = info & 0xFFFFFFFF, self.symbols[info >> 32]
            target, value = self.offsets[table.info] + offset, self._value(symbol) + addend
            if relocation == R_X86_64_64:
                struct.pack_into("<Q", memory, target, base + value)
            elif relocation in (R_X86_64_PC32, R_X86_64_PLT32):
                struct.pack_into("<i", memory, target, value - target)
            else:
                raise _UnsupportedError

    def _value(self, symbol: _Symbol) -> int:
        """The offset of a symbol from the beginning of the memory."""
        if symbol.section == SHN_UNDEF:
            return self.stubs_offset + STUB_BYTES * self.stubs[self._name(symbol)]
        return 0 if symbol.section == SHN_ABS else self.offsets[symbol.section] + symbol.value

    def _name(self, symbol: _Symbol) -> str:
        start = self.strings + symbol.name
        return self.code[start : self.code.index(b"\0", start)].decode()


def _align(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


@cache
def _c_library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _external_address(name: str) -> int:
    """The address of a function of the C library."""
    address = ctypes.cast(getattr(_c_library(), name), ctypes.c_void_p).value
    assert address
    return address


def _protect(address: int, size: int, protection: int) -> None:
    if _c_library().mprotect(
        ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(protection)
    ):
        raise OSError(ctypes.get_errno(), "the system refuses executable memory")
