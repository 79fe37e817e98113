"""Contestants in worker processes: results, absences with a reason, and crashes."""

import pytest

from benchmarks.benchmark import Figure
from benchmarks.worker import Absence, Fresh, Ready, Worker


def test_a_worker_restarts_from_the_same_parameters_and_exits_cleanly(tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        assert worker.ready == Ready("XOR")
        first, again = worker.repeat(), worker.repeat()
    assert isinstance(first, Figure)
    assert first.value > 0
    assert first.check == again.check
    assert worker.process.exitcode == 0


def test_a_fresh_process_measures_one_repetition(tmp_path):
    with Fresh("memory-W3", "numpy", tmp_path) as runner:
        figure = runner.repeat()
    assert runner.ready == Ready("Gaussian rows")
    assert 10e6 < figure.value < 1e9
    assert figure.check < 1.5


def test_a_contestant_that_cannot_start_is_absent_with_a_reason(tmp_path):
    with Worker("W1", "unknown", tmp_path, patience=60) as worker:
        assert isinstance(worker.ready, Absence)
        assert "no contestant 'unknown'" in worker.ready.reason
    fresh = Fresh("memory-W3", "unknown", tmp_path)
    assert fresh.repeat() == fresh.ready == worker.ready


@pytest.mark.parametrize(("signal", "code"), [("kill", -9), ("terminate", -15)])
def test_a_crashed_process_is_an_absence(signal, code, tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        getattr(worker.process, signal)()
        worker.process.join()
        answer = worker.repeat()
    assert answer == Absence(f"its process ended with code {code}")


def test_a_worker_without_an_answer_times_out(tmp_path):
    with Worker("W1", "numpy", tmp_path, patience=60) as worker:
        worker.patience = 0.001
        assert worker.repeat() == Absence("no answer within 0 s")
