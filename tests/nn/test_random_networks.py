"""Random networks train natively as they do by NumPy, and alike on any number of threads."""

from pathlib import Path

import pytest

from tests.prepared_python import run_program


@pytest.mark.slow
def test_native_training_of_random_networks_equals_numpy() -> None:
    script = Path(__file__).with_name("random_network.py")
    done = run_program([str(script), "0", "8"])
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == []
