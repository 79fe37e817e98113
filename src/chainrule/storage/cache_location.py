"""The folder for files that can be recreated: compiled programs, downloaded data sets."""

import os
import sys
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path | None:
    """Return the folder for files that can be recreated; it need not exist yet.

    ``$CHAINRULE_CACHE`` where it is set, otherwise the platform's cache folder.

    Returns
    -------
    path or None
        An absolute path; None if the user has no home folder, as in some containers.
    """
    try:
        return _cache_folder()
    except (RuntimeError, OSError):  # no home folder, or no current folder
        return None


def _cache_folder() -> Path:
    if chosen := os.environ.get("CHAINRULE_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser() / "chainrule"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "chainrule"
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification asks to ignore a relative path.
    return (Path(base) if os.path.isabs(base) else _home() / ".cache") / "chainrule"


def _home() -> Path:
    """Return the home folder, which an empty or relative ``$HOME`` does not name."""
    if os.path.isabs(home := os.environ.get("HOME", "")):
        return Path(home)
    import pwd  # not on Windows

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError as error:
        raise RuntimeError("the user has no home folder") from error
