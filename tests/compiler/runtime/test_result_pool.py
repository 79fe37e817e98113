"""Result pool: an array is reused when nothing but the pool refers to it or a view of it."""

import weakref

import numpy as np
import pytest

from chainrule.compiler.runtime.result_pool import MAX_TOTAL_BYTES, MIN_RESULT_BYTES, ResultPool

FLOAT = np.dtype("float32")
LARGE = (MIN_RESULT_BYTES // 4,)


def address(array):
    return array.__array_interface__["data"][0]


def test_an_array_without_other_references_is_reused():
    pool = ResultPool([(FLOAT, LARGE)])
    (first,) = pool.take()
    before = address(first)
    del first
    assert address(pool.take()[0]) == before


@pytest.mark.parametrize("hold", [lambda x: x, lambda x: x[3:], lambda x: x[None].T, memoryview])
def test_an_array_with_a_reference_or_a_view_is_not_reused(hold):
    pool = ResultPool([(FLOAT, LARGE)])
    (first,) = pool.take()
    before, held = address(first), hold(first)
    del first
    assert address(pool.take()[0]) != before
    assert np.asarray(held).size


def test_an_array_with_a_weak_reference_is_freed():
    pool = ResultPool([(FLOAT, LARGE)])
    (first,) = pool.take()
    reference = weakref.ref(first)
    del first
    (second,) = pool.take()
    assert reference() is None
    assert second.shape == LARGE


def frozen(array):
    array.flags.writeable = False


def resized(array):
    array.resize((2, 3), refcheck=False)


@pytest.mark.parametrize("change", [frozen, resized])
def test_an_array_whose_type_or_flags_changed_is_not_reused(change):
    pool = ResultPool([(FLOAT, LARGE)])
    (first,) = pool.take()
    change(first)
    del first
    (second,) = pool.take()
    assert second.flags.writeable
    assert second.dtype == FLOAT
    assert second.shape == LARGE


def test_results_of_one_call_are_different_arrays():
    pool = ResultPool([(FLOAT, LARGE), (FLOAT, LARGE)])
    for _ in range(3):
        one, other = pool.take()
        assert not np.shares_memory(one, other)
        del one, other


@pytest.mark.parametrize(
    "shape", [(0,), (3,), (MIN_RESULT_BYTES // 4 - 1,), (MAX_TOTAL_BYTES // 4 + 1,)]
)
def test_small_and_huge_results_are_not_pooled(shape):
    pool = ResultPool([(FLOAT, shape)])
    (first,) = pool.take()
    reference = weakref.ref(first)
    del first
    assert reference() is None


def test_results_behind_the_destinations_are_pooled_by_their_position():
    pool = ResultPool([(FLOAT, (3,)), (FLOAT, LARGE), (FLOAT, LARGE)])
    second, third = pool.take([np.empty(3)])[1:]
    before = address(third)
    del second, third
    assert address(pool.take([np.empty(3)] * 2)[2]) == before
    assert [each.shape for each in pool.take()] == [(3,), LARGE, LARGE]
