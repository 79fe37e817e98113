"""A contestant in a process of its own: it answers, is absent with a reason, or has died."""

import pytest

from benchmarks.benchmark import Figure
from benchmarks.worker import Absence, Fresh, Ready, Worker


def test_a_worker_trains_from_the_same_start_each_time_and_ends_when_told(tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        assert worker.ready == Ready("XOR")
        first, again = worker.repeat(), worker.repeat()
    assert isinstance(first, Figure)
    assert first.value > 0
    assert first.check == again.check
    assert worker.process.exitcode == 0


def test_a_fresh_process_for_each_repetition_leaves_what_it_found(tmp_path):
    with Fresh("memory-W3", "numpy", tmp_path) as runner:
        figure = runner.repeat()
    assert runner.ready == Ready("Gaussian rows")
    assert 10e6 < figure.value < 1e9
    assert figure.check < 1.5


def test_a_contestant_that_cannot_start_says_why(tmp_path):
    with Worker("W1", "nobody", tmp_path, patience=60) as worker:
        assert isinstance(worker.ready, Absence)
        assert "no contestant 'nobody'" in worker.ready.reason
    fresh = Fresh("memory-W3", "nobody", tmp_path)
    assert fresh.repeat() == fresh.ready == worker.ready


@pytest.mark.parametrize(("signal", "code"), [("kill", -9), ("terminate", -15)])
def test_a_process_that_dies_is_an_absence(signal, code, tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        getattr(worker.process, signal)()
        worker.process.join()
        answer = worker.repeat()
    assert answer == Absence(f"its process ended with code {code}")


def test_patience_ends(tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        worker.patience = 0.001
        assert worker.repeat() == Absence("no answer within 0 s")
