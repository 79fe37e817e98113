"""`NetworkRegressor`: any network as a regressor of scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d

from chainrule.interop.estimators.network_estimator import NetworkEstimator
from chainrule.train.network import Network

__all__ = ["NetworkRegressor"]


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """Any network as a regressor, for pipelines, searches and scores of scikit-learn.

    Parameters
    ----------
    network : Network, function that returns one, or None
        A network, of which `fit` trains a copy; or a function, which is called with the arguments
        given as ``network__name``, and with those of `n_features`, `n_outputs`, `seed` and `dtype`
        that it takes. None for one hidden layer of ``network__units``.
    loss : str, Loss, function or None
        As in `Network.compile`; None for the loss that the network is compiled with, or else "mse".
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
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> model = NetworkRegressor(learning_rate=0.01, random_state=0)
    >>> model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.9
    True
    """

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
        callbacks: Any = None,
        verbose: Any = 0,
        warm_start: bool = False,
        random_state: Any = None,
        **builder_arguments: Any,
    ) -> None:
        self._keep(locals(), builder_arguments)

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> NetworkRegressor:
        """Train a new network on samples, or with `warm_start` the present one.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, ...)
            Inputs.
        y : array or list, float, (n,) or (n, outputs)
            Targets.
        sample_weight : array, float >= 0, (n,), or None
            Weight of each sample.
        X_val, y_val : as X and y, or None
            Samples to evaluate after each epoch.

        Returns
        -------
        NetworkRegressor
            Itself.
        """
        is_new = not (self.warm_start and hasattr(self, "network_"))
        held_out = None if X_val is None else (X_val, y_val)
        return self._fit(X, y, sample_weight, held_out, is_new, is_new, self.epochs)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NetworkRegressor:
        """Train by one epoch from the present parameters.

        Parameters
        ----------
        X, y, sample_weight : array, table or sparse matrix
            As in `fit`.

        Returns
        -------
        NetworkRegressor
            Itself.
        """
        is_new = not hasattr(self, "network_")
        return self._fit(X, y, sample_weight, None, is_new, is_new, 1)

    def predict(self, X: Any) -> Any:
        """Return the predicted values.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, ...)
            Inputs.

        Returns
        -------
        array, float, (n,) or (n, outputs)
            The predictions.
        """
        outputs = self._predicted(X, "predict")
        return outputs.ravel() if self._is_flat else outputs

    _has_numbers = True

    def _encode(self, y: Any, is_new: bool) -> Any:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if is_new:
            self._is_flat, self._count = y.ndim == 1, 1 if y.ndim == 1 else y.shape[1]
        return y

    def _outputs(self) -> int:
        return self._count

    def _default_loss(self, net: Network) -> str:
        return "mse"

    def _targets(self, net: Network, y: Any) -> Any:
        has_axis = net.output_shape is None or len(net.output_shape) > 1
        return y[:, None] if y.ndim == 1 and has_axis else y

    def _class_weights(self, y: Any) -> Any:
        return None
