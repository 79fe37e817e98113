"""The plot of a descent: contours, gradients and paths."""

from pathlib import Path
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
    with pytest.raises(ArgumentError, match=r"give limits=\(\(left, right\)"):
        call(_bowl)
    with pytest.raises(ArgumentError, match="takes 2 arguments, and the path has one number"):
        call(_bowl, [1.0, 2.0])
    with pytest.raises(DataError, match="in two figures"):
        call(_bowl, {"a": PATH, "b": [1.0, 2.0]})


def test_numbers_are_drawn_on_the_curve_with_tangents_of_the_derivative() -> None:
    def loss(w: Any) -> Any:
        return np.log(w) ** 2

    path = [0.5, 2.0, 1.0]
    axes: Any = plot.descent(loss, path).axes[0]
    np.testing.assert_allclose(
        _line(axes, "path").get_xydata(), np.stack([path, np.log(path) ** 2], 1)
    )
    tangent = _line(axes, "tangent").get_xydata()
    slope = np.diff(tangent[:, 1]) / np.diff(tangent[:, 0])
    np.testing.assert_allclose(slope, 2 * np.log(0.5) / 0.5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "loss(w)")
    assert axes.get_title() == "Descent in 2 steps: loss from 0.48 to 0"
    plot.descent(lambda x: float(x) ** 2, {"a": path, "b": [3.0]})  # differences, several paths


def test_without_a_path_the_gradients_are_drawn_in_the_limits() -> None:
    axes: Any = plot.descent(_bowl, limits=((-1, 2), (0, 1))).axes[0]
    assert (axes.get_title(), axes.get_xlim()) == ("Gradients of _bowl", (-1, 2))
    assert plot.descent(lambda x: x**2, limits=(-1, 1)).axes[0].get_xlim() == (-1, 1)


def test_a_gif_shows_the_path_step_by_step(tmp_path: Path) -> None:
    from PIL import Image

    plot.descent(lambda w: w**2, [2.0, 1.0, 0.5], tmp_path / "moves.gif")
    with Image.open(tmp_path / "moves.gif") as image:
        assert image.n_frames == 3  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ArgumentError, match="a file ending in"):
        plot.descent(_bowl, file=tmp_path / "moves.gif", limits=((0, 1), (0, 1)))
    with pytest.raises(ArgumentError, match=r"use \.png"):
        plot.history([1.0, 2.0], tmp_path / "moves.gif")
