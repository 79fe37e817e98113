"""`MLPRegressor`: scikit-learn's multilayer perceptron for numbers, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if

from chainrule.interop.estimators.availability import is_stochastic
from chainrule.interop.estimators.perceptron import MultilayerPerceptron
from chainrule.interop.estimators.settings import keep_arguments
from chainrule.interop.estimators.training import Rows
from chainrule.interop.estimators.validated import validated

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """A multilayer perceptron for numbers, with the interface and the results of scikit-learn.

    The same data, arguments and `random_state` give the parameters of
    ``sklearn.neural_network.MLPRegressor``, up to rounding; `dropout` and what follows it are
    additions.

    Parameters
    ----------
    loss : str or function (y_true, y_pred)
        "squared_error", "poisson", a name of `chainrule.nn` such as "huber", or a function in NumPy
        of arrays (batch, outputs) that returns one value for each sample.
    hidden_layer_sizes : int or sequence of int >= 1
        Units of the hidden layers.
    activation : str, function, or sequence of them
        Of the hidden layers: "identity", "logistic", "tanh", "relu", any name of `chainrule.nn`
        such as "gelu", or a function in NumPy; a sequence has one for each layer.
    solver : {"adam", "sgd", "lbfgs"}
        How the loss is minimised.
    alpha : float >= 0
        Weight of the penalty α/2 ΣW² of a batch.
    batch_size : int >= 1 or "auto"
        Samples a step; "auto" is 200, or all if they are fewer. Not for "lbfgs".
    learning_rate : {"constant", "invscaling", "adaptive"}
        Schedule of "sgd": "invscaling" divides by t^power_t after t samples, "adaptive" by 5 where
        training stops otherwise.
    learning_rate_init : float > 0
        Learning rate of "sgd" and "adam".
    power_t : float >= 0
        Exponent of "invscaling".
    max_iter : int >= 1
        Epochs, or iterations of "lbfgs".
    shuffle : bool
        Whether to reorder the samples in each epoch.
    random_state : int, RandomState or None
        Determines initial weights, order of samples, validation split and dropout.
    tol : float >= 0
        Improvement below which an epoch counts as none; for "lbfgs" the
        largest gradient at the end.
    verbose : bool or int
        Whether to print the loss of each epoch.
    warm_start : bool
        Whether `fit` begins with the present parameters.
    momentum, nesterovs_momentum : float in [0, 1] and bool
        Of "sgd".
    early_stopping : bool
        Whether to hold samples out, to stop by their score and to restore the best parameters.
    validation_fraction : float in [0, 1)
        Share of the samples that is held out.
    beta_1, beta_2, epsilon : float
        Of "adam".
    n_iter_no_change : int >= 1 or infinity
        Epochs without improvement after which the training stops.
    max_fun : int >= 1
        Evaluations of the loss by "lbfgs".
    dropout : float in [0, 1), or sequence of them
        Share of the units of each hidden layer that is left out in a step.
    batch_norm : bool
        Whether to normalise the inputs of the activations over the batch.
    callbacks : Callback, function (estimator, epoch, logs), or sequence of them
        Called after each epoch; a True stops the training.

    Attributes
    ----------
    coefs_, intercepts_ : list of array
        Weights, (units before, units), and biases of the layers.
    loss_curve_, loss_, best_loss_ : list of float, and float
        Mean loss of each epoch, of the last, and of the best one; None with early stopping.
    validation_scores_, best_validation_score_ : list of float, and float; or None
        Of the samples held out.
    n_iter_, t_ : int
        Epochs of the latest `fit`, and samples seen in all.
    n_layers_, n_outputs_, out_activation_ : int, int and str
        Layers with the input, outputs, and the activation of the last layer.
    n_features_in_, feature_names_in_ : int, and array of str
        Of the data that it was fitted to.

    Raises
    ------
    ArgumentError, DataError, ValueError
        By `fit`, for arguments out of range and unsuitable data.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization"; Glorot & Bengio (2010),
    "Understanding the difficulty of training deep feedforward neural networks", equation 16.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> model = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", random_state=0)
    >>> model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Literal["constant", "invscaling", "adaptive"] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        batch_norm: bool = False,
        callbacks: Any = None,
    ) -> None:
        keep_arguments(self, locals())

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> Any:
        """Train on samples: from new parameters, or with `warm_start` from the present ones.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, features)
            Inputs; float32 ones are computed with as such, others as float64.
        y : array or list, float, (n,) or (n, outputs)
            Targets.
        sample_weight : array, float >= 0, (n,), or None
            Weight of each sample.
        X_val, y_val : as X and y, or None
            Samples held out by yourself, whose scores are recorded; with `early_stopping` they take
            the place of the split.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        held_out = None if X_val is None else (X_val, y_val)
        return self._fit(X, y, sample_weight, incremental=False, held_out=held_out)

    @available_if(is_stochastic)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train by one epoch from the present parameters and slots of the solver.

        Parameters
        ----------
        X, y, sample_weight : array, table or sparse matrix
            As in `fit`.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        return self._fit(X, y, sample_weight, incremental=True, held_out=None)

    def predict(self, X: Any) -> Any:
        """Return the predicted values.

        Parameters
        ----------
        X : array, table or sparse matrix, (n, features)
            Inputs.

        Returns
        -------
        array, float, (n,) or (n, outputs)
            The predictions.
        """
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        inputs, y = validated(
            self, X, y, multi_output=True, y_numeric=True,
            dtype=(np.float64, np.float32), reset=reset,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return inputs, y.reshape(len(y), -1).astype(inputs.dtype)

    def _output_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _class_weights(self, y: Any) -> Any:
        return None

    def _stratification(self, y: Any) -> Any:
        return None

    def _score_outputs(self, outputs: Any, rows: Rows) -> float:
        return float(r2_score(rows.y, outputs, sample_weight=rows.weight))
