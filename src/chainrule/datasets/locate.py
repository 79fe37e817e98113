"""Lookup of data set files: the user's folder, then the cache, then a download."""

import os
from pathlib import Path

from chainrule.datasets.catalogue import CATALOGUE, DataSet, RemoteFile
from chainrule.errors import DownloadError, FormatError, counted
from chainrule.storage import cache_folder

__all__ = ["locate", "size_of"]


def locate(name: str) -> list[Path]:
    """Return the paths of a data set's files, downloading missing ones.

    A file is looked up in its folder under ``$CHAINRULE_DATA``, then in the same folder of the
    user's cache. Its size is always checked, its checksum after a download.
    """
    data_set = CATALOGUE[name]
    return [_locate_file(name, data_set, file) for file in data_set.files]


def size_of(path: Path) -> int | None:
    """Return the size of a file, or the total size of a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.iterdir() if each.name[0] != ".")
    return path.stat().st_size if path.is_file() else None


def _locate_file(name: str, data_set: DataSet, file: RemoteFile) -> Path:
    folder = _user_folder(data_set)
    if folder is not None and (folder / file.name).exists():
        return _checked_size(name, folder / file.name, file)
    cache = cache_folder()
    cached = None if cache is None else cache / data_set.folder / file.name
    # A wrong size in the cache is repaired by a download; in the user's folder it is an error.
    if cached is None or size_of(cached) != file.size:
        cached = _fetch(name, data_set, file, cached)
    return cached


def _user_folder(data_set: DataSet) -> Path | None:
    base = os.environ.get("CHAINRULE_DATA")
    return Path(os.path.expanduser(base)) / data_set.folder if base else None


def _checked_size(name: str, path: Path, file: RemoteFile) -> Path:
    size = size_of(path)
    if size != file.size:
        raise FormatError(
            f"{name}: {path} has {counted(size, 'byte')} instead of {file.size}; "
            "copy it again, or remove it to download it"
        )
    return path


def _fetch(name: str, data_set: DataSet, file: RemoteFile, target: Path | None) -> Path:
    folder = _user_folder(data_set) or f"$CHAINRULE_DATA/{data_set.folder}"
    files = ", ".join(each.name for each in data_set.files)
    cache = f"$CHAINRULE_CACHE/{data_set.folder}" if target is None else target.parent
    remedy = f"put {files} into {folder} or {cache}"
    if not data_set.addresses:
        raise DownloadError(
            f"{name}: {file.name} is not on this machine and has no download under an open "
            f"licence; get the files from {data_set.origin} and {remedy}"
        )
    if target is None:
        raise DownloadError(
            f"{name}: {file.name} cannot be downloaded, as there is no home folder; set the "
            "environment variable CHAINRULE_CACHE to the folder for downloads"
        )
    # Importing urllib takes longer than importing this package, and is rarely needed.
    from chainrule.datasets.download import download

    failures: list[str] = []
    for address in data_set.addresses:
        try:
            url = address + file.name if address.endswith("/") else address
            download(url, file, target)
        except DownloadError as error:
            failures.append(str(error))
        else:
            return target
    raise DownloadError(f"{name}: {'; '.join(failures)}; try again, or {remedy}")
