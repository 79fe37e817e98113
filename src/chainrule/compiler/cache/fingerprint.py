"""What machine code depends on besides the program, in words that are quick to read.

Whoever finds a program's code on the disk needs no LLVM; so this must be told without loading it.
"""

import os
import platform
import sys
from functools import cache
from pathlib import Path

import llvmlite
import numpy as np

__all__ = ["build_fingerprint"]

ROOMS = ("autodiff", "compiler", "graph", "ops")
"""Whose sources shape the code that is made of a graph."""

DESCRIPTION = Path("/proc/cpuinfo")
DESCRIPTION_BYTES = 2**14
TELLING = frozenset(
    [
        "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
        "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features",
        "isa", "uarch", "cpu", "machine",
    ]
)  # fmt: skip


@cache
def _fixed() -> str | None:
    """What cannot change while the process lives."""
    sources = _sources(Path(__file__).parents[2])
    if sources is None:
        return None
    versions = sys.version, np.__version__, llvmlite.__version__
    return "\n".join([*versions, platform.machine(), sys.platform, _processor(), sources])


def build_fingerprint() -> str | None:
    """Tell versions, sources and processor that the code of a program depends on."""
    fixed = _fixed()
    return None if fixed is None else f"{os.environ.get('CHAINRULE_VECTORS', '')}\n{fixed}"


def _sources(package: Path) -> str | None:
    """Tell the state of our own sources: who writes to a file changes one of these numbers.

    Reading them all takes ten times as long.
    """
    lines: list[str] = []
    for room in ROOMS:
        before = len(lines)
        for folder, inner, names in os.walk(package / room):
            inner[:] = sorted(set(inner) - {"__pycache__"})
            for name in sorted(names):
                status = os.stat(os.path.join(folder, name))
                times = status.st_mtime_ns, status.st_ctime_ns
                lines.append(f"{folder}/{name} {status.st_size} {status.st_ino} {times}")
        if len(lines) == before:
            return None
    return "\n".join(lines)


def _processor() -> str:
    """Describe the processor, as Linux does or else as LLVM does."""
    try:
        with DESCRIPTION.open("rb") as file:
            first = file.read(DESCRIPTION_BYTES).partition(b"\n\n")[0].decode()
    except OSError:
        first = ""
    lines = [line for line in first.splitlines() if line.partition(":")[0].strip() in TELLING]
    if any(line.startswith(("flags", "Features", "isa")) for line in lines):
        return "\n".join(lines)
    from chainrule.compiler.backends.llvm.target import host_target

    target = host_target()
    return f"{target.triple} {target.cpu} {target.features}"
