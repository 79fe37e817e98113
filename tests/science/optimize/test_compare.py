"""The comparison of methods: what each finds, what exact derivatives save, where they disagree."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ChainruleWarning
from chainrule.science.optimize import compare


def parabola(x: Any) -> Any:
    return x[0] ** 2 - 4 * x[0] + 8


def test_the_table_has_the_evaluations_of_scipy_and_those_that_are_saved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = compare(parabola, 1.3)
    printed = capsys.readouterr().out
    assert printed == f"{result}\n"
    simplex = result["nelder-mead"]
    assert (simplex.iterations, simplex.evaluations, simplex.saved) == (16, 32, None)
    bfgs = result["BFGS"]
    assert bfgs.gradients == bfgs.evaluations
    assert bfgs.by_differences - bfgs.evaluations == bfgs.saved > 0
    assert all(row.x == pytest.approx([2], abs=1e-3) for row in result)
    assert result.remarks == ()
    assert printed.count("\n") == 1 + len(result)
    assert "<td>bfgs</td>" in result._repr_html_()  # pyright: ignore[reportPrivateUsage]


def test_methods_that_disagree_fail_or_do_not_converge_are_named() -> None:
    result = compare(lambda x: np.sin(3 * x[0]) + 0.1 * x[0] ** 2, [3.0], ["bfgs", "cobyqa"])
    assert len(result.remarks) == 1
    assert "disagree: f is -0.758628 at 1.5366 by cobyqa; f is 0.314021 at" in result.remarks[0]

    def narrow(x: Any) -> Any:
        if abs(float(np.max(x))) > 2:
            raise ValueError("too far")
        return np.sum((x - 1) ** 2)

    with pytest.warns(ChainruleWarning, match="narrow"):
        result = compare(narrow, [0.0, 0.5], ["nelder-mead", "bfgs", "no-such-method"])
    assert result["no-such-method"].x is None
    assert "no-such-method failed: ValueError" in result.remarks[0]
    with pytest.raises(ValueError, match="too far"):
        compare(narrow, [3.0, 0.0])
    few = compare(lambda x: np.sum(x**4), np.ones(3), ["bfgs"], options={"maxiter": 1})
    assert "bfgs did not converge" in few.remarks[0]


def test_points_may_be_trees_and_functions_have_arguments() -> None:
    start = {"a": np.zeros(3), "b": np.array(2.0)}
    result = compare(lambda p, c: np.sum((p["a"] - c) ** 2) + p["b"] ** 2, start, ["cg"], (1.0,))
    np.testing.assert_allclose(result[0].x["a"], 1)


def test_points_are_printed_to_the_digits_of_their_own_scale() -> None:
    small = compare(lambda x: ((x[0] - 3e-8) / 1e-8) ** 2, [1e-7], ["bfgs"])
    assert str(small).splitlines()[1].split()[:2] == ["bfgs", "3e-08"]
    at_zero = compare(lambda x: (x[0] - 1e-9) ** 2, [1.0], ["bfgs"])
    assert str(at_zero).splitlines()[1].split()[:2] == ["bfgs", "0"]
