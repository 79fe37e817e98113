"""Random networks train natively as they do by NumPy, and alike on any number of threads."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", [0, 100])
def test_native_training_of_random_networks_equals_numpy(first_seed: int) -> None:
    script = Path(__file__).with_name("random_network.py")
    command = [sys.executable, str(script), str(first_seed), "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == []
