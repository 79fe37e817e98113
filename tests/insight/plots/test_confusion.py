"""The plot of a confusion matrix: its counts, shades and names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.insight import plot


def colours(image: Any) -> int:
    return len(np.unique(image.reshape(-1, 3), axis=0))


def test_the_confusion_figure_shows_every_count(bands: Any, points: Any) -> None:
    X, y = points
    axes = plot.confusion(bands, X, y).axes[0]
    written = {tuple(map(int, each.get_position())): each.get_text() for each in axes.texts}
    predicted = bands.predict_class(X)
    for (column, row), text in written.items():
        count, of_class = np.sum((y == row) & (predicted == column)), np.sum(y == row)
        assert (
            text == f"{count}\n{min(99, 100 * count / of_class) if count < of_class else 100:.0f} %"
        )
    assert sum(int(text.split()[0]) for text in written.values()) == 30
    assert axes.get_title() == "28 of 30 right (93.33 %)"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


@pytest.mark.parametrize("classes", [2, 10])
def test_the_title_of_a_confusion_figure_fits(classes: int, tmp_path: Path) -> None:
    class Right:
        def predict_class(self, X: Any) -> Any:
            return np.asarray(X)[:, 0] % classes

    X = np.arange(20_000)[:, None]
    figure = plot.confusion(Right(), X, X[:, 0] % classes, tmp_path / "confusion.png")
    title = figure.axes[0].title.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= figure.bbox.x1


def test_errors_are_orange_and_correct_predictions_are_not(
    bands: Any, points: Any, tmp_path: Path, pixels: Any
) -> None:
    X, y = points
    plot.confusion(bands, X, bands.predict_class(X), tmp_path / "perfect.png")
    plot.confusion(bands, X, y, tmp_path / "mistaken.png")
    perfect, mistaken = pixels(tmp_path / "perfect.png"), pixels(tmp_path / "mistaken.png")

    def is_orange(image: Any) -> Any:
        red, blue = image[..., 0].astype(int), image[..., 2].astype(int)
        return red - blue > 80

    assert not is_orange(perfect).any()
    assert is_orange(mistaken).mean() > 0.02
    assert colours(mistaken) > 50


def test_hundreds_of_classes_are_a_figure_of_usual_size() -> None:
    y = np.arange(500)
    figure = plot.confusion(lambda X: X[:, 0], y[:, None], y)
    axes = figure.axes[0]
    assert max(figure.get_size_inches()) < 20
    assert len(axes.get_xticklabels()) <= 40
    assert not axes.texts
