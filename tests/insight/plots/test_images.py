"""The plots of images and of mistaken samples."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

IMAGES = np.random.default_rng(0).uniform(size=(6, 8, 8))


def texts(axes: Any) -> list[str]:
    return [each.get_text() for each in axes.texts]


@pytest.mark.parametrize(
    ("X", "given"),
    [
        (IMAGES, {}),
        (IMAGES.reshape(6, 64), {}),
        (IMAGES[..., None], {}),
        (list(IMAGES), {}),
        (IMAGES.reshape(6, 64), {"image_shape": (8, 8)}),
        ((255 * IMAGES).astype(np.uint8), {}),
    ],
)
def test_grey_images_of_every_form_are_drawn(X: Any, given: Any) -> None:
    axes = plot.images(X, range(6), **given).axes[0]
    assert [image.get_array().shape for image in axes.images] == [(8, 8)] * 6
    assert {image.get_clim() for image in axes.images} == {(np.min(X), np.max(X))}
    assert texts(axes) == list("012345")


def test_colours_are_drawn_whatever_their_range() -> None:
    X = np.random.default_rng(0).integers(256, size=(2, 4, 5, 3))
    for scaled in (X.astype(np.uint8), X.astype(np.float32), X / 255.0):
        for rows in (scaled, scaled.reshape(2, -1)):
            image = plot.images(rows, image_shape=(4, 5, 3)).axes[0].images[1]
            np.testing.assert_allclose(image.get_array(), X[1] / 255, atol=0.01)
    image = plot.images(X / 100.0 - 1.2).axes[0].images[0]
    assert np.ptp(image.get_array()) > 0.9


def test_mistakes_show_the_predicted_and_the_true_class() -> None:
    y = np.array(["cat", "dog", "cat", "dog", "cat", "dog"])
    guess = np.array(["cat", "cat", "cat", "dog", "dog", "dog"])
    axes = plot.images(IMAGES, y, predicted=guess).axes[0]
    assert texts(axes) == ["cat", "cat (dog)", "cat", "dog", "dog (cat)", "dog"]
    assert axes.get_title() == "2 of 6 mistaken: predicted (true)"
    names = ["no", "yes"]
    figure = plot.images(IMAGES[:2], np.eye(2), names=names, predicted=lambda X: [1, 1])
    assert texts(figure.axes[0]) == ["yes (no)", "yes"]


def test_the_most_certain_mistake_comes_first() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.0, 1.0], [0.3, 0.7]])
    axes = plot.mistakes(lambda X: shares, IMAGES[:4], [0, 0, 0, 1]).axes[0]
    assert axes.get_title() == "2 of 4 mistaken: predicted (true)"
    np.testing.assert_array_equal(axes.images[0].get_array(), IMAGES[2])
    assert texts(axes) == ["1 (0)", "1 (0)"]
    table = {"age": [20, 30, 40, 50], "city": ["Rome", "Paris", "Berlin", "Bern"]}
    axes = plot.mistakes(lambda X: shares, table, [0, 0, 0, 1], names=["no", "yes"]).axes[0]
    assert texts(axes)[:5] == ["row", "predicted (true)", "probability", "age", "city"]
    assert texts(axes)[5:10] == ["2", "yes (no)", "1.00", "40", "Berlin"]
    none = plot.mistakes(lambda X: X[:, 0, 0] > 2, IMAGES, [0] * 6).axes[0]
    assert none.get_title() == "none of 6 mistaken"


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"X": IMAGES.reshape(6, 64)[:, :50]}, DataError, r"give image_shape=\(height, width\)"),
        ({"X": IMAGES[:, None]}, DataError, r"channels first.*np.moveaxis\(X, 1, -1\)"),
        ({"X": IMAGES[0, 0]}, DataError, r"X has shape \(8,\); images are"),
        ({"X": [IMAGES[0], IMAGES[0, :4]]}, DataError, "differ in size; crop or pad"),
        ({"X": [["a"]]}, DataError, "images are numbers"),
        ({"X": IMAGES, "y": [0, 1]}, DataError, "X has 6 rows and y 2 classes"),
        ({"X": IMAGES, "count": 0}, ArgumentError, "count is 0"),
        ({"X": IMAGES, "image_shape": (4, 4)}, ArgumentError, r"image_shape is \(4, 4\)"),
        ({"X": IMAGES, "y": [0] * 6, "predicted": ["a"] * 6}, DataError, "give both in one form"),
        ({"X": IMAGES, "y": range(6), "names": ["a"]}, DataError, "names has 1 name, "),
        ({"X": IMAGES, "target_names": ["a"]}, ArgumentError, "here it is `names`"),
    ],
)
def test_what_are_no_images_is_refused(given: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        plot.images(**given)
