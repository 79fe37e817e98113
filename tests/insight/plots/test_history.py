"""The plot of training histories: curves, scale, and the best epoch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.insight import plot
from chainrule.train.history import History

COURSE = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.8], "seconds": [0.1, 0.1, 0.1]}


def has_colour(image: Any, colour: str) -> bool:
    rgb = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return bool((np.abs(image.astype(int) - rgb).max(axis=-1) <= 1).any())


def test_both_curves_are_plotted_against_epochs_from_one() -> None:
    axes = plot.history(COURSE).axes[0]
    training, validation, _ = axes.lines
    assert training.get_xydata().tolist() == [[1, 2.0], [2, 1.0], [3, 0.5]]
    assert validation.get_ydata().tolist() == COURSE["val_loss"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["training", "validation", "lowest: 0.8 (epoch 3)"]


def test_a_history_plots_itself(tmp_path: Path) -> None:
    course = History()
    course.append({"loss": 2.0})
    course.append({"loss": 1.0})
    figure = course.plot(tmp_path / "loss.png")
    assert list(figure.axes[0].lines[0].get_ydata()) == [2.0, 1.0]
    assert (tmp_path / "loss.png").stat().st_size > 0


def test_a_loss_over_several_decades_has_a_logarithmic_axis() -> None:
    assert plot.history({"loss": [1.0, 0.1, 0.001]}).axes[0].get_yscale() == "log"
    assert plot.history({"loss": [1.0, 0.5]}).axes[0].get_yscale() == "linear"
    assert plot.history({"loss": [1.0, 0.0]}).axes[0].get_yscale() == "linear"
    axes = plot.history({"loss": [2.5, 0.7, 0.1]}).axes[0]
    axes.figure.draw_without_rendering()
    low, high = axes.get_ylim()
    ticks = [text.get_text() for text in axes.get_yticklabels()]
    assert [each for each in ticks if low <= float(each) <= high] == ["0.1", "0.2", "0.5", "1", "2"]


def test_the_axis_of_losses_starts_near_the_losses() -> None:
    low, high = plot.history([100.2, 100.1, float("nan")]).axes[0].get_ylim()
    assert 100 < low < 100.1 < 100.2 < high < 100.3


def test_a_metric_has_a_panel_of_its_own_where_its_best_epoch_is_the_highest() -> None:
    run = {"loss": [2.0, 1.0, 0.5], "accuracy": [0.1, 0.9, 0.8], "learning_rate": [0.1] * 3}
    _, lower = plot.history(run).axes
    assert lower.get_ylabel() == "accuracy"
    assert lower.lines[-1].get_xydata().tolist() == [[2, 0.9]]
    (only,) = plot.history({"mine": {"loss": [1.0], "own": [2.0]}, "other": [1.0]}).axes
    assert only.get_ylabel() == "loss"


class KerasHistory:
    history = {"loss": [1.0, 0.5]}  # noqa: RUF012 (as Keras has it)


@pytest.mark.parametrize(
    ("course", "legend"),
    [
        ([0.9, 0.5], ["training", "lowest: 0.5 (epoch 2)"]),
        (np.array([0.9, 0.5]), ["training", "lowest: 0.5 (epoch 2)"]),
        (KerasHistory(), ["training", "lowest: 0.5 (epoch 2)"]),
        ({"sgd": COURSE, "adam": [1.0]}, ["sgd", "sgd, validation", "adam", "best epoch"]),
        ([COURSE, [1.0]], ["run 1", "run 1, validation", "run 2", "best epoch"]),
        ({"accuracy": [0.5, 0.75]}, ["training", "highest: 0.75 (epoch 2)"]),
        (
            {"pseudo_likelihood": [-20.0, -21.0], "loss": [0.5, 0.1]},
            ["training", "highest: -20 (epoch 1)"],
        ),
    ],
)
def test_every_form_of_a_history_is_drawn(course: Any, legend: list[str]) -> None:
    axes = plot.history(course).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == legend


def test_a_loss_figure_is_large_and_coloured(tmp_path: Path, pixels: Any) -> None:
    plot.history(COURSE, tmp_path / "loss.png")
    image = pixels(tmp_path / "loss.png")
    assert image.shape[0] > 400
    assert image.shape[1] > 800
    assert has_colour(image, "#0072B2")
    assert has_colour(image, "#E69F00")


@pytest.mark.parametrize("course", [{}, {"loss": []}, {"val_loss": [1.0]}])
def test_a_history_without_a_finished_epoch_is_refused(course: Any) -> None:
    with pytest.raises(DataError, match="no loss to plot; call fit"):
        plot.history(course)
