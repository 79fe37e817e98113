"""The plot of samples of two features."""

from typing import Any

import numpy as np
import pytest

from chainrule.insight import plot

X = np.random.default_rng(0).normal(size=(40, 2))


@pytest.mark.parametrize(
    ("y", "legend"),
    [
        (np.arange(40) % 2, ["0", "1"]),
        (np.array(["left", "right"])[np.arange(40) % 2], ["left", "right"]),
        (np.arange(40) % 2 == 0, ["False", "True"]),
        (np.eye(3)[np.arange(40) % 3], ["0", "1", "2"]),
        (np.arange(40) % 2.0, ["0", "1"]),
    ],
)
def test_classes_have_a_marker_each(y: Any, legend: list[str]) -> None:
    axes = plot.points(X, y).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == legend
    assert sum(len(np.asarray(each.get_offsets())) for each in axes.collections) == 40


def test_numbers_have_a_scale() -> None:
    axes, scale = plot.points(X, X[:, 0] * 2, features=["a", "b"]).axes
    np.testing.assert_array_equal(axes.collections[0].get_array(), X[:, 0] * 2)
    assert (axes.get_xlabel(), axes.get_ylabel(), scale.get_ylabel()) == ("a", "b", "y")
    assert plot.points({"u": X[:, 0], "v": X[:, 1]}).axes[0].get_xlabel() == "u"


def test_names_of_many_classes_stand_among_their_samples() -> None:
    classes = np.repeat(np.arange(40), 2)
    points = np.column_stack([classes, np.tile([0.0, 1.0], 40)])
    names = [f"class {each}" for each in range(40)]
    axes = plot.points(points, classes, names=names).axes[0]
    assert axes.get_legend() is None
    places = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert places == {name: place for place, name in enumerate(names)}
