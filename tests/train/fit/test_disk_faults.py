"""Saves and checkpoints under the faults of disks: errors and kills at calls of the system.

Each law is one that a writer which replaces the content of a file in place breaks.
"""

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.train.files import run_folder
from tests.storage import system_faults as faults
from tests.train.fit.disk_faults import WRITERS, broken_runs, broken_saves, built, trained

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:fit. the checkpoint"),
    pytest.mark.filterwarnings("ignore:the disk of .* has no locks"),
]


@pytest.fixture
def folder(tmp_path):
    """Return a folder in memory if there is one, where a flush takes no time."""
    if reason := faults.reason_to_skip():
        pytest.skip(reason)
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


@pytest.mark.parametrize("is_killed", [False, True], ids=["error", "kill"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_save_is_whole_or_undone_at_any_call_of_the_system(folder, tmp_path, name, is_killed):
    path = folder / ("net.npz" if name == "np.savez" else "net.safetensors")
    broken = broken_saves(WRITERS[name], path, tmp_path / "log", is_killed, stride=2)
    if name == "net.save":
        assert broken == []
    else:
        assert any("lost" in each for each in broken), "the faults lose no data of a naive writer"


INTERRUPTED = "openat,read,write,pwrite64,pread64,fsync,fdatasync,flock,ftruncate,close"


def interrupted(work, log):
    """Do some work of which a signal interrupts every second call of the system; return which."""
    inject = f"inject={INTERRUPTED}:error=EINTR:when=1+2"
    outcome = faults.run(work, log, "-e", f"trace={INTERRUPTED}", "-e", inject)
    lines = log.read_text().splitlines()
    return outcome, {re.split(r"[ (]+", each)[1] for each in lines if "(INJECTED)" in each}


def test_calls_that_a_signal_interrupts_change_nothing(folder, tmp_path):
    def work():
        for epochs in (1, 2):  # the second resumes
            digest = trained(folder / "run", epochs)
        net = built(1)
        for _ in range(2):  # the second replaces
            net.save(folder / "net")
        assert cr.load(folder / "run").history.epochs == 2
        same = cr.load(folder / "net").params["dense.weight"] == net.params["dense.weight"]
        return digest if same.all() else "other weights"

    expected = trained()
    assert work() == expected  # imports what the children need
    shutil.rmtree(folder / "run")
    outcome, names = interrupted(work, tmp_path / "log")
    assert outcome.text == expected
    assert names >= {"openat", "read", "write", "pwrite64", "fsync", "flock", "ftruncate", "close"}
    # What Python does not repeat fails.
    outcome, _ = interrupted(lambda: str(os.listdir(folder)), tmp_path / "log")
    assert "Interrupted system call" in outcome.text


def test_an_error_of_the_disk_without_a_name_is_raised_with_that_of_the_checkpoint(
    tmp_path, monkeypatch
):
    def stale(source):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    trained(tmp_path)
    monkeypatch.setattr(run_folder, "read_file", stale)
    with pytest.raises(OSError, match=r"cannot read this file: .*; the connection .*checkpoint-0"):
        trained(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True], ids=["error", "kill"])
def test_a_training_goes_on_from_a_fault_at_any_call_of_the_system(folder, tmp_path, is_killed):
    count, broken = broken_runs(
        folder / "run", tmp_path / "log", is_killed, stride=29, first=7 * is_killed
    )
    assert broken == []
    assert count > 100
