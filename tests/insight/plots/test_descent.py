"""The plot of a descent: contours, gradients and paths."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

PATH = np.array([[3.0, 1.0], [1.0, -0.5], [0.5, 0.2]])


def _bowl(x: Any, y: Any) -> Any:
    return x**2 + 4 * y**2


def _line(axes: Any, label: str) -> Any:
    return next(each for each in axes.lines if each.get_label() == label)


def _arrows(axes: Any) -> Any:
    return next(each for each in axes.collections if hasattr(each, "U"))


def test_the_path_is_drawn_on_axes_named_like_the_arguments() -> None:
    figure: Any = plot.descent(_bowl, PATH)
    axes, bar = figure.axes[:2]
    np.testing.assert_array_equal(_line(axes, "path").get_xydata(), PATH)
    np.testing.assert_array_equal(_line(axes, "end").get_xydata(), PATH[-1:])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert axes.get_title() == "Descent in 2 steps: _bowl from 13 to 0.41"
    assert bar.get_ylabel() == "value of _bowl"


@pytest.mark.parametrize("f", [_bowl, lambda p: p[0] ** 2 + 4 * p[1] ** 2])
def test_arrows_are_the_negative_gradients_of_functions_of_two_numbers_or_of_a_point(
    f: Any,
) -> None:
    limits = ((-2.0, 2.0), (-2.0, 2.0))
    figure: Any = plot.descent(f, PATH, limits=limits)
    arrows = _arrows(figure.axes[0])
    steps, points = np.stack([arrows.U, arrows.V], 1), np.stack([arrows.X, arrows.Y], 1)
    gradients = points * [2, 8]
    unit = gradients / np.hypot(*gradients.T)[:, None]
    assert len(points) == 11 * 11 - 1  # there is none at the minimum
    np.testing.assert_allclose(-steps / np.hypot(*steps.T)[:, None], unit, atol=1e-7)


def test_functions_that_cannot_be_traced_have_arrows_by_differences() -> None:
    figure: Any = plot.descent(lambda x, y: float(x) ** 2 + y if y > -9 else np.nan, PATH)
    arrows = _arrows(figure.axes[0])
    assert np.isfinite(arrows.U).all()
    assert np.all(arrows.V < 0)


def test_several_paths_and_results_of_minimisers_are_drawn() -> None:
    def rosenbrock(p: Any) -> Any:
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    result = SimpleNamespace(x=[1, 1], nit=2, allvecs=[np.array([-1.2, 1.0]), np.ones(2)])
    axes: Any = plot.descent(rosenbrock, {"BFGS": result, "steps": PATH}).axes[0]
    drawn = _line(axes, "BFGS").get_xydata()
    np.testing.assert_allclose(drawn[[0, -1]], [[-1.2, 1], [1, 1]])
    assert axes.get_title() == "Descents on rosenbrock"
    del result.allvecs
    with pytest.raises(ArgumentError, match=r"return_all: minimize\(f, x0"):
        plot.descent(rosenbrock, result)


def test_a_path_ends_before_it_leaves_the_finite_numbers() -> None:
    axes: Any = plot.descent(_bowl, [*PATH, [np.inf, 0.0], [0.0, 0.0]], gradients=False).axes[0]
    np.testing.assert_array_equal(_line(axes, "path").get_xydata(), PATH)


def test_what_is_no_path_and_no_function_of_a_plane_is_refused() -> None:
    call: Any = plot.descent
    for error, message, arguments in (
        (DataError, r"shape \(2, 3\); .* \(steps, 2\)", (_bowl, np.ones((2, 3)))),
        (DataError, "a start is finite", (_bowl, [[np.nan, 1.0]])),
        (ArgumentError, "path is 'x'", (_bowl, "x")),
        (ArgumentError, "takes 3 arguments", (lambda x, y, z: x, PATH)),
        (ArgumentError, "f is 3", (3, PATH)),
        (ArgumentError, r"returns shape \(2,\)", (lambda p: p, PATH)),
        (DataError, "finite nowhere", (lambda x, y: np.nan, PATH)),
    ):
        with pytest.raises(error, match=message):
            call(*arguments)
    with pytest.raises(ArgumentError, match="limits is"):
        call(_bowl, PATH, limits=((1, 0), (0, 1)))
