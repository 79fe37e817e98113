"""Files on disk: writes that are whole or undone, temporary files, and the cache folder."""

from chainrule.storage.atomic_write import (
    PRIVATE_FILE,
    append,
    create_atomically,
    publish,
    sha256_of,
    write_at,
    write_atomically,
)
from chainrule.storage.cache_location import cache_folder
from chainrule.storage.folder_lock import FolderInUseError, create_folder, locked_folder
from chainrule.storage.interruption import names_in, reading
from chainrule.storage.target_file import check_suffix, checked_target, expanded
from chainrule.storage.temporary_file import remove_abandoned_files
from chainrule.storage.write_error import naming

__all__ = [
    "PRIVATE_FILE",
    "FolderInUseError",
    "append",
    "cache_folder",
    "check_suffix",
    "checked_target",
    "create_atomically",
    "create_folder",
    "expanded",
    "locked_folder",
    "names_in",
    "naming",
    "publish",
    "reading",
    "remove_abandoned_files",
    "sha256_of",
    "write_at",
    "write_atomically",
]
