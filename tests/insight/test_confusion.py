"""The confusion matrix, against scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as oracle

from chainrule.errors import DataError
from chainrule.insight.confusion import confusion_matrix


@pytest.mark.parametrize("seed", range(5))
def test_counts_equal_those_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = np.array(["ant", "bee", "cow", "dog"])
    true, predicted = names[random.integers(4, size=(2, 50))]
    classes, counts = confusion_matrix(true, predicted)
    np.testing.assert_array_equal(counts, oracle(true, predicted, labels=classes))


def test_a_class_that_is_only_predicted_has_a_row_of_zeros() -> None:
    classes, counts = confusion_matrix([0, 0], [0, 7])
    assert classes.tolist() == [0, 7]
    assert counts.tolist() == [[1, 1], [0, 0]]


@pytest.mark.parametrize(("true", "predicted"), [([0, 1], [0]), ([[0], [1]], [[0], [1]]), ([], [])])
def test_anything_but_one_class_a_sample_is_refused(true: Any, predicted: Any) -> None:
    with pytest.raises(DataError, match="one class a sample"):
        confusion_matrix(true, predicted)
