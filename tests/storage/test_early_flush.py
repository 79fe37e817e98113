"""Early flushes: a file is written to the disk while more of it is written, and errors are told."""

import errno
import os
import threading
from pathlib import Path

import pytest

from chainrule import storage
from chainrule.storage import atomic_write, early_flush

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_flush, "STEP", 4096)
    monkeypatch.setattr(atomic_write, "PIECE", 1000)


@pytest.mark.usefixtures("small_steps")
def test_a_file_that_is_flushed_early_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    parts = [CONTENT[:7], CONTENT[7:50_000], CONTENT[50_000:]]
    storage.write_atomically(path, iter(parts), patch=lambda: (3, b"patched"))
    assert path.read_bytes() == CONTENT[:3] + b"patched" + CONTENT[10:]


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("failing", [0, -1])
def test_an_error_that_an_early_flush_alone_is_told_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    path, calls, known = tmp_path / "file", [], threading.active_count()
    path.write_bytes(b"old")
    flush = os.fdatasync

    def fail_once(descriptor: int) -> None:
        calls.append(threading.current_thread())
        is_last = calls[-1] is threading.main_thread()  # of `finish`
        if is_last if failing < 0 else len(calls) == failing + 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        flush(descriptor)

    monkeypatch.setattr(os, "fdatasync", fail_once)
    with pytest.raises(OSError, match=r"Input/output error; an earlier version") as told:
        storage.write_atomically(path, CONTENT, patch=lambda: (0, b""))
    assert told.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    assert threading.active_count() == known


@pytest.mark.usefixtures("small_steps")
def test_an_interrupted_write_waits_for_its_flush(tmp_path: Path) -> None:
    known = threading.active_count()

    def chunks():
        yield CONTENT
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        storage.write_atomically(tmp_path / "file", chunks())
    assert (threading.active_count(), os.listdir(tmp_path)) == (known, [])
