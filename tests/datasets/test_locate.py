"""Lookup of files: the user's folder, then the cache, then a download; sizes are checked."""

import dataclasses
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chainrule.datasets import catalogue
from chainrule.datasets.catalogue import CATALOGUE, DataSet, RemoteFile
from chainrule.datasets.locate import locate
from chainrule.errors import DownloadError, FormatError


@pytest.fixture
def toy(server: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """A data set of two files that the local server holds."""
    digest = hashlib.sha256(server.content).hexdigest()
    files = tuple(RemoteFile(name, len(server.content), digest) for name in ("a.gz", "b.gz"))
    data_set = DataSet("toy-folder", files, (server.address,), "http://origin/", "none")
    monkeypatch.setitem(catalogue.CATALOGUE, "toy", data_set)
    return data_set


def test_files_are_downloaded_once_into_the_cache(toy: DataSet, server: Any, cache: Path) -> None:
    folder = cache / toy.folder
    assert locate("toy") == [folder / "a.gz", folder / "b.gz"]
    assert len(server.asked) == 2
    assert locate("toy") == [folder / "a.gz", folder / "b.gz"]
    assert len(server.asked) == 2


def test_the_users_folder_comes_first(
    toy: DataSet, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own" / "toy-folder"
    folder.mkdir(parents=True)
    for name in ("a.gz", "b.gz"):
        (folder / name).write_bytes(server.content)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "own"))
    assert locate("toy") == [folder / "a.gz", folder / "b.gz"]
    assert server.asked == []


def test_a_file_missing_in_the_users_folder_is_looked_up_in_the_cache(
    toy: DataSet, server: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own" / "toy-folder"
    folder.mkdir(parents=True)
    (folder / "a.gz").write_bytes(server.content)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "own"))
    assert locate("toy") == [folder / "a.gz", cache / toy.folder / "b.gz"]
    assert len(server.asked) == 1


def test_a_wrong_size_in_the_users_folder_is_refused(
    toy: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own" / "toy-folder"
    folder.mkdir(parents=True)
    (folder / "a.gz").write_bytes(b"short")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "own"))
    with pytest.raises(FormatError, match=r"a\.gz has 5 bytes instead of 200000; copy it again"):
        locate("toy")


def test_a_wrong_size_in_the_cache_is_repaired(toy: DataSet, server: Any, cache: Path) -> None:
    (cache / toy.folder).mkdir(parents=True)
    (cache / toy.folder / "a.gz").write_bytes(b"short")
    assert locate("toy")[0].read_bytes() == server.content


def test_the_next_address_is_tried_when_one_fails(
    toy: DataSet, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("http://127.0.0.1:1/", server.address)
    monkeypatch.setitem(CATALOGUE, "toy", dataclasses.replace(toy, addresses=addresses))
    assert locate("toy")[1].read_bytes() == server.content


def test_without_network_the_error_names_address_files_and_folders(
    toy: DataSet, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("http://127.0.0.1:1/", "http://127.0.0.1:2/")
    monkeypatch.setitem(CATALOGUE, "toy", dataclasses.replace(toy, addresses=addresses))
    with pytest.raises(DownloadError) as caught:
        locate("toy")
    message = str(caught.value)
    for part in ("toy: ", "http://127.0.0.1:1/a.gz", "http://127.0.0.1:2/a.gz", "a.gz, b.gz"):
        assert part in message
    assert f"into $CHAINRULE_DATA/toy-folder or {cache / 'toy-folder'}" in message
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with pytest.raises(DownloadError, match=re.escape(f"into {tmp_path / 'toy-folder'} or ")):
        locate("toy")


def test_the_size_of_a_folder_is_that_of_its_files(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set = DataSet("toy-folder", (RemoteFile("many", 7, "0" * 64),), (), "http://x/", "none")
    monkeypatch.setitem(CATALOGUE, "toy", data_set)
    folder = tmp_path / "toy-folder" / "many"
    folder.mkdir(parents=True)
    for name, content in (("a", "123"), ("b", "4567"), (".hidden", "8")):
        (folder / name).write_text(content)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert locate("toy") == [folder]
    (folder / "b").unlink()
    with pytest.raises(FormatError, match="many has 3 bytes instead of 7"):
        locate("toy")


def test_a_set_without_licence_is_not_downloaded_but_its_source_named(cache: Path) -> None:
    with pytest.raises(
        DownloadError, match=r"get the files from https://.*notMNIST.* \$CHAINRULE_DATA/notmnist"
    ):
        locate("notmnist")


def test_the_catalogue_is_well_formed() -> None:
    for name, data_set in CATALOGUE.items():
        assert data_set.files, name
        assert data_set.origin.startswith("http")
        assert data_set.licence
        assert all(re.fullmatch(r"https?://[^/]+/.*", address) for address in data_set.addresses)
        for file in data_set.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert "/" not in file.name


def test_without_a_home_folder_the_error_names_what_to_set(
    toy: DataSet, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.datasets.locate.cache_folder", lambda: None)
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    with pytest.raises(DownloadError, match="no home folder; set the environment variable"):
        locate("toy")
    assert server.asked == []


def test_a_pipe_in_place_of_a_file_is_refused_before_the_download(
    toy: DataSet, server: Any, cache: Path
) -> None:
    (cache / toy.folder).mkdir(parents=True)
    os.mkfifo(cache / toy.folder / "a.gz")
    with pytest.raises(OSError, match="named pipe"):
        locate("toy")
    assert server.asked == []
