"""Layers give the same bits on any number of threads."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_training_is_bit_identical_on_any_number_of_threads() -> None:
    script = Path(__file__).with_name("thread_bits.py")
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == []
