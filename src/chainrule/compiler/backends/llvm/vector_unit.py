"""The kinds of vector registers that code is written for."""

from collections.abc import Collection
from typing import NamedTuple

__all__ = ["VECTOR_UNITS", "VectorUnit", "units_of"]


class VectorUnit(NamedTuple):
    """A kind of vector registers.

    Parameters
    ----------
    name : str
        Ours; that of LLVM's feature, if there is one.
    vector_bytes : int
        Size of a register.
    registers : int
        How many there are.
    cheap_masks : bool
        Whether a masked load or store costs no more than a plain one.
    cpu, features : str
        The plainest processor that has them, in LLVM's words.
    """

    name: str
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
"""The best first; the last is what every processor has."""


def units_of(triple: str, features: Collection[str]) -> list[VectorUnit]:
    """Return the vector units of a processor, the best first.

    Parameters
    ----------
    triple : str
        LLVM's name of architecture and system.
    features : collection of str
        What LLVM knows that it can do.

    Returns
    -------
    list of VectorUnit
        Never empty.

    Examples
    --------
    >>> [unit.name for unit in units_of("arm64-apple-darwin", [])]
    ['neon', 'portable']
    """
    # Every 64-bit Arm processor has it, and on some systems LLVM lists no features at all.
    always = {"portable", *(["neon"] if triple.startswith(("aarch64", "arm64")) else [])}
    return [unit for unit in VECTOR_UNITS if unit.name in always or unit.name in features]
