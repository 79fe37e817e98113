"""Memory of a compiled program: its arena, the scratch of its threads, and its argument block."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.backends.calling_convention import ALIGNMENT, ARENA, FIRST_ARRAY
from chainrule.compiler.runtime.executable import Executable

__all__ = ["ProgramMemory"]


class ProgramMemory:
    """Memory of one program, with the addresses of its routines in the argument block.

    `backends.calling_convention` describes the layout of the block.
    """

    def __init__(
        self, executable: Executable, arrays: int, threads: int, routines: Sequence[int] = ()
    ) -> None:
        size = executable.arena + threads * executable.scratch
        try:
            self.arena = np.empty(size + ALIGNMENT, np.uint8)
        except (MemoryError, ValueError):
            scratch = f", of which {executable.scratch:,} for each of {threads} threads"
            raise MemoryError(
                f"a compiled program needs {size:,} bytes for intermediate results"
                f"{scratch if executable.scratch else ''}, which the system refuses; give smaller "
                "batches or fewer threads (set_num_threads)"
            ) from None
        self.constants = executable.constants
        self.first_constant = FIRST_ARRAY + arrays
        first_routine = self.first_constant + len(self.constants)
        self._first_counter = first_routine + len(routines)
        self.block: Any = (ctypes.c_int64 * (self._first_counter + executable.cycle_counters))()
        self.block[ARENA] = -(-self.arena.ctypes.data // ALIGNMENT) * ALIGNMENT
        addresses = [*map(id, self.constants), *routines]
        self.block[self.first_constant : self._first_counter] = addresses
        self.address = ctypes.addressof(self.block)

    def copy_block(self) -> Any:
        """Return a second block for the same arena, which only one call at a time may use."""
        return type(self.block)(*self.block)

    @property
    def cycle_counts(self) -> list[int]:
        """The values of the cycle counters, if the program has any."""
        return self.block[self._first_counter :]
