"""Atomic writes: the old or the new content, and no temporary file remains."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainrule import storage


def test_bytes_and_chunks_write_the_same_file(tmp_path: Path) -> None:
    storage.write_atomically(tmp_path / "whole", b"abcdef")
    storage.write_atomically(
        tmp_path / "chunked", iter([b"ab", bytearray(b"cd"), memoryview(b"ef")])
    )
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "chunked").read_bytes() == b"abcdef"


def test_a_replaced_file_holds_only_the_new_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"something much longer")
    storage.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_a_failing_iterable_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half of it"
        raise failure

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(failure):
        storage.write_atomically(path, chunks())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("disk full")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, broken, refuse)
    with pytest.raises(OSError, match="disk full"):
        storage.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_content_reaches_the_disk_before_the_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        real_fsync(descriptor)

    def replace(source: Path, target: Path) -> None:
        assert source.parent == target.parent, "a rename is one step only within a folder"
        steps.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    storage.write_atomically(tmp_path / "file", b"content")
    assert steps == ["content", "rename", "folder"]


def test_a_link_is_followed_and_permissions_are_preserved(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    storage.write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    storage.write_atomically(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_longest_allowed_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    storage.write_atomically(path, b"content")
    assert path.read_bytes() == b"content"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"the folder does not exist; create it first.*model"
    ):
        storage.write_atomically(tmp_path / "absent" / "model", b"")
    assert os.listdir(tmp_path) == []


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="this is a folder; add a file name"):
        storage.write_atomically(tmp_path, b"")


def test_writing_at_an_offset_truncates_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "part"
    storage.write_at(path, 0, [b"abcdef"])
    storage.write_at(path, 3, [b"X", b"Y"])
    assert path.read_bytes() == b"abcXY"


def test_an_interrupted_transfer_retains_the_chunks_received(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"arrived"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        storage.write_at(tmp_path / "part", 0, chunks())
    assert (tmp_path / "part").read_bytes() == b"arrived"


def test_sha256_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert storage.sha256_of(tmp_path / "file") == hashlib.sha256(content).hexdigest()
