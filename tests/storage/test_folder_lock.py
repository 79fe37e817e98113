"""The lock of a folder: one owner at a time, which its death ends."""

import os
import time
from contextlib import suppress

import pytest

from chainrule.storage import FolderInUseError, locked_folder

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


def test_the_lock_is_that_of_a_call_and_ends_with_its_process(tmp_path):
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
    start = time.monotonic()
    with locked_folder(tmp_path):
        assert time.monotonic() - start < 1
    assert not (tmp_path / "lock").exists()
