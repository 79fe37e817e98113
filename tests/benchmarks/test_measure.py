"""Interleaving of repetitions, statistics and ratios, with fake contestants."""

import pytest

from benchmarks.benchmark import Figure
from benchmarks.measure import Outcome, compare, interleave, rotate
from benchmarks.worker import Absence


class Fake:
    """A contestant that returns given figures and logs its calls."""

    def __init__(self, name, log, values, fails_at=None):
        self.name, self.log, self.fails_at = name, log, fails_at
        self.values = iter(values)
        self.calls = 0

    def repeat(self):
        self.log.append(self.name)
        self.calls += 1
        if self.calls == self.fails_at:
            return Absence("gave up")
        return Figure(next(self.values), check=0.5)


def outcome(*values, check=0.5):
    return Outcome(values, check, data="none")


def rows_of(outcomes, tolerance=0.01, floor=1.0):
    return {row.contestant: row for row in compare(outcomes, tolerance, floor)}


def test_rounds_rotate_the_order_of_contestants():
    log = []
    runners = {name: Fake(name, log, [1.0] * 3) for name in "abc"}
    interleave(runners, repeats=2)
    assert log == list("abcbcacab")


def test_rotation_by_the_number_of_names_is_the_identity():
    assert list(rotate(["a", "b", "c"], 3)) == ["a", "b", "c"]
    assert list(rotate([], 5)) == []


def test_the_first_round_is_a_discarded_warm_up():
    results = interleave({"a": Fake("a", [], [99.0, 1.0, 2.0])}, repeats=2)
    assert [figure.value for figure in results["a"]] == [1.0, 2.0]


def test_a_failing_contestant_is_dropped_and_the_others_continue():
    log = []
    runners = {
        "good": Fake("good", log, [1.0] * 4),
        "bad": Fake("bad", log, [1.0] * 4, fails_at=2),
    }
    results = interleave(runners, repeats=3)
    assert results["bad"] == Absence("gave up")
    assert len(results["good"]) == 3
    assert log.count("bad") == 2


def test_one_outlier_of_seven_changes_neither_median_nor_spread():
    undisturbed = outcome(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    disturbed = outcome(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7000.0)
    assert undisturbed.median == disturbed.median == 4.0
    assert undisturbed.spread == disturbed.spread == 3.0


def test_a_single_repetition_has_no_spread():
    assert outcome(2.0).spread == 0.0


def test_ratios_are_of_medians():
    rows = rows_of(
        {"numpy": outcome(8.0), "jax": outcome(2.0), "chainrule": outcome(1.0)}, floor=0.5
    )
    assert (rows["numpy"].to_chainrule, rows["jax"].to_chainrule) == (8.0, 2.0)
    assert (rows["numpy"].to_best_rival, rows["chainrule"].to_best_rival) == (4.0, 0.5)
    assert (rows["numpy"].to_floor, rows["chainrule"].to_floor) == (16.0, 2.0)


def test_no_form_of_chainrule_is_the_best_rival():
    rows = rows_of(
        {"numpy": outcome(8.0), "chainrule": outcome(2.0), "chainrule-jit": outcome(1.0)}
    )
    assert rows["chainrule-jit"].to_best_rival == 1 / 8


def test_a_contestant_with_another_check_is_listed_but_no_reference():
    rows = rows_of(
        {
            "numpy": outcome(4.0),
            "torch": outcome(3.0, check=0.501),
            "jax": outcome(0.1, check=0.9),
            "chainrule": outcome(1.0),
        }
    )
    assert not rows["jax"].same_work
    assert "other work" in rows["jax"].note
    assert rows["jax"].to_chainrule == pytest.approx(0.1)
    assert rows["numpy"].to_best_rival == pytest.approx(4 / 3)
    assert all(rows[name].same_work for name in ("numpy", "torch", "chainrule"))


def test_a_nan_check_is_other_work():
    rows = rows_of(
        {"numpy": outcome(4.0), "jax": outcome(1.0, check=float("nan")), "torch": outcome(5.0)}
    )
    assert not rows["jax"].same_work
    assert rows["numpy"].same_work


def test_an_absent_chainrule_leaves_its_ratio_empty():
    rows = rows_of({"numpy": outcome(4.0), "chainrule": Absence("not installed: chainrule")})
    assert rows["numpy"].to_chainrule is None
    assert rows["numpy"].to_best_rival == 1.0
    assert rows["chainrule"].outcome is None
    assert rows["chainrule"].note == "not installed: chainrule"


def test_figures_without_check_or_floor_are_compared():
    rows = rows_of(
        {"numpy": outcome(4.0, check=None), "chainrule": outcome(8.0, check=None)}, floor=None
    )
    assert rows["chainrule"].same_work
    assert rows["chainrule"].to_best_rival == 2.0
    assert rows["chainrule"].to_floor is None


def test_a_single_form_of_chainrule_is_the_reference():
    rows = rows_of({"numpy": outcome(4.0), "chainrule-jit": outcome(8.0)})
    assert rows["numpy"].to_chainrule == 0.5
