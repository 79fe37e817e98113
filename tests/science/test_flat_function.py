"""Functions as SciPy calls them: of one vector, with exact derivatives."""

import numpy as np

from chainrule.science.flat_function import FlatFunction


def test_derivatives_of_a_function_of_a_tree_are_of_its_vector() -> None:
    flat = FlatFunction("minimize", lambda p, c: c * p["a"] ** 2 * np.sum(p["b"]), {
        "a": 3.0, "b": np.ones(2)}, (2.0,))  # fmt: skip
    x = flat.start
    np.testing.assert_array_equal(x, [3, 1, 1])
    assert flat.value(x) == 36
    np.testing.assert_array_equal(flat.value_and_gradient(x)[1], [24, 18, 18])
    np.testing.assert_array_equal(flat.hessian(x), [[8, 12, 12], [12, 0, 0], [12, 0, 0]])
    np.testing.assert_array_equal(flat.hessian_product(x, np.array([1.0, 0, 0])), [8, 12, 12])
    np.testing.assert_array_equal(flat.restored(x)["b"], [1, 1])


def test_lists_of_numbers_are_vectors_as_in_scipy() -> None:
    flat = FlatFunction("root", lambda x: x * np.stack([x[1], x[0]]), [1, 2])
    assert flat.value(flat.start).tolist() == [2, 2]
    assert flat.jacobian(flat.start).tolist() == [[2, 1], [2, 1]]
