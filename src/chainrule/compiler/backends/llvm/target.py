"""Target description: the processor, its vector unit and the features that code may use."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import llvmlite.binding as llvm

from chainrule.compiler.backends.llvm.emit import ITEM_BYTES
from chainrule.errors import ArgumentError

__all__ = ["VECTOR_UNITS", "Target", "VectorUnit", "host_target", "initialize_llvm", "units_of"]


@dataclass(frozen=True)
class Target:
    """A processor as LLVM names it, and the vector registers to generate code for."""

    triple: str  # x86_64-unknown-linux-gnu
    cpu: str  # skylake-avx512
    features: str  # +avx2,-avx512f,...
    vector_bytes: int
    registers: int  # vector registers
    cheap_masks: bool  # a masked load or store costs no more than a plain one

    def width(self, dtype: str) -> int:
        """Return the lanes of a vector register.

        >>> Target("", "", "", vector_bytes=64, registers=32, cheap_masks=True).width("float32")
        16
        """
        return self.vector_bytes // ITEM_BYTES[dtype]


class VectorUnit(NamedTuple):
    """A SIMD extension; `cpu` and `features` are LLVM's for the oldest processor that has it."""

    name: str  # of LLVM's feature, if it is one
    vector_bytes: int
    registers: int
    cheap_masks: bool
    cpu: str
    features: str


VECTOR_UNITS = (
    VectorUnit("avx512f", 64, 32, True, "x86-64-v3", "+avx512f"),
    VectorUnit("avx2", 32, 16, False, "x86-64-v3", ""),
    VectorUnit("neon", 16, 32, False, "generic", "+neon"),
    VectorUnit("portable", 16, 16, False, "generic", ""),
)
"""In order of preference; every processor has the last one."""


def units_of(triple: str, features: Collection[str]) -> list[VectorUnit]:
    """Return the vector units of a processor, in order of preference.

    >>> [unit.name for unit in units_of("arm64-apple-darwin", [])]
    ['neon', 'portable']
    """
    # Every 64-bit Arm processor has NEON, and on some systems LLVM lists no features at all.
    always = {"portable", *(["neon"] if triple.startswith(("aarch64", "arm64")) else [])}
    return [unit for unit in VECTOR_UNITS if unit.name in always or unit.name in features]


def host_target(vector_unit: str | None = None) -> Target:
    """Return the processor of this process, with one of its vector units or the preferred one."""
    return _host_target(vector_unit or os.environ.get("CHAINRULE_VECTORS") or "")


@cache
def _host_target(name: str) -> Target:
    initialize_llvm()
    triple, features = llvm.get_process_triple(), llvm.get_host_cpu_features()
    units = units_of(triple, [each for each, is_present in features.items() if is_present])
    unit = next((each for each in units if each.name == name), units[0])
    if name not in ("", unit.name):
        raise ArgumentError(
            f"target: this processor has no vector unit {name!r}; it has "
            f"{', '.join(each.name for each in units)}; leave CHAINRULE_VECTORS unset for the best"
        )
    cpu, flags = unit.cpu, unit.features
    if not name:
        cpu, flags = llvm.get_host_cpu_name(), features.flatten()
    return Target(triple, cpu, flags, unit.vector_bytes, unit.registers, unit.cheap_masks)


@cache
def initialize_llvm() -> None:
    """Initialise LLVM's code generator for this processor, once."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
