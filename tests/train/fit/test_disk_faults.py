"""Saves and checkpoints under the faults of disks: errors and kills at calls of the system.

Each law is one that a writer which replaces the content of a file in place breaks.
"""

import os
import tempfile
from pathlib import Path

import pytest

from tests.storage import system_faults as faults
from tests.train.fit.disk_faults import WRITERS, broken_runs, broken_saves

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:fit. the checkpoint"),
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


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True], ids=["error", "kill"])
def test_a_training_goes_on_from_a_fault_at_any_call_of_the_system(folder, tmp_path, is_killed):
    count, broken = broken_runs(
        folder / "run", tmp_path / "log", is_killed, stride=29, first=7 * is_killed
    )
    assert broken == []
    assert count > 100
