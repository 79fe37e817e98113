"""Object code into this process, by the quickest way there is."""

from collections.abc import Sequence
from typing import Protocol

from chainrule.compiler.runtime.elf_loader import load_elf

__all__ = ["Loaded", "load_code"]


class Loaded(Protocol):
    """Machine code in memory; it goes when nothing holds this any more."""

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        ...


def load_code(code: bytes, exports: Sequence[str]) -> Loaded:
    """Load object code into this process."""
    loaded = load_elf(code, exports)
    if loaded is not None:
        return loaded
    # LLVM takes longer to load than all else that a program from the disk needs.
    from chainrule.compiler.backends.llvm.object_code import load_object

    return load_object(code, tuple(exports))
