import weakref

import numpy as np
import pytest

from chainrule.compiler.runtime.result_pool import MOST, SMALLEST, ResultPool

FLOAT = np.dtype("float32")
LARGE = (SMALLEST // 4,)


def address(array):
    return array.__array_interface__["data"][0]


def test_what_nobody_holds_is_filled_again():
    spares = ResultPool([(FLOAT, LARGE)])
    (first,) = spares.take()
    place = address(first)
    del first
    assert address(spares.take()[0]) == place


@pytest.mark.parametrize("hold", [lambda x: x, lambda x: x[3:], lambda x: x[None].T, memoryview])
def test_what_somebody_holds_stays_as_it_is(hold):
    spares = ResultPool([(FLOAT, LARGE)])
    (first,) = spares.take()
    place, held = address(first), hold(first)
    del first
    assert address(spares.take()[0]) != place
    assert np.asarray(held).size


def test_an_array_whose_end_is_awaited_ends():
    spares = ResultPool([(FLOAT, LARGE)])
    (first,) = spares.take()
    awaited = weakref.ref(first)
    del first
    (second,) = spares.take()
    assert awaited() is None
    assert second.shape == LARGE


def frozen(array):
    array.flags.writeable = False


def resized(array):
    array.resize((2, 3), refcheck=False)


@pytest.mark.parametrize("change", [frozen, resized])
def test_a_result_that_was_changed_in_kind_is_not_handed_out_again(change):
    spares = ResultPool([(FLOAT, LARGE)])
    (first,) = spares.take()
    change(first)
    del first
    (second,) = spares.take()
    assert second.flags.writeable
    assert second.dtype == FLOAT
    assert second.shape == LARGE


def test_results_of_one_call_are_different_arrays():
    spares = ResultPool([(FLOAT, LARGE), (FLOAT, LARGE)])
    for _ in range(3):
        one, other = spares.take()
        assert not np.shares_memory(one, other)
        del one, other


@pytest.mark.parametrize("shape", [(0,), (3,), (SMALLEST // 4 - 1,), (MOST // 4 + 1,)])
def test_small_results_and_huge_ones_are_let_go(shape):
    spares = ResultPool([(FLOAT, shape)])
    (first,) = spares.take()
    gone = weakref.ref(first)
    del first
    assert gone() is None


def test_those_behind_the_first_ones_are_kept_as_if_these_had_been_taken_too():
    spares = ResultPool([(FLOAT, (3,)), (FLOAT, LARGE), (FLOAT, LARGE)])
    second, third = spares.take([np.empty(3)])[1:]
    place = address(third)
    del second, third
    assert address(spares.take([np.empty(3)] * 2)[2]) == place
    assert [each.shape for each in spares.take()] == [(3,), LARGE, LARGE]
