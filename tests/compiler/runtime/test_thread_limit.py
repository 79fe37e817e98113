"""Thread limit: lowered while cores are oversubscribed, tried again after growing pauses."""

import threading
import time

import numpy as np
import pytest

from chainrule.compiler.runtime import thread_limit, thread_pool
from chainrule.compiler.runtime.thread_limit import ThreadLimit


def test_the_limit_stays_while_every_thread_has_a_core():
    limit = ThreadLimit()
    for i in range(5):
        assert limit.threads(4, now=float(i)) == 4
        limit.record(4, wall=0.1, cpu=0.39, now=i + 0.1)


@pytest.mark.parametrize(
    ("requested", "cores", "limited"),
    [(2, 1.0, 1), (2, 1.5, 1), (2, 1.7, 2), (4, 3.0, 3), (8, 6.3, 6), (8, 0.4, 1)],
)
def test_the_limit_is_the_number_of_cores_that_threads_had(requested, cores, limited):
    limit = ThreadLimit()
    limit.record(requested, wall=0.1, cpu=0.1 * cores, now=1.0)
    assert limit.threads(requested, now=1.05) == limited


def pause_after(limit, cpu, now):
    """Note a run of two threads; return for how long the limit is lower then."""
    limit.record(2, wall=0.1, cpu=cpu, now=now)
    moments = [now + 0.01 * i for i in range(1000)]
    return sum(limit.threads(2, now=moment) == 1 for moment in moments) * 0.01


def test_each_failed_trial_of_the_requested_number_doubles_the_pause():
    limit = ThreadLimit()
    pauses = [pause_after(limit, cpu=0.1, now=100.0 * trial) for trial in range(7)]
    expected = [0.1, 0.2, 0.4, 0.8, 1.6, 1.6, 1.6]
    assert pauses == pytest.approx(expected, abs=0.011)


def test_a_successful_trial_resets_the_pause():
    limit = ThreadLimit()
    pauses = [
        pause_after(limit, used, now=100.0 * i) for i, used in enumerate((0.1, 0.1, 0.2, 0.1))
    ]
    assert pauses == pytest.approx([0.1, 0.2, 0.0, 0.1], abs=0.011)


def test_a_short_time_without_a_core_changes_nothing():
    limit, moment = ThreadLimit(), thread_limit.EVIDENCE_SECONDS / 8
    for i in range(40):
        is_lost = i % 8 == 0
        limit.record(2, wall=moment, cpu=moment * (1 if is_lost else 2), now=moment * i)
        assert limit.threads(2, now=moment * i) == 2


def test_short_runs_are_not_measured(monkeypatch):
    """Nor is the first long one after them, at whose start CPU time was not read."""
    clocks = {"wall": 0.0, "cpu": 0.0}
    monkeypatch.setattr(time, "perf_counter", lambda: clocks["wall"])
    monkeypatch.setattr(time, "process_time", lambda: clocks["cpu"])
    limit = ThreadLimit()

    def run(seconds):
        started = limit.start()
        clocks["wall"] += seconds
        limit.stop(2, started)
        return limit.threads(2, clocks["wall"])

    short, long = thread_limit.LONG_SECONDS / 2, thread_limit.EVIDENCE_SECONDS * 1.1
    assert [run(each) for each in (short, short, long, short, long)] == [2] * 5
    assert [run(each) for each in (long, short)] == [1, 1]


def test_the_time_of_other_threads_does_not_count():
    pool = thread_pool._Pool()
    before, process = pool._cpu_time(), time.process_time()
    other = threading.Thread(target=lambda: [np.sort(np.arange(10**6) % 977) for _ in range(5)])
    other.start()
    other.join()
    spent = time.process_time() - process
    assert spent > 0.02
    assert pool._cpu_time() - before < spent / 2
