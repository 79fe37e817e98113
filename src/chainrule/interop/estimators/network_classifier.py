"""`NetworkClassifier`: any network as a classifier of scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,  # pyright: ignore[reportPrivateUsage]
    check_classification_targets,
    type_of_target,
)
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import DataError
from chainrule.interop.estimators.network_estimator import NetworkEstimator, width_of
from chainrule.train.network import Network

__all__ = ["NetworkClassifier"]


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """Any network as a classifier, for pipelines, searches and scores of scikit-learn.

    Parameters
    ----------
    network : Network, function that returns one, or None
        A network, of which `fit` trains a copy; or a function, which is called with the arguments
        given as ``network__name``, and with those of `n_features`, `n_outputs`, `seed` and `dtype`
        that it takes. None for one hidden layer of ``network__units``.
    loss : str, Loss, function or None
        As in `Network.compile`; None for the loss that the network is compiled with, or else
        "cross_entropy", or "binary_cross_entropy" for one output or several labels.
    optimizer, learning_rate, metrics : see `Network.compile`
        Of a network that is not compiled yet, or with `loss`.
    epochs : int >= 1
        Passes over the data.
    batch_size : int >= 1 or None
        Samples a step; None for all.
    validation_split : float in [0, 1)
        Share of the samples, the last ones, that is held out.
    shuffle : bool
        Whether to reorder the samples in each epoch.
    class_weight : mapping of class to float, "balanced" or None
        Weight of each class.
    callbacks, verbose : see `Network.fit`
        Observers of the training.
    warm_start : bool
        Whether `fit` goes on from the present parameters.
    random_state : int, RandomState or None
        Determines the `seed` given to a builder; a network has one of its own.
    **builder_arguments : object
        Arguments of the builder, as ``network__units=32``.

    Attributes
    ----------
    network_ : Network
        The trained network: it explains, plots and saves itself.
    classes_ : array, (classes,)
        The class labels.
    history_ : dict of str to list
        Loss, metrics and so on of each epoch of the latest `fit`.
    n_iter_ : int
        Its epochs.

    Raises
    ------
    ArgumentError, DataError, ValueError
        By `fit`, for arguments out of range and unsuitable data.

    Examples
    --------
    >>> from chainrule import datasets, nn
    >>> def build(units, n_outputs, seed):
    ...     return Network([nn.Dense(units, activation="tanh"), nn.Dense(n_outputs)], seed=seed)
    >>> X, y = datasets.iris()
    >>> model = NetworkClassifier(build, learning_rate=0.01, network__units=8, random_state=0)
    >>> model.set_params(epochs=100).fit(X, y).score(X, y) > 0.9
    True
    """

    class_weight: Mapping[Any, float] | str | None

    def __init__(
        self,
        network: Network | Callable[..., Network] | None = None,
        *,
        loss: Any = None,
        optimizer: Any = "adam",
        learning_rate: Any = None,
        metrics: Any = (),
        epochs: int = 200,
        batch_size: int | None = 200,
        validation_split: float = 0.0,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | str | None = None,
        callbacks: Any = None,
        verbose: Any = 0,
        warm_start: bool = False,
        random_state: Any = None,
        **builder_arguments: Any,
    ) -> None:
        self._keep(locals(), builder_arguments)

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> NetworkClassifier:
        """Train a new network on samples, or with `warm_start` the present one.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, ...)
            Inputs.
        y : array or list, (n,), or (n, labels) of 0 and 1
            Class labels.
        sample_weight : array, float >= 0, (n,), or None
            Weight of each sample.
        X_val, y_val : as X and y, or None
            Samples to evaluate after each epoch.

        Returns
        -------
        NetworkClassifier
            Itself.
        """
        is_new = not (self.warm_start and hasattr(self, "network_"))
        held_out = None if X_val is None else (X_val, y_val)
        return self._fit(X, y, sample_weight, held_out, is_new, is_new, self.epochs)

    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> NetworkClassifier:
        """Train by one epoch from the present parameters.

        Parameters
        ----------
        X, y, sample_weight : array, table or sparse matrix
            As in `fit`.
        classes : array, (classes,), or None
            All class labels; required in the first call.

        Returns
        -------
        NetworkClassifier
            Itself.
        """
        if _check_partial_fit_first_call(self, classes):
            self._is_multilabel = type_of_target(y).startswith("multilabel")
        is_new = not hasattr(self, "network_")
        return self._fit(X, y, sample_weight, None, is_new, False, 1)

    def predict(self, X: Any) -> Any:
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, ...)
            Inputs.

        Returns
        -------
        array, (n,), or (n, labels) of 0 and 1
            Class labels.
        """
        check_is_fitted(self)
        if self._is_multilabel:
            return (np.asarray(self._predicted(X, "predict_proba")) > 0.5).astype(int)
        indices = np.asarray(self._predicted(X, "predict_class")).ravel()
        return self.classes_[indices.astype(np.intp)]

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, ...)
            Inputs.

        Returns
        -------
        array, in [0, 1], (n, classes)
            The probabilities.
        """
        check_is_fitted(self)
        proba = np.asarray(self._predicted(X, "predict_proba"))
        if proba.shape[1] == 1 and not self._is_multilabel:
            return np.hstack([1 - proba, proba])
        return proba

    def __sklearn_tags__(self) -> Any:
        """Return the tags by which scikit-learn knows what the estimator takes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _encode(self, y: Any, is_new: bool) -> Any:
        check_classification_targets(y)
        if is_new:
            self._is_multilabel = type_of_target(y).startswith("multilabel")
            self.classes_ = np.arange(np.shape(y)[1]) if self._is_multilabel else np.unique(y)
        if self._is_multilabel:
            return np.asarray(y, np.float32)
        labels = column_or_1d(y, warn=True)
        if len(unknown := np.setdiff1d(labels, self.classes_)):
            raise DataError(
                f"`y` has classes not in `self.classes_`: {unknown}; there are {self.classes_}. "
                "Give partial_fit all classes in its first call"
            )
        return np.searchsorted(self.classes_, labels)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _default_loss(self, net: Network) -> str:
        is_binary = self._is_multilabel or width_of(net) == 1
        return "binary_cross_entropy" if is_binary else "cross_entropy"

    def _targets(self, net: Network, y: Any) -> Any:
        if self._is_multilabel or width_of(net) > 1:
            return y
        return y.astype(np.float32)[:, None]

    def _class_weights(self, y: Any) -> Any:
        return None if self.class_weight is None else compute_sample_weight(self.class_weight, y)
