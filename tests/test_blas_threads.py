"""BLAS on one thread: the same bits for any number of its threads, which is restored."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import chainrule as cr
from chainrule.blas_threads import blas_threads_of, one_blas_thread


@pytest.fixture
def threads():
    threads = one_blas_thread()
    before = threads.read()
    yield threads
    threads.write(before)


def test_factorizations_have_the_same_bits_for_any_number_of_threads(threads):
    a = np.random.default_rng(0).standard_normal((300, 300))
    results = set()
    for count in (1, 2, 3):
        threads.write(count)
        with one_blas_thread():
            results.add(np.linalg.solve(a, a @ a).tobytes())
    assert len(results) == 1


def test_gradients_of_linear_algebra_have_the_same_bits_for_any_number_of_threads(threads):
    a = np.random.default_rng(0).standard_normal((150, 150))
    results = set()
    for count in (1, 2, 3):
        threads.write(count)
        gradient = cr.grad(lambda a: np.sum(np.linalg.inv(a)) + np.linalg.slogdet(a)[1])(a)
        results.add(gradient.tobytes())
        assert threads.read() == count
    assert len(results) == 1


def test_contexts_may_be_nested_and_restore_the_number_of_threads(threads):
    threads.write(2)
    before = threads.read()
    with one_blas_thread():
        with one_blas_thread():
            assert threads.read() == 1
        assert threads.read() == 1
    assert threads.read() == before
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert threads.read() == before


def test_python_threads_share_the_setting_until_the_last_has_left(threads):
    threads.write(2)
    before = threads.read()

    def seen(_: int) -> int:
        with one_blas_thread():
            return threads.read()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(seen, range(200))) == {1}
    assert threads.read() == before


def test_a_library_without_such_functions_is_left_as_it_is(tmp_path):
    with blas_threads_of(str(tmp_path / "missing.so")):
        assert np.linalg.det(np.eye(2)) == 1
