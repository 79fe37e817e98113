"""``chainrule resume`` goes on with a training that was killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
        [*command, "--epochs", "1000000"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    while not any(folder.glob("checkpoint-*")):
        time.sleep(0.02)
    time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 143
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
    code, _, errors = run("train", "rbm", "--checkpoint", str(folder))
    assert code == 2
