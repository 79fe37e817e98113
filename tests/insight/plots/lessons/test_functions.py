"""Lessons on functions: activations with derivatives, schedules, optimisers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import optim
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot


def _curves(axes: Any) -> list[Any]:
    return [each.get_xydata().T for each in axes.lines if len(each.get_xdata()) > 2]


def test_activations_stand_beside_derivatives_that_are_right() -> None:
    figure: Any = plot.activation_functions(["tanh", "relu", lambda x: x**3], limits=(-2.0, 2.0))
    assert [each.get_title() for each in figure.axes] == ["tanh", "relu", "f"]
    exact = (lambda x: 1 - np.tanh(x) ** 2, lambda x: (x > 0) * 1.0, lambda x: 3 * x**2)
    for axes, derivative in zip(figure.axes, exact, strict=True):
        x, slopes = _curves(axes)[1]
        shown = np.isfinite(slopes)
        assert (~shown).sum() <= 1  # the jump
        np.testing.assert_allclose(slopes[shown], derivative(x)[shown], atol=1e-12)
    assert len([each for each in plot.activation_functions().axes if each.get_visible()]) >= 13


def test_schedules_are_drawn_in_the_unit_that_they_count() -> None:
    halving = optim.step(0.4, factor=0.5, epochs=2)
    by_epoch: Any = plot.schedules([0.1, halving], epochs=5).axes[0]
    np.testing.assert_allclose(_curves(by_epoch)[1][1], [0.4, 0.4, 0.2, 0.2, 0.1])
    assert by_epoch.get_xlabel() == "epoch, from 0"
    mixed = {"a": halving, "b": optim.cosine(0.4, steps=8)}
    with pytest.raises(ArgumentError, match="cosine counts updates and step epochs; give steps_"):
        plot.schedules(mixed)
    axes: Any = plot.schedules(mixed, steps_per_epoch=2, epochs=4).axes[0]
    (_, first), (_, second) = _curves(axes)
    np.testing.assert_allclose(first, [0.4] * 4 + [0.2] * 4)
    np.testing.assert_allclose(second, [mixed["b"](step, 0) for step in range(8)])
    plateau = optim.reduce_on_plateau(1.0, factor=0.1, patience=2)
    for losses, rates in ((None, [1, 1, 1, 0.1]), ([4.0, 3.0, 2.0, 1.0], [1, 1, 1, 1])):
        drawn: Any = plot.schedules(plateau, epochs=4, losses=losses).axes[0]
        np.testing.assert_allclose(_curves(drawn)[0][1], rates)


def test_optimisers_take_the_steps_that_they_take_in_training(tmp_path: Path) -> None:
    def f(x: Any, y: Any) -> Any:
        return x**2 + 3 * y**2

    figure: Any = plot.optimizers(f, [2.0, 1.0], ["adam", optim.SGD(0.1, momentum=0.5)], steps=7)
    left, right = figure.axes[:2]
    point, velocity, points = np.array([2.0, 1.0]), np.zeros(2), [np.array([2.0, 1.0])]
    for _ in range(7):
        velocity = 0.5 * velocity - 0.1 * point * [2, 6]
        point = point + velocity
        points.append(point)
    paths = [each.get_xydata() for each in left.lines if len(each.get_xdata()) > 1]
    np.testing.assert_allclose(paths[1], points, rtol=1e-12)
    assert [each.get_label() for each in right.lines] == ["adam", "SGD"]
    np.testing.assert_allclose(right.lines[1].get_ydata(), [f(*each) for each in points])
    plot.optimizers(f, [2.0, 1.0], "sgd", tmp_path / "steps.gif", steps=2)
    plot.optimizers(f, [2.0, 1.0], optim.SGD(1e9), steps=100)  # leaves the finite numbers


def test_what_has_no_figure_is_refused_with_a_remedy() -> None:
    def f(x: Any, y: Any) -> Any:
        return x**2 + 3 * y**2

    for error, message, call in (
        (ArgumentError, "softmax of.* mixes", lambda: plot.activation_functions("softmax")),
        (ArgumentError, "did you mean", lambda: plot.activation_functions("tnah")),
        (ArgumentError, "functions is 3", lambda: plot.activation_functions(3)),  # pyright: ignore[reportArgumentType]
        (ArgumentError, "limits is", lambda: plot.activation_functions("tanh", limits=(1, 0))),
        (ArgumentError, "rates is 'cosine'", lambda: plot.schedules("cosine")),  # pyright: ignore[reportArgumentType]
        (ArgumentError, "a number greater than 0", lambda: plot.schedules([-0.1])),
        (DataError, "losses has shape", lambda: plot.schedules(0.1, losses=[1.0], epochs=3)),
        (ArgumentError, "rules is 3|optimizer", lambda: plot.optimizers(f, [1, 1], 3)),  # pyright: ignore[reportArgumentType]
        (ArgumentError, "no steps by one gradient", lambda: plot.optimizers(f, [1, 1], "lbfgs")),
        (DataError, "a point of two numbers", lambda: plot.optimizers(f, [1.0], "sgd")),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            call()
