"""``chainrule resume`` goes on with a training that was killed."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule.cli import rbm
from chainrule.storage import locked_folder
from tests.cli.test_train import run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")


def without_times(output: str) -> list[str]:
    """Return what a training prints at its end, from its last epoch on."""
    lines = [re.sub(r"[\d.,]+ ?(ms|s|samples/s)\b", "", line) for line in output.splitlines()]
    return [line for line in lines if "loss" in line or "error" in line][-3:]


def test_a_killed_training_goes_on_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "chainrule", "train", "xor", "--checkpoint", str(folder)]
    child = subprocess.Popen(
        [*command, "--epochs", "1000000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    while not any(folder.glob("checkpoint-*")):
        time.sleep(0.02)
    time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=600)
    assert child.returncode == 143
    assert f"to go on from the last checkpoint: chainrule resume {folder}\n" in errors
    assert len(list(folder.glob("checkpoint-*"))) == 2
    recorded = (folder / "command.json").read_text()
    code, output, errors = run("resume", str(folder))
    assert (code, errors) == (0, "")
    assert (folder / "command.json").read_text() == recorded
    assert f"goes on from {folder}" in output
    _, expected, _ = run("train", "xor", "--epochs", "1000000")
    assert without_times(output)[-1:] == without_times(expected)[-1:]
    code, _, errors = run("resume", str(tmp_path))
    assert code == 2
    assert "train NAME --checkpoint DIR" in errors


def test_a_command_that_is_refused_leaves_that_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run("train", "xor", "--checkpoint", str(folder), "--epochs", "3")
    before = (folder / "command.json").read_text()
    assert "xor" in before
    code, _, errors = run("train", "moons", "--checkpoint", str(folder))
    assert (code, "is of another run" in errors) == (1, True)
    with locked_folder(folder):  # by this process, as by another one
        code, _, errors = run("train", "xor", "--checkpoint", str(folder), "--epochs", "9")
    assert (code, "writes to this folder" in errors) == (1, True)
    assert (folder / "command.json").read_text() == before
    code, _, errors = run("train", "xor", "--checkpoint", "/dev/full")
    assert (code, "this is not a folder" in errors) == (1, True)


def test_a_machine_has_checkpoints_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = (np.eye(8, dtype="float32").repeat(4, 0), np.zeros(32, int))
    experiment = next(iter(rbm._EXPERIMENTS))
    small = replace(experiment, parts=lambda: (samples, samples), epochs=3)
    monkeypatch.setattr(rbm, "_EXPERIMENTS", (small,))
    monkeypatch.setattr(rbm, "_compare", lambda *_: None)
    code, _, errors = run("train", "rbm", "--checkpoint", str(tmp_path / "run"))
    assert (code, errors) == (0, "")
    code, output, _ = run("resume", str(tmp_path / "run"))
    assert code == 0
    assert f"goes on from {tmp_path / 'run' / experiment.name}" in output
