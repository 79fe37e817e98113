"""Training with forked processes, signals and bounded memory: see `process_laws`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "process_laws.py"
HAS_FORK = hasattr(os, "fork")
HAS_PROC = Path("/proc/self/statm").exists()

LAWS = [
    pytest.param(name, marks=[pytest.mark.skipif(not is_there, reason=reason), pytest.mark.slow])
    for name, is_there, reason in [
        ("processes", HAS_FORK, "needs fork"),
        ("forks", HAS_FORK, "needs fork"),
        ("forks_while_training", HAS_FORK, "needs fork"),
        ("interrupts", HAS_FORK, "needs POSIX signals"),
        ("memory", HAS_PROC, "needs /proc"),
        ("shapes", HAS_PROC, "needs /proc"),
    ]
]


@pytest.mark.parametrize("name", LAWS)
def test_training_in_a_separate_process_satisfies(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), name],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "CHAINRULE_CACHE": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
