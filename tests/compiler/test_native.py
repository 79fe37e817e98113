"""Native programs agree with NumPy's evaluation; run in child processes, as they may crash."""

import os
from pathlib import Path

import pytest

from tests.compiler.programs.vector_units import UNITS
from tests.prepared_python import run_program

PROGRAMS = Path(__file__).parent / "programs"
# Not compiled: half precision, powers with an unknown integer exponent, rounded booleans.
EVALUATED_BY_NUMPY = ("half precision", "to a power", "of bool")


def printed_lines(script, *arguments, vectors=""):
    """Run a program of `programs` in a child process; return the lines it prints."""
    command = [str(PROGRAMS / script), *map(str, arguments)]
    done = run_program(command, environment={**os.environ, "CHAINRULE_VECTORS": vectors})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_every_compiled_primitive_agrees_with_numpy():
    lines = printed_lines("every_primitive.py")
    assert [line for line in lines if not any(word in line for word in EVALUATED_BY_NUMPY)] == []


@pytest.mark.parametrize("first_seed", [0, 1000, 2000, 3000])
def test_random_programs_agree_with_numpy(first_seed):
    assert printed_lines("random_program.py", 10, first_seed) == []


@pytest.mark.parametrize(
    "names",
    [
        ("special_values", "axes_of_equal_extent", "argmax_of_rows", "empty_arrays", "layouts"),
        ("gather_indices", "scan_carries", "prefetch", "row_reductions", "concatenation"),
        ("threads",),
        ("cycle_counters",),
    ],
    ids=" ".join,
)
def test_native_programs_obey(names):
    assert printed_lines("native_laws.py", *names) == []


@pytest.mark.parametrize(
    "names",
    [
        ("values", "gradients", "few_positions", "iteration_bounds"),
        ("pooling", "reshaped_results", "threads", "split_reductions", "memory"),
    ],
    ids=" ".join,
)
def test_native_convolutions_obey(names):
    assert printed_lines("convolution_laws.py", *names) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["values", "threads", "batch_parallel", "memory"])
def test_native_recurrence_obeys(name):
    assert printed_lines("recurrence_laws.py", name) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["values", "threads", "memory", "outermost_loop"])
def test_batch_fusion_obeys(name):
    assert printed_lines("batch_fusion_laws.py", name) == []


def test_random_convolutions_agree_with_numpy():
    assert printed_lines("random_convolution.py", 12, 0) == []


@pytest.mark.slow
def test_results_are_bit_identical_for_every_vector_unit():
    for script, *arguments in [("random_program.py", 4, 0, "bits"), ("trained_bits.py",)]:
        results = {tuple(printed_lines(script, *arguments, vectors=unit)) for unit in UNITS}
        assert len(results) == 1
        assert results.pop()


@pytest.mark.slow
@pytest.mark.parametrize("vectors", UNITS[-1:])
def test_native_programs_obey_the_same_laws_with_narrower_vectors(vectors):
    assert printed_lines("random_program.py", 4, 4000, vectors=vectors) == []
    assert printed_lines("random_convolution.py", 3, 100, vectors=vectors) == []
    names = ("special_values", "axes_of_equal_extent", "row_reductions", "threads")
    assert printed_lines("native_laws.py", *names, vectors=vectors) == []
