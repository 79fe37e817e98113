"""Validation parts: taken from the training part, with no row or target in both."""

import numpy as np
import pytest

from chainrule.cli.recipes import RECIPES
from chainrule.cli.validation import (
    hold_out_classes,
    hold_out_latest,
    hold_out_nothing,
    hold_out_rows,
)

pytestmark = pytest.mark.usefixtures("numpy_backend")


def rows_of(part):
    return part[0].tolist()


def test_each_class_gives_a_tenth_and_rare_classes_nothing():
    labels = np.array(["a"] * 100 + ["b"] * 40 + ["c"] * 4)
    training, validation = hold_out_classes((np.arange(144), labels))
    assert sorted(rows_of(training) + rows_of(validation)) == list(range(144))
    assert {label: (validation[1] == label).sum() for label in "abc"} == {"a": 10, "b": 4, "c": 0}


def test_rows_keep_their_targets_and_columns_stay_together():
    X, y = {"a": np.arange(50), "b": np.arange(50) * 2}, np.arange(50) * 3.0
    (trained, targets), (held, others) = hold_out_rows((X, y))
    for part, truth in ((trained, targets), (held, others)):
        assert np.array_equal(part["b"], part["a"] * 2)
        assert np.array_equal(truth, part["a"] * 3)
    assert (len(targets), len(others)) == (45, 5)


@pytest.mark.parametrize("horizon", [1, 5, 12])
def test_the_latest_windows_share_no_target_with_those_trained_on(horizon):
    series = np.arange(300)
    starts = np.arange(200)
    targets = series[starts[:, None] + 30 + np.arange(horizon)]
    training, validation = hold_out_latest(horizon - 1)((starts, targets))
    assert training[1].max() == validation[1].min() - 1
    assert len(validation[1]) == 20


def test_a_training_part_that_is_too_small_gives_nothing():
    few = (np.arange(9), np.zeros(9))
    for hold_out in (hold_out_rows, hold_out_classes, hold_out_latest(0), hold_out_nothing):
        assert hold_out(few) == (few, None)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_another_learning_rate(name):
    recipe = RECIPES[name]
    assert recipe.optimizer(3, 0.0625).learning_rate != recipe.optimizer(3).learning_rate
    assert "0.0625" in repr(recipe.optimizer(3, 0.0625))
