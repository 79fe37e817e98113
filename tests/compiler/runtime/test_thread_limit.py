import time

import pytest

from chainrule.compiler.runtime import thread_limit
from chainrule.compiler.runtime.thread_limit import ThreadLimit


def test_threads_that_all_had_a_core_stay():
    allowance = ThreadLimit()
    for turn in range(5):
        assert allowance.threads(4, now=float(turn)) == 4
        allowance.note(4, passed=0.1, processor=0.39, now=turn + 0.1)


@pytest.mark.parametrize(
    ("wanted", "cores", "allowed"),
    [(2, 1.0, 1), (2, 1.5, 1), (2, 1.7, 2), (4, 3.0, 3), (8, 6.3, 6), (8, 0.4, 1)],
)
def test_no_more_threads_are_used_than_got_a_core(wanted, cores, allowed):
    allowance = ThreadLimit()
    allowance.note(wanted, passed=0.1, processor=0.1 * cores, now=1.0)
    assert allowance.threads(wanted, now=1.05) == allowed


def pause_after(allowance, processor, now):
    """Note a run of two threads; return for how long fewer are used then."""
    allowance.note(2, passed=0.1, processor=processor, now=now)
    moments = [now + 0.01 * i for i in range(1000)]
    return sum(allowance.threads(2, now=moment) == 1 for moment in moments) * 0.01


def test_the_wanted_number_is_tried_again_after_a_pause_that_doubles_while_trials_fail():
    allowance = ThreadLimit()
    pauses = [pause_after(allowance, processor=0.1, now=100.0 * trial) for trial in range(7)]
    expected = [0.1, 0.2, 0.4, 0.8, 1.6, 1.6, 1.6]
    assert pauses == pytest.approx(expected, abs=0.011)


def test_a_trial_that_finds_the_cores_free_makes_the_next_pause_short_again():
    allowance = ThreadLimit()
    pauses = [
        pause_after(allowance, used, now=100.0 * i) for i, used in enumerate((0.1, 0.1, 0.2, 0.1))
    ]
    assert pauses == pytest.approx([0.1, 0.2, 0.0, 0.1], abs=0.011)


def test_a_moment_without_a_core_does_not_count():
    allowance, moment = ThreadLimit(), thread_limit.EVIDENCE_SECONDS / 8
    for turn in range(40):
        lost = turn % 8 == 0
        allowance.note(2, passed=moment, processor=moment * (1 if lost else 2), now=moment * turn)
        assert allowance.threads(2, now=moment * turn) == 2


def test_short_runs_tell_nothing(monkeypatch):
    """Neither the first long one after them: its processor time was not asked for."""
    clocks = {"passed": 0.0, "processor": 0.0}
    monkeypatch.setattr(time, "perf_counter", lambda: clocks["passed"])
    monkeypatch.setattr(time, "process_time", lambda: clocks["processor"])
    allowance = ThreadLimit()

    def run(seconds):
        started = allowance.start()
        clocks["passed"] += seconds
        allowance.stop(2, started)
        return allowance.threads(2, clocks["passed"])

    short, long = thread_limit.LONG_SECONDS / 2, thread_limit.EVIDENCE_SECONDS * 1.1
    assert [run(each) for each in (short, short, long, short, long)] == [2] * 5
    assert [run(each) for each in (long, short)] == [1, 1]
