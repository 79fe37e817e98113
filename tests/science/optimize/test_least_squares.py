"""Least squares with the exact Jacobian: certified problems, trees, what SciPy's defaults mean."""

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize
from scipy import sparse

from chainrule.errors import ChainruleWarning
from chainrule.science import optimize
from tests.regression_models import MODELS

PROBLEMS = json.loads(
    (Path(__file__).parents[2] / "golden" / "nist_regression.json").read_text("utf-8")
)
"""Data, starts and certified values of NIST's Statistical Reference Datasets."""


def nelson(b: Any, x: Any) -> Any:
    return b[0] - b[1] * x[0] * np.exp(-b[2] * x[1])


def problems() -> Iterator[tuple[str, Callable[..., Any], Any, Any, list[float], Any]]:
    for name, problem in PROBLEMS.items():
        model = nelson if name == "Nelson" else MODELS[name][0]
        y = np.array(problem["y"])
        y = np.log(y) if name == "Nelson" else y
        for start in problem["starts"]:
            yield name, model, np.array(problem["x"]), y, start, np.array(problem["certified"])


def test_defaults_print_as_those_of_scipy() -> None:
    for name in ("least_squares", "leastsq"):
        ours, theirs = (getattr(module, name) for module in (optimize, scipy_optimize))
        parameters = (inspect.signature(each).parameters.values() for each in (ours, theirs))
        for mine, scipys in zip(*parameters, strict=True):
            assert mine.name == scipys.name
            if isinstance(scipys.default, float | int):
                assert float(mine.default) == scipys.default
            else:
                assert repr(mine.default) == repr(scipys.default)


def test_a_method_that_is_named_is_used_as_it_is() -> None:
    def residuals(x: Any) -> Any:
        return np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])

    def given(x: Any) -> Any:
        return np.array([[-20 * x[0], 10], [-1, 0]])

    choices: list[Any] = ["2-point", "3-point", "cs", given]
    for jac in choices:
        ours = optimize.least_squares(residuals, [2.0, 2.0], jac)
        theirs = scipy_optimize.least_squares(residuals, [2.0, 2.0], jac)
        np.testing.assert_array_equal(ours.x, theirs.x)
        assert (ours.nfev, ours.njev) == (theirs.nfev, theirs.njev)


def test_parameters_bounds_scales_and_callbacks_keep_the_structure_of_the_tree() -> None:
    t = np.linspace(0, 1, 9)
    seen: list[Any] = []

    def residuals(p: Any) -> Any:
        return p["a"][0] * np.exp(-p["rate"] * t) + p["a"][1] - (2 * np.exp(-3 * t) + 1)

    start = {"a": np.full(2, 0.5), "rate": np.array(1.0)}
    found = optimize.least_squares(
        residuals,
        start,
        bounds=({"a": 0.0, "rate": 0.0}, {"a": np.array([5.0, 0.8]), "rate": 9.0}),
        x_scale={"a": 1.0, "rate": 2.0},
        callback=lambda x: seen.append(x["rate"]),
    )
    assert found.success
    assert found.x["a"][1] == pytest.approx(0.8, abs=1e-8)  # the bound
    assert len(seen) > 1
    free = optimize.least_squares(residuals, start)
    np.testing.assert_allclose(np.append(free.x["a"], free.x["rate"]), [2, 1, 3], rtol=1e-12)
    np.testing.assert_allclose(optimize.leastsq(residuals, start)[0]["a"], [2, 1], rtol=1e-12)


def test_a_sparse_jacobian_is_exact_on_its_pattern() -> None:
    def broyden(x: Any) -> Any:
        before, after = np.zeros_like(x[:1]), np.zeros_like(x[:1])
        return (3 - x) * x + 1 - np.append(before, x[:-1]) - 2 * np.append(x[1:], after)

    n = 1500
    pattern = sparse.csr_array(np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1))
    found = optimize.least_squares(broyden, -np.ones(n), jac_sparsity=pattern)
    assert found.success
    assert found.cost < 1e-25
    assert found.jac.nnz == 3 * n - 2


def test_residuals_that_cannot_be_traced_are_solved_by_differences_with_one_notice() -> None:
    def residuals(x: Any) -> Any:
        return np.array([float(x[0]) - 1, float(x[1]) - 2, 0.0])

    with pytest.warns(ChainruleWarning, match="differences"):
        found = optimize.least_squares(residuals, [0.0, 0.0])
    np.testing.assert_allclose(found.x, [1, 2])


def test_an_infinite_derivative_is_replaced_by_a_difference() -> None:
    found = optimize.least_squares(
        lambda x: np.stack([np.sqrt(x[0]) - 0.5, x[1] - 1]), [0.0, 0.0], bounds=(0, 9),
        method="dogbox",
    )  # fmt: skip
    np.testing.assert_allclose(found.x, [0.25, 1])
