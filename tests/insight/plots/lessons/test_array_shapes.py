"""Arrays drawn as cells: what broadcasting repeats, and what a reduction brings together."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError, ShapeError
from chainrule.insight import plot


def _texts(figure: Any) -> list[str]:
    return [each.get_text() for each in figure.axes[0].texts]


def test_the_cells_of_a_result_are_the_values_of_numpy() -> None:
    first, second = np.array([[[1, 2]], [[3, 4]]]), np.array([[10], [20], [30]])
    figure: Any = plot.broadcasting(first, second, function=np.multiply)
    texts = _texts(figure)
    result = first * second
    assert f"result {result.shape}" in texts
    numbers = [each for each in texts if each.isdigit()]
    assert numbers[-12:] == [str(each) for each in result.ravel()]
    assert numbers[:12] == [str(each) for each in np.broadcast_to(first, (2, 3, 2)).ravel()]
    dashed = [each for each in figure.axes[0].patches if each.get_linestyle() != "solid"]
    copies = [each for each in dashed if each.get_linestyle() != "-"]
    assert len(copies) == (12 - 4) + (12 - 3)


def test_shapes_alone_have_names_and_numbers_are_arrays_without_axes() -> None:
    assert "a₂₀+b₃" in _texts(plot.broadcasting((3, 1), (4,)))
    assert "b () → (2,)" in _texts(plot.broadcasting([1.5, 2.5], 1))
    assert "maximum(a₀, b₀)" in _texts(plot.broadcasting((2,), (2,), function=np.maximum))


def test_a_reduction_has_one_colour_for_what_it_brings_together() -> None:
    values = np.arange(6.0).reshape(2, 3)
    for axis, keepdims in ((0, False), (-1, True), (None, False)):
        figure: Any = plot.reduction(values, axis, function=np.mean, keepdims=keepdims)
        result = values.mean(axis=axis, keepdims=keepdims)
        colours = [tuple(each.get_edgecolor()) for each in figure.axes[0].patches]
        before, after = np.array(colours[:6]).reshape(2, 3, 4), np.array(colours[6:])
        expected = np.broadcast_to(
            after.reshape(*values.mean(axis, keepdims=True).shape, 4), (2, 3, 4)
        )
        np.testing.assert_array_equal(before, expected)
        texts = _texts(figure)
        assert [f"{each:.3g}" for each in np.ravel(result)] == [
            each for each in texts if each.replace(".", "").isdigit()
        ][6:]
        assert f"result {result.shape}" in texts
    assert "a₀₀₀…a₁₀₁" in _texts(plot.reduction((2, 2, 2), (0, 2)))


def test_shapes_that_do_not_fit_are_refused_and_the_remedy_works() -> None:
    first, second = np.arange(2), np.arange(3)
    with pytest.raises(ShapeError, match=r"axis -1 has 2 and 3.* a\[\.\.\., None\].* \(2, 1\)"):
        plot.broadcasting(first, second)
    plot.broadcasting(first[..., None], second)
    for error, message, call in (
        (DataError, r"has shape \(9,\); up to 3 axes", lambda: plot.broadcasting((9,), (1,))),
        (DataError, "give an array of numbers", lambda: plot.broadcasting("ab", (1,))),
        (ArgumentError, "returns shape", lambda: plot.broadcasting(first, first, function=np.dot)),
        (ArgumentError, r"axis is 2; .* from -2 to 1", lambda: plot.reduction((2, 3), 2)),
        (ArgumentError, "raises a TypeError", lambda: plot.reduction(first, 0, function=np.cumsum)),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            call()
