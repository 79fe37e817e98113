"""Native programs equal evaluation by NumPy. They run in child processes: a crash fails a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compiler.programs.vector_units import UNITS

PROGRAMS = Path(__file__).parent / "programs"
# Half precision, powers with an unknown integer exponent and rounded booleans are not compiled.
LEFT_TO_NUMPY = ("half precision", "to a power", "of bool")


def lines_of(script, *arguments, vectors=""):
    """Run a program of `programs` in a child process; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAMS / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "CHAINRULE_VECTORS": vectors},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_every_primitive_computes_what_numpy_does():
    lines = lines_of("every_primitive.py")
    assert [line for line in lines if not any(word in line for word in LEFT_TO_NUMPY)] == []


@pytest.mark.parametrize("first_seed", [0, 1000, 2000, 3000])
def test_random_programs_compute_what_numpy_does(first_seed):
    assert lines_of("random_program.py", 15, first_seed) == []


@pytest.mark.parametrize(
    "name",
    [
        *(
            "special_values",
            "squares",
            "best_of_rows",
            "empty_parts",
            "layouts",
            "positions",
            "loops",
            "rows_ahead",
            "long_rows",
            "joints",
        ),
        *("threads", "stopwatch"),
    ],
)
def test_native_programs_obey_the_law_of(name):
    assert lines_of("native_laws.py", name) == []


@pytest.mark.parametrize(
    "name", ["values", "gradients", "borders", "pooling", "results", "threads", "blocks", "memory"]
)
def test_native_convolutions_obey_the_law_of(name):
    assert lines_of("convolution_laws.py", name) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["values", "threads", "rows_apart", "memory"])
def test_native_recurrence_obeys_the_law_of(name):
    assert lines_of("recurrence_laws.py", name) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["values", "threads", "memory", "outermost"])
def test_batch_fusion_obeys_the_law_of(name):
    assert lines_of("row_laws.py", name) == []


def test_random_convolutions_compute_what_numpy_does():
    assert lines_of("random_convolution.py", 20, 0) == []


@pytest.mark.slow
def test_bits_do_not_depend_on_the_vector_unit():
    for script, *arguments in [("random_program.py", 6, 0, "bits"), ("trained_bits.py",)]:
        results = {tuple(lines_of(script, *arguments, vectors=unit)) for unit in UNITS}
        assert len(results) == 1
        assert results.pop()


@pytest.mark.slow
@pytest.mark.parametrize("vectors", UNITS[-1:])
def test_programs_for_narrower_vectors_obey_the_same_laws(vectors):
    assert lines_of("random_program.py", 8, 4000, vectors=vectors) == []
    assert lines_of("random_convolution.py", 5, 100, vectors=vectors) == []
    for name in ("special_values", "squares", "long_rows", "threads"):
        assert lines_of("native_laws.py", name, vectors=vectors) == []
