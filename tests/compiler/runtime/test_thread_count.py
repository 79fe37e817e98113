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
