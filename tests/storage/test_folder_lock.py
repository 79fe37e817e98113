"""The lock of a folder: one owner at a time, which its death ends."""

import errno
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from chainrule.errors import ChainruleWarning
from chainrule.storage import FolderInUseError, locked_folder

fcntl = pytest.importorskip("fcntl")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_a_folder_has_one_owner_at_a_time_however_often_the_lock_is_made_anew(tmp_path):
    folder, alone = tmp_path / "run", tmp_path / "alone"

    def compete():
        held = 0
        while held < 5:
            with suppress(FolderInUseError), locked_folder(folder):
                os.mkdir(alone)  # fails if another one holds the lock
                os.rmdir(alone)
                held += 1

    children: list[int] = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                compete()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children]
    assert codes == [0, 0, 0]
    assert list(folder.iterdir()) == []


def test_the_lock_is_that_of_a_call_and_ends_with_its_process(tmp_path, monkeypatch):
    with locked_folder(tmp_path):
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")
        with pytest.raises(FolderInUseError, match="this process"), locked_folder(tmp_path):
            pass
        child = os.fork()
        if child == 0:  # which does not inherit the lock
            try:
                with locked_folder(tmp_path / "."):
                    os._exit(1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    child = os.fork()
    if child == 0:
        with locked_folder(tmp_path):
            os._exit(0)  # as if killed
    os.waitpid(child, 0)
    assert (tmp_path / "lock").exists()
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it is locked without waiting"))
    with locked_folder(tmp_path):
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")
    assert not (tmp_path / "lock").exists()


@pytest.fixture
def public_folder():
    """Return a folder that all users may write to, as the parents of `tmp_path` are private."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="changes its user")
def test_a_lock_of_another_user_is_named_while_held_and_replaced_afterwards(public_folder):
    folder = public_folder
    owner = f"process {os.getpid()} on "

    def as_another_user(is_held):
        os.setuid(65534)
        try:
            with locked_folder(folder):
                return not is_held
        except FolderInUseError as error:
            return is_held and owner in str(error)

    def in_child(is_held):
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if as_another_user(is_held) else 1)
            finally:
                os._exit(2)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    with locked_folder(folder):
        (folder / "lock").chmod(0o644)
        assert in_child(is_held=True) == 0
    (folder / "lock").write_text(owner)  # left by a process that was killed
    (folder / "lock").chmod(0o644)
    assert in_child(is_held=False) == 0
    assert list(folder.iterdir()) == []


def test_a_disk_without_locks_is_warned_of_and_one_that_fails_is_refused(tmp_path, monkeypatch):
    def failing(number):
        def flock(descriptor, operation):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", flock)

    for number in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK):
        failing(number)
        with (
            pytest.warns(ChainruleWarning, match="has no locks .*; make sure that none does"),
            locked_folder(tmp_path / "run"),
        ):
            assert (tmp_path / "run" / "lock").exists()
    for number, remedy in ((errno.EIO, "write to another one"), (errno.ESTALE, "mount it again")):
        failing(number)
        words = f"cannot lock the folder of this file: {os.strerror(number)}; .*{remedy}"
        with pytest.raises(OSError, match=words), locked_folder(tmp_path / "run"):
            pass
    monkeypatch.undo()
    with locked_folder(tmp_path / "run"):
        pass
    assert list((tmp_path / "run").iterdir()) == []
