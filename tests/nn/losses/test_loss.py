"""How names, records and functions become losses."""

from dataclasses import FrozenInstanceError
from functools import partial
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.nn.losses import classification, regression
from chainrule.nn.losses.loss import LOSSES, Loss, resolve_loss


def own(y_true: Any, y_pred: Any) -> Any:
    return np.mean(np.abs(y_true - y_pred) ** 3)


@pytest.mark.parametrize("name", LOSSES)
def test_a_name_a_record_and_its_function_resolve_to_the_same_loss(name: str) -> None:
    record = LOSSES[name]
    assert record.name == name
    assert resolve_loss(name) is record
    assert resolve_loss(record) is record
    assert resolve_loss(record.per_sample) == record


def test_parameters_of_a_loss_are_set_by_partial() -> None:
    loss = resolve_loss(partial(regression.huber, delta=0.1))
    assert loss.name == "huber"
    np.testing.assert_allclose(loss(np.zeros(1), np.ones(1)), [0.1 * (1 - 0.05)])


def test_a_loss_of_probabilities_contains_no_activation() -> None:
    loss = resolve_loss(partial(classification.cross_entropy, from_logits=False))
    assert (loss.name, loss.contains, loss.takes_labels) == ("cross_entropy", "", True)


def test_a_custom_function_is_used_unchanged() -> None:
    loss = resolve_loss(own)
    assert (loss.name, loss.contains, loss.reduction) == ("own", "", "mean")
    loss.check((8,), (8, 3))
    assert loss(np.zeros(2), np.ones(2)) == 1
    assert loss.of_probabilities() is loss


def test_only_sse_is_reduced_by_a_sum() -> None:
    assert [name for name, loss in LOSSES.items() if loss.reduction == "sum"] == ["sse"]


@pytest.mark.parametrize("wrong", ["cross_entrpy", "MSE", 3, None])
def test_an_unknown_loss_is_refused_with_the_known_names(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match=r"loss.*huber, kl_divergence"):
        resolve_loss(wrong)


@pytest.mark.parametrize(("wrong", "ours"), [("cross_entrpy", "cross_entropy"), ("MSE", "mse")])
def test_a_misspelt_loss_gets_a_suggestion(wrong: str, ours: str) -> None:
    with pytest.raises(ArgumentError, match=f"did you mean '{ours}'"):
        resolve_loss(wrong)


class Shifted(Loss):
    """A loss with a setting of its own."""

    def __init__(self, by):
        super().__init__("shifted", self.compare, checks=False)
        self.by = by

    def compare(self, y_true, y_pred):
        return np.mean((y_pred - y_true - self.by) ** 2, axis=-1)


def test_a_subclass_of_loss_may_have_attributes_of_its_own_but_not_change_fields():
    loss = Shifted(by=2.0)
    assert loss(np.zeros((1, 1)), np.full((1, 1), 3.0)) == 1
    with pytest.raises(FrozenInstanceError):
        loss.reduction = "sum"
