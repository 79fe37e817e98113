"""Temporary files named by their owner, so that those of killed processes can be removed.

::

    .chainrule-HOST-PID-START-RANDOM.tmp

HOST stands for the boot of a machine and the namespace that gives PID its meaning, START is when
the process began, so neither a process that was given the same number later nor one of another
machine or container, on a shared disk, is taken for the owner.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chainrule.storage.interruption import names_in

__all__ = ["new_temporary", "remove_abandoned", "remove_abandoned_files", "remove_temporary"]

NAME = re.compile(r"\.chainrule-([0-9a-f]{16})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{16}\.tmp")

ABANDONED_SECONDS = 86_400.0
"""Age from which a file is removed whose owner cannot be looked up: a process of another machine or
container, or of one that has been restarted. A writer that is alive writes all the time."""

_in_use: set[str] = set()
"""Names of the files that this process is writing."""


class _Owner(NamedTuple):
    host: str
    process: int
    start: int


def new_temporary(folder: Path) -> Path:
    """Return the path of a temporary file, to be created and passed to `remove_temporary`."""
    owner = _this_process()
    random = os.urandom(8).hex()
    name = f".chainrule-{owner.host}-{owner.process}-{owner.start}-{random}.tmp"
    _in_use.add(name)
    return folder / name


def remove_temporary(path: Path) -> None:
    """Remove a file of this process, if it is there still; if that fails, it is abandoned."""
    try:
        with suppress(OSError):
            os.unlink(path)
    finally:
        _in_use.discard(path.name)


def remove_abandoned_files(folder: Path) -> None:
    """Remove the temporary files in a folder whose owner is dead."""
    remove_abandoned(folder, time.time())


def remove_abandoned(folder: Path, now: float) -> None:
    """Remove the temporary files in a folder whose owner is dead; `now` by the disk's clock."""
    try:
        names = names_in(folder)
    except OSError:  # a folder in which one may write, not read
        return
    for name in names:
        if name.startswith(".chainrule-") and (match := NAME.fullmatch(name)):
            owner = _Owner(match[1], int(match[2]), int(match[3]))
            with suppress(OSError):  # another process has removed it, or only its user may
                if _is_abandoned(folder / name, owner, now):
                    os.unlink(folder / name)


def _is_abandoned(path: Path, owner: _Owner, now: float) -> bool:
    mine = _this_process()
    if owner == mine:
        return path.name not in _in_use  # left by an interrupt during its removal
    if owner.host != mine.host:
        return os.lstat(path).st_mtime < now - ABANDONED_SECONDS
    return not _is_alive(owner)


def _is_alive(owner: _Owner) -> bool:
    """Whether the process lives; if that cannot be known, it does."""
    if sys.platform == "win32":
        return False  # a file that is open cannot be removed there
    try:
        os.kill(owner.process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # of another user
    return _start_of(owner.process) in (owner.start, None)


def _this_process() -> _Owner:
    return _owner(os.getpid())


@cache
def _owner(process: int) -> _Owner:
    return _Owner(_host(), process, _start_of(process) or 0)


def _start_of(process: int) -> int | None:
    """Return when a process began, in ticks since the boot: 0 if it is dead, None if unknown."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            # The name of the program, in parentheses, may contain anything.
            state, *fields = file.read().rpartition(b")")[2].split()
        return 0 if state in b"ZX" else int(fields[18])
    except (OSError, ValueError, IndexError):
        return None


def _host() -> str:
    """Return 16 digits for what numbers of processes are unique in."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            boot = file.read()
        identity = boot + os.readlink("/proc/self/ns/pid").encode()
    except OSError:  # not Linux
        name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
        identity = name.encode()
    return hashlib.sha256(identity).hexdigest()[:16]
