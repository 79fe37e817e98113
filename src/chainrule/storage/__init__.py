"""Files on disk: atomic writes, what they replace, temporary files, and the cache folder."""

from chainrule.storage.atomic_write import (
    PRIVATE_FILE,
    create_atomically,
    publish,
    sha256_of,
    write_at,
    write_atomically,
)
from chainrule.storage.cache_location import cache_folder
from chainrule.storage.target_file import checked_target, expanded

__all__ = [
    "PRIVATE_FILE",
    "cache_folder",
    "checked_target",
    "create_atomically",
    "expanded",
    "publish",
    "sha256_of",
    "write_at",
    "write_atomically",
]
