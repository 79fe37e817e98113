"""Ordinary Python cannot make a bound program read freed memory."""

import subprocess
import sys
from pathlib import Path


def test_no_array_is_read_after_its_memory_is_freed() -> None:
    """In a process of its own, which a law that does not hold may end."""
    script = Path(__file__).with_name("memory_laws.py")
    command = [sys.executable, str(script)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
