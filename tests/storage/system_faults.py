"""Errors and kills at single calls of the system, injected into forked children by ``strace``."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

END = "/end of the work"
"""A path that is asked for when the work is done: what is called later is not of it."""

ERRORS = {
    "openat": ["ENOSPC", "EDQUOT", "EACCES", "EIO", "EMFILE"],
    "mkdir": ["ENOSPC", "EDQUOT", "EACCES", "EIO"],
    "write": ["ENOSPC", "EDQUOT", "EIO", "EFBIG"],
    "pwrite64": ["ENOSPC", "EDQUOT", "EIO"],
    "ftruncate": ["EIO", "ENOSPC"],
    "lseek": ["EIO"],
    "fsync": ["EIO", "ENOSPC", "EDQUOT"],
    "fdatasync": ["EIO", "ENOSPC", "EDQUOT"],
    "rename": ["EIO", "ENOSPC", "EDQUOT", "EACCES"],
    "unlink": ["EIO", "EACCES"],
    "link": ["EIO", "ENOSPC", "EACCES"],
    "flock": ["EIO", "ENOLCK"],
    "fchmod": ["EIO", "EPERM"],
    "fchown": ["EIO", "EPERM"],
    "getdents64": ["EIO"],
    "readlink": ["EIO", "EACCES"],
    "newfstatat": ["EIO", "EACCES"],
    "lstat": ["EIO", "EACCES"],
    "stat": ["EIO", "EACCES"],
    "fstat": ["EIO"],
    "access": ["EIO"],
    "close": ["EIO", "ENOSPC"],
}
"""Errors that a call of the system may end with: a full or damaged disk, a quota, permissions."""


@dataclass(frozen=True)
class Call:
    """A call of the system in some work: its name, and its number among those of that name."""

    name: str
    number: int
    text: str


@dataclass(frozen=True)
class Outcome:
    """How a child has ended: its exit code, negative for a signal, and what it says."""

    code: int
    text: str


@cache
def reason_to_skip() -> str:
    """Return why nothing can be injected here, if that is so."""
    if shutil.which("strace") is None:
        return "needs strace"
    try:
        outcome = run(lambda: "", None, "-e", "trace=openat")
    except RuntimeError as error:
        return str(error)
    return "" if outcome.code == 0 else "strace cannot follow a process here"


def run(work: Callable[[], str], log: Path | None, *options: str) -> Outcome:
    """Do some work in a forked child that ``strace`` follows; return how it has ended.

    An exception gives the code 1 and its type, errno, filename and message.
    """
    (start_read, start), (said, say) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _act(work, start_read, say)
    for each in (start_read, say):
        os.close(each)
    output = "/dev/null" if log is None else str(log)
    command = ["strace", "-f", "-y", "-s", "8", "-o", output, *options, "-p", str(child)]
    strace = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    line = strace.stderr.readline()
    os.write(start, b".")
    os.close(start)
    with os.fdopen(said, "rb") as file:
        text = file.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    strace.stderr.close()
    strace.wait()
    if "attached" not in line:
        raise RuntimeError(f"strace cannot follow a process: {line.strip()}")
    return Outcome(code, text)


def forked(work: Callable[[], str]) -> Outcome:
    """Do some work in a forked child, without faults; return how it has ended."""
    (start_read, start), (said, say) = os.pipe(), os.pipe()
    os.write(start, b".")
    child = os.fork()
    if child == 0:
        _act(work, start_read, say)
    for each in (start_read, start, say):
        os.close(each)
    with os.fdopen(said, "rb") as file:
        text = file.read().decode()
    return Outcome(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text)


def _act(work: Callable[[], str], start: int, say: int) -> None:
    code = 99
    try:
        os.read(start, 1)
        try:
            text, code = work(), 0
        except Exception as error:  # noqa: BLE001 - told to the parent
            name = getattr(error, "filename", None)
            text, code = f"{type(error).__name__}|{getattr(error, 'errno', 0)}|{name}|{error}", 1
            if not isinstance(error, OSError):
                text += traceback.format_exc()
        os.path.exists(END)
        os.write(say, text.encode())
    finally:
        os._exit(code)


def calls(work: Callable[[], str], folder: Path, log: Path) -> list[Call]:
    """Return the calls of the system that some work makes on what is in a folder, in order."""
    outcome = run(work, log)
    assert outcome.code == 0, outcome.text
    return list(_parsed(log.read_text(errors="replace").splitlines(), str(folder)))


def _parsed(lines: list[str], folder: str) -> Iterator[Call]:
    counts: dict[tuple[str, str], int] = {}
    main = lines[0].split()[0]
    for line in lines:
        if END in line:
            return
        match = re.match(r"([0-9]+) +([a-z_0-9]+)\((.*)", line)
        if match is None or " resumed>" in line:
            continue
        thread, name, rest = match.groups()
        counts[thread, name] = number = counts.get((thread, name), 0) + 1
        if folder in rest and name in ERRORS and thread == main:
            yield Call(name, number, rest)


def failing(work: Callable[[], str], call: Call, error: str) -> Outcome:
    """Do some work, of which a call of the system ends with an error."""
    inject = f"inject={call.name}:error={error}:when={call.number}"
    return run(work, None, "-e", f"trace={call.name}", "-e", inject)


def killed(work: Callable[[], str], call: Call) -> Outcome:
    """Do some work, whose process is killed at a call of the system."""
    inject = f"inject={call.name}:signal=KILL:when={call.number}"
    return run(work, None, "-e", f"trace={call.name}", "-e", inject)


def words(error: str) -> str:
    """Return what the system says of an error: ``ENOSPC`` gives 'No space left on device'."""
    return os.strerror(getattr(errno, error))
