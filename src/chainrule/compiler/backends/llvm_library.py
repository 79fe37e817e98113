"""LLVM's library: loaded on first use, and only called where there is memory for it.

LLVM and the C library abort the process where an allocation fails. So the same amount of address
space is reserved and released before they are called, which fails as Python expects.
"""

import mmap
import sys

from chainrule.compiler.loop_ir.errors import CannotCompile

__all__ = ["check_headroom", "load_llvm"]

LIBRARY_BYTES = 2**28
"""What the library takes in the address space, and its first allocations."""


def load_llvm() -> None:
    """Import llvmlite's binding; raise CannotCompile, which has NumPy run the program, if it fails.

    The import takes longer than to read a cached program and run it.
    """
    if "llvmlite.binding" in sys.modules:
        return
    check_headroom(LIBRARY_BYTES, "loading LLVM")
    try:
        import llvmlite.binding  # noqa: F401 # pyright: ignore[reportUnusedImport] - for its effect
    except OSError as error:
        raise CannotCompile(f"LLVM's library cannot be loaded: {error}") from error


def check_headroom(size: int, purpose: str) -> None:
    """Raise MemoryError unless the process may take `size` more bytes."""
    try:
        mmap.mmap(-1, size).close()
    except (OSError, ValueError, OverflowError, MemoryError):
        raise MemoryError(
            f"{purpose} may take {size / 2**20:,.0f} MB more, which the system refuses; free "
            "memory, or raise the limit (ulimit -v)"
        ) from None
