"""Build fingerprint: versions, sources and processor that machine code depends on.

It is computed without importing LLVM, which a cached program does not need.
"""

import os
import platform
import sys
from functools import cache
from pathlib import Path

import llvmlite
import numpy as np

__all__ = ["build_fingerprint"]

PACKAGES = ("autodiff", "compiler", "graph", "ops")
"""Packages whose sources determine the code that a graph is compiled to."""

CPUINFO = Path("/proc/cpuinfo")
CPUINFO_BYTES = 2**14
FIELDS = frozenset(
    [
        "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
        "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features",
        "isa", "uarch", "cpu", "machine",
    ]
)  # fmt: skip


@cache
def _fixed() -> str | None:
    """The part that cannot change during the process."""
    sources = _source_state(Path(__file__).parents[2])
    if sources is None:
        return None
    versions = sys.version, np.__version__, llvmlite.__version__
    return "\n".join([*versions, platform.machine(), sys.platform, _processor(), sources])


def build_fingerprint() -> str | None:
    """Return the fingerprint, or None if the sources are not files, as in a zip archive."""
    fixed = _fixed()
    return None if fixed is None else f"{os.environ.get('CHAINRULE_VECTORS', '')}\n{fixed}"


def _source_state(package: Path) -> str | None:
    """Return size, inode and times of our own source files, one of which every change alters.

    To read the files takes ten times as long.
    """
    lines: list[str] = []
    for part in PACKAGES:
        before = len(lines)
        _describe_files(str(package / part), lines)
        if len(lines) == before:
            return None
    return "\n".join(lines)


def _describe_files(folder: str, lines: list[str]) -> None:
    """Append a line for each file below a folder, in the order of the names."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if not entry.is_dir():
            status = entry.stat()
            times = status.st_mtime_ns, status.st_ctime_ns
            lines.append(f"{entry.path} {status.st_size} {status.st_ino} {times}")
        elif entry.name != "__pycache__":
            _describe_files(entry.path, lines)


def _processor() -> str:
    """Return the processor's description by Linux, or else by LLVM."""
    try:
        with CPUINFO.open("rb") as file:
            first = file.read(CPUINFO_BYTES).partition(b"\n\n")[0].decode()
    except OSError:
        first = ""
    lines = [line for line in first.splitlines() if line.partition(":")[0].strip() in FIELDS]
    if any(line.startswith(("flags", "Features", "isa")) for line in lines):
        return "\n".join(lines)
    from chainrule.compiler.backends.llvm.target import host_target

    target = host_target()
    return f"{target.triple} {target.cpu} {target.features}"
