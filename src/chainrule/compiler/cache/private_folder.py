"""Private folder of the object cache: where it is, who may write to it, and its secret.

Machine code runs with all rights of the user, so a folder or file that anyone else could have
written is not read. The secret authenticates entries: who cannot read it cannot make one.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from chainrule.errors import warn
from chainrule.storage import PRIVATE_FILE, cache_folder, create_atomically

__all__ = [
    "note_failed_write",
    "private_folder",
    "read_private",
    "secret_of",
    "warn_unless_kept",
    "why_unusable",
]

SECRET_NAME, SECRET_BYTES = "code.secret", 32

_secrets: dict[Path, bytes] = {}
"""The secrets that this process has read."""

_told: list[str] = []
"""The warning of this process, if there was one."""

_failures: list[str] = []
"""Why an entry could not be written, perhaps in a background thread, which has no user's line."""


def private_folder() -> Path | None:
    """Return the folder, created if missing; None if that fails or others may write to it."""
    folder = cache_folder()
    if folder is None:
        _warn("there is no home folder")
        return None
    folder /= "code"
    reason = why_unusable(folder)
    if reason is not None:
        _warn(reason)
        return None
    return folder


def secret_of(folder: Path) -> bytes | None:
    """Return the secret of a cache, created if missing; it lies beside the folder of entries."""
    path = folder.parent / SECRET_NAME
    if path not in _secrets and (secret := _read_or_create(path)):
        _secrets[path] = secret
    return _secrets.get(path)


def read_private(path: Path, max_bytes: int) -> bytes | None:
    """Return the content of a file that only this user can have written; else None."""
    # A link could lead to a file of another user, and a named pipe would wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(path, "rb", opener=lambda name, mode: os.open(name, mode | flags)) as file:
            status = os.fstat(file.fileno())
            is_file = stat.S_ISREG(status.st_mode) and _is_private(status)
            return file.read() if is_file and status.st_size <= max_bytes else None
    except (OSError, MemoryError):
        return None


def note_failed_write(folder: Path, error: OSError) -> None:
    """Remember that an entry could not be written, for the next call of `warn_unless_kept`."""
    _failures.append(f"{folder} cannot be written ({error.strerror or error})")


def warn_unless_kept(folder: Path) -> None:
    """Warn once if programs that are compiled now will have to be compiled again."""
    if not os.access(folder, os.W_OK | os.X_OK):
        _warn(f"{folder} cannot be written")
    elif _failures:
        _warn(_failures[0])


def _warn(reason: str) -> None:
    if not _told:
        _told.append(reason)
        warn(
            f"compiled programs are not kept, so each run compiles them again: {reason}; set the "
            "environment variable CHAINRULE_CACHE to a folder of your own that you can write to"
        )


def why_unusable(folder: Path) -> str | None:
    """Create the folder if it is missing; return why it cannot be used, None if it can."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        return f"{folder} cannot be created ({error.strerror or error})"
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is no folder"
    if _is_private(status):
        return None
    return f"{folder} is not trusted, as it belongs to another user or others may write to it"


def _read_or_create(path: Path) -> bytes | None:
    for _ in range(2):
        secret = read_private(path, SECRET_BYTES)
        if secret is not None and len(secret) == SECRET_BYTES:
            return secret
        with suppress(OSError):
            path.unlink(missing_ok=True)
            create_atomically(path, os.urandom(SECRET_BYTES), PRIVATE_FILE)
    return None


def _is_private(status: os.stat_result) -> bool:
    """Whether no other user can write to a file or folder."""
    if not hasattr(os, "getuid"):  # Windows: the folder inherits the profile's rights
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
