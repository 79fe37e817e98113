"""Predictions of a network as columns: a class or numbers, and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.train.inference.class_prediction import predicted_classes, probability_activation
from chainrule.train.network import Network, model_of

__all__ = ["is_classifier", "prediction_columns"]

Columns = dict[str, NDArray[Any]]


def is_classifier(net: Network) -> bool:
    """Whether the outputs of a network are, or give, probabilities of classes."""
    try:
        probability_activation(model_of(net), "predict")
    except ArgumentError:
        return False
    return True


def prediction_columns(net: Network, X: Any, probabilities: bool) -> Columns:
    """Return the column ``prediction``, or several of them, and one of each class's probability."""
    outputs = net.predict(X)
    if not is_classifier(net):
        return _numbered("prediction", outputs)
    columns = _numbered("prediction", predicted_classes(model_of(net), outputs))
    if probabilities:
        columns |= _probabilities(net, net.predict_proba(X))
    return columns


def _probabilities(net: Network, shares: NDArray[Any]) -> Columns:
    """Return a column for each class; of one output, of both classes."""
    classes = model_of(net).classes
    shares = shares.reshape(len(shares), -1)
    if shares.shape[1] == 1:
        shares = np.concatenate([1 - shares, shares], axis=1)
    names = classes or list(map(str, range(shares.shape[1])))
    if len(names) != shares.shape[1]:  # several predictions for each row
        return _numbered("probability", shares)
    return {f"p({name})": column for name, column in zip(names, shares.T, strict=True)}


def _numbered(name: str, values: NDArray[Any]) -> Columns:
    """Return the columns of an array, numbered from 1 if there are several."""
    values = values.reshape(len(values), -1)
    if values.shape[1] == 1:
        return {name: values[:, 0]}
    return {f"{name}_{number}": column for number, column in enumerate(values.T, start=1)}
