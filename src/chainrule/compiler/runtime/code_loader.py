"""Code loader: object code into this process, by the ELF loader or else by LLVM's linker."""

from collections.abc import Sequence
from typing import Protocol

from chainrule.compiler.backends.llvm_library import load_llvm
from chainrule.compiler.runtime.elf_loader import load_elf

__all__ = ["LoadedCode", "load_code"]


class LoadedCode(Protocol):
    """Machine code in memory, unmapped when this object is freed."""

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        ...


def load_code(code: bytes, exports: Sequence[str]) -> LoadedCode:
    """Load object code; `exports` are the functions whose addresses are needed."""
    loaded = load_elf(code, exports)
    if loaded is not None:
        return loaded
    load_llvm()
    from chainrule.compiler.backends.llvm.object_code import load_object

    return load_object(code, tuple(exports))
