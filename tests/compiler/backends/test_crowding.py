import time

import pytest

from chainrule.compiler.backends import crowding
from chainrule.compiler.backends.crowding import Allowance


def test_threads_that_all_had_a_core_stay():
    allowance = Allowance()
    for turn in range(5):
        assert allowance.threads(4, now=float(turn)) == 4
        allowance.note(4, passed=0.1, processor=0.39, now=turn + 0.1)


@pytest.mark.parametrize(
    ("wanted", "cores", "allowed"),
    [(2, 1.0, 1), (2, 1.5, 1), (2, 1.7, 2), (4, 3.0, 3), (8, 6.3, 6), (8, 0.4, 1)],
)
def test_no_more_threads_are_used_than_got_a_core(wanted, cores, allowed):
    allowance = Allowance()
    allowance.note(wanted, passed=0.1, processor=0.1 * cores, now=1.0)
    assert allowance.threads(wanted, now=1.1) == allowed


def test_the_wanted_number_is_tried_again_after_a_while():
    allowance = Allowance()
    allowance.note(2, passed=0.1, processor=0.1, now=1.0)
    assert allowance.threads(2, now=1.0 + 0.99 * crowding.PAUSE_SECONDS) == 1
    assert allowance.threads(2, now=1.0 + 1.01 * crowding.PAUSE_SECONDS) == 2


def test_a_moment_without_a_core_does_not_count():
    allowance, moment = Allowance(), crowding.EVIDENCE_SECONDS / 8
    for turn in range(40):
        lost = turn % 8 == 0
        allowance.note(2, passed=moment, processor=moment * (1 if lost else 2), now=moment * turn)
        assert allowance.threads(2, now=moment * turn) == 2


def test_short_runs_tell_nothing(monkeypatch):
    """Neither the first long one after them: its processor time was not asked for."""
    clocks = {"passed": 0.0, "processor": 0.0}
    monkeypatch.setattr(time, "perf_counter", lambda: clocks["passed"])
    monkeypatch.setattr(time, "process_time", lambda: clocks["processor"])
    allowance = Allowance()

    def run(seconds):
        started = allowance.start()
        clocks["passed"] += seconds
        allowance.stop(2, started)
        return allowance.threads(2, clocks["passed"])

    short, long = crowding.LONG_SECONDS / 2, crowding.EVIDENCE_SECONDS * 1.1
    assert [run(each) for each in (short, short, long, short, long)] == [2] * 5
    assert [run(each) for each in (long, short, long)] == [1, 1, 1]
