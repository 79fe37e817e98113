"""Thread count: the setting, the environment variable, the number of cores."""

import pytest

import chainrule as cr
from chainrule.compiler.runtime import thread_count
from chainrule.errors import ArgumentError


@pytest.fixture(autouse=True)
def no_setting(monkeypatch):
    monkeypatch.setattr(thread_count, "_chosen", [])


def test_the_setting_overrides_the_environment_which_overrides_the_number_of_cores(monkeypatch):
    monkeypatch.delenv("CHAINRULE_NUM_THREADS", raising=False)
    assert 1 <= cr.get_num_threads() <= 8
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "5")
    assert cr.get_num_threads() == 5
    cr.set_num_threads(3)
    assert cr.get_num_threads() == 3


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", None, True])
def test_a_count_below_1_or_no_integer_is_refused(count):
    with pytest.raises(ArgumentError, match=r"count is .*; it must be an integer"):
        cr.set_num_threads(count)


@pytest.mark.parametrize("setting", ["0", "two", "-1", "1.5"])
def test_an_invalid_environment_variable_raises(monkeypatch, setting):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", setting)
    with pytest.raises(ArgumentError, match="CHAINRULE_NUM_THREADS"):
        cr.get_num_threads()


@pytest.mark.parametrize("count", [1025, 10**20, 2**63, -(10**20), float("inf"), "abc"])
def test_a_count_beyond_any_machine_is_refused(count):
    for each in (count, 10**5000):
        with pytest.raises(ArgumentError, match=r"count is .*; it must be an integer"):
            cr.set_num_threads(each)


@pytest.mark.parametrize(
    "setting", ["100000000000000000000", "9" * 5000, "abc", "1025", "²", "1e3"]
)
def test_an_environment_variable_beyond_any_machine_raises(monkeypatch, setting):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", setting)
    with pytest.raises(
        ArgumentError, match=r"CHAINRULE_NUM_THREADS is .*; it must be an integer"
    ) as told:
        cr.jit(lambda x: x + 1)(1.0)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(("setting", "expected"), [(" 4 ", 4), ("1024", 1024), ("007", 7)])
def test_blanks_and_zeros_around_the_number_are_ignored(monkeypatch, setting, expected):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", setting)
    assert cr.get_num_threads() == expected
