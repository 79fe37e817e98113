"""What of a multilayer perceptron is part of its programs: layers, loss and update, no number.

Numbers such as learning rate, penalty and dropout rates are inputs of the programs, so that one
program serves all settings that leave the form alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, counted
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.losses.loss import Loss, resolve_loss

__all__ = ["Form", "PerSample", "hidden_activations", "output_function", "per_sample_loss"]

PerSample = Callable[[Any, Any], Any]
"""From targets and scores, (batch, outputs), to the loss of each sample, (batch,)."""

_NAMES = {"identity": "linear", "logistic": "sigmoid"}
"""Names of scikit-learn, and those of `chainrule.nn`."""


@dataclass(frozen=True)
class Form:
    """The static part of a perceptron: all that its programs depend on beside shapes and dtype."""

    activations: tuple[str | ActivationFunction, ...]  # of the hidden layers
    output: str  # activation of the last layer
    loss: str | Loss | PerSample
    has_dropout: bool
    has_batch_norm: bool
    solver: str  # "sgd", "nesterov", "adam" or "lbfgs"

    @property
    def custom(self) -> list[Any]:
        """The functions of the user's, which the programs depend on."""
        return [each for each in (*self.activations, self.loss) if not isinstance(each, str)]


def hidden_activations(activation: Any, layers: int) -> tuple[str | ActivationFunction, ...]:
    """Return one activation for each hidden layer, by the name that `chainrule.nn` has for it."""
    is_one = not isinstance(activation, list | tuple)
    each: list[Any] = [activation] * layers if is_one else [*activation]
    if len(each) != layers:
        raise ArgumentError(
            f"activation: there are {counted(layers, 'hidden layer')}, and {len(each)} are given; "
            "give one for all, or one for each"
        )
    named = tuple(_NAMES.get(x, x) if isinstance(x, str) else x for x in each)
    for x in named:
        resolve_activation(x)
    return named


def output_function(name: str) -> ActivationFunction:
    """Return the activation of the last layer, as scikit-learn names it."""
    return np.exp if name == "exp" else resolve_activation(_NAMES.get(name, name))


def per_sample_loss(loss: str | Loss | PerSample, output: str) -> tuple[PerSample, PerSample]:
    """Return what is differentiated, and what is reported, each per sample and from scores.

    scikit-learn differentiates Σ (ŷ - y)²/2 over the outputs and reports their mean.
    """
    match loss, output:
        case "log_loss", "softmax":
            return (each := _softmax_cross_entropy), each
        case "log_loss", _:
            return (each := _sigmoid_cross_entropy), each
        case "squared_error", _:
            return _half_sum_of_squares, _half_mean_of_squares
        case "poisson", _:
            return (each := _poisson_deviance), each
        case _:
            each = _of_loss(resolve_loss(loss), output)
            return each, each


def _of_loss(record: Loss, output: str) -> PerSample:
    contains = {"softmax": "softmax", "sigmoid": "logistic"}.get(record.contains)
    apply = output_function(output)

    def of_scores(y: Any, scores: Any) -> Any:
        y = y.astype(scores.dtype)
        if contains == output:
            losses = record(y, scores)
        else:
            losses = record.of_probabilities()(y, apply(scores))
        if np.shape(losses)[:1] != np.shape(scores)[:1]:
            raise ArgumentError(
                f"loss: {record.name} returns shape {np.shape(losses)} for targets of shape "
                f"{np.shape(y)}; it must return one value for each sample"
            )
        return losses if losses.ndim == 1 else losses.mean(axis=tuple(range(1, losses.ndim)))

    return of_scores


def _softmax_cross_entropy(y: Any, scores: Any) -> Any:
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    return log_sum - np.sum(np.where(y, shifted, 0), axis=1)


def _sigmoid_cross_entropy(y: Any, scores: Any) -> Any:
    # ln(1 + e^z) - y z, as ln(1 + e^±z) of the sign that does not cancel.
    return np.sum(np.logaddexp(0, np.where(y, -scores, scores)), axis=1)


def _half_sum_of_squares(y: Any, scores: Any) -> Any:
    return np.sum((scores - y) ** 2, axis=1) / 2


def _half_mean_of_squares(y: Any, scores: Any) -> Any:
    return np.mean((scores - y) ** 2, axis=1) / 2


def _poisson_deviance(y: Any, scores: Any) -> Any:
    # y ln(y/ŷ) - y + ŷ with ŷ = e^z; 0 ln 0 = 0.
    log_y = np.log(np.where(y > 0, y, 1))
    return np.sum(y * (log_y - scores) - y + np.exp(scores), axis=1)
