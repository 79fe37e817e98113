"""Random networks train natively as they do by NumPy, and alike on any number of threads."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_native_training_of_random_networks_equals_numpy() -> None:
    script = Path(__file__).with_name("random_network.py")
    command = [sys.executable, str(script), "0", "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == []
