"""Functions as SciPy calls them: of one vector, with exact derivatives."""

from typing import Any

import numpy as np
from scipy import optimize

from chainrule import science
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


def test_functions_that_fill_arrays_have_exact_derivatives() -> None:
    def total(x: Any) -> Any:
        terms = np.zeros(4)
        for i in range(3):
            terms[i] = 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
        return terms.sum()

    def residuals(p: Any, t: Any) -> Any:
        r = np.empty(t.size)
        r[:] = p[0] * np.exp(-p[1] * t) - 2.5 * np.exp(-1.3 * t)
        return r

    def system(x: Any) -> Any:
        f = np.zeros(2)
        f[0] = x[0] * np.cos(x[1]) - 4
        f[1] = x[1] * x[0] - x[1] - 5
        return f

    x = np.array([1.3, 0.7, 0.8, 1.9])
    flat = FlatFunction("minimize", total, x)
    assert flat.is_compiled
    np.testing.assert_allclose(flat.gradient(x), optimize.rosen_der(x), 1e-13)
    np.testing.assert_allclose(flat.hessian(x), optimize.rosen_hess(x), 1e-13, 1e-12)
    t = np.linspace(0, 3, 25)
    found = science.least_squares(residuals, [1.0, 1.0], args=(t,))
    np.testing.assert_allclose(found.x, [2.5, 1.3], 1e-9)
    np.testing.assert_allclose(science.fsolve(system, [1, 1]), [6.50409711, 0.90841421], 1e-8)
