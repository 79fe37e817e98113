"""Layers give the same bits on any number of threads."""

from pathlib import Path

import pytest

from tests.prepared_python import run_program


@pytest.mark.slow
def test_training_is_bit_identical_on_any_number_of_threads() -> None:
    script = Path(__file__).with_name("thread_bits.py")
    done = run_program([str(script)])
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == []
