"""A contestant in a process of its own: it answers, is absent with a reason, or has died."""

import pytest

from benchmarks.worker import Absence, Ready, Repetition, Worker


def test_a_worker_trains_from_the_same_start_each_time_and_ends_when_told():
    with Worker("W1", "numpy", patience=60) as worker:
        assert isinstance(worker.ready, Ready)
        assert worker.ready.dataset == "XOR"
        first, again = worker.repeat(3), worker.repeat(3)
    assert isinstance(first, Repetition)
    assert first.seconds > 0
    assert first.loss == again.loss
    assert worker.process.exitcode == 0


def test_a_contestant_that_cannot_start_says_why():
    with Worker("W1", "nobody", patience=60) as worker:
        assert isinstance(worker.ready, Absence)
        assert "no contestant 'nobody'" in worker.ready.reason


@pytest.mark.parametrize(("signal", "code"), [("kill", -9), ("terminate", -15)])
def test_a_process_that_dies_is_an_absence(signal, code):
    with Worker("W1", "numpy", patience=60) as worker:
        getattr(worker.process, signal)()
        worker.process.join()
        answer = worker.repeat(1)
    assert answer == Absence(f"its process ended with code {code}")


def test_patience_ends():
    with Worker("W1", "numpy", patience=60) as worker:
        worker.patience = 0.05
        assert worker.repeat(10**6) == Absence("no answer within 0 s")
