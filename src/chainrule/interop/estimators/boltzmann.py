"""`BernoulliRBM`: scikit-learn's restricted Boltzmann machine, compiled."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.interop.estimators.boltzmann_steps import run_batches
from chainrule.interop.estimators.programs import capacity
from chainrule.interop.estimators.pseudo_likelihood import log_pseudo_likelihood
from chainrule.interop.estimators.validated import validated
from chainrule.nn.activations.bounded import sigmoid
from chainrule.train.rbm.rbm import RBM

__all__ = ["BernoulliRBM"]


class BernoulliRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A restricted Boltzmann machine of binary units, trained as scikit-learn trains its own.

    The same data, arguments and `random_state` give the features of
    ``sklearn.neural_network.BernoulliRBM``, up to rounding. For another number of sweeps, momentum,
    sparsity or likelihoods see `chainrule.RBM`, which `to_machine` gives.

    Parameters
    ----------
    n_components : int >= 1
        Number of hidden units.
    learning_rate : float > 0
        Step size.
    batch_size : int >= 1
        Samples a step, and persistent chains.
    n_iter : int >= 0
        Passes over the data.
    verbose : int or bool
        Whether to print the pseudo-likelihood after each pass.
    random_state : int, RandomState or None
        Determines initial weights, samples, and what `score_samples` corrupts.

    Attributes
    ----------
    components_ : array, float, (n_components, n_features)
        Weights.
    intercept_hidden_, intercept_visible_ : array, float, (n_components,) and (n_features,)
        Biases.
    h_samples_ : array, 0 or 1, (batch_size, n_components)
        Hidden units of the persistent chains.
    n_features_in_, feature_names_in_ : int, and array of str
        Of the data that it was fitted to.

    References
    ----------
    Tieleman (2008), "Training restricted Boltzmann machines using approximations to the likelihood
    gradient".

    Examples
    --------
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> machine = BernoulliRBM(n_components=2, random_state=0).fit(X)
    >>> machine.transform(X).shape
    (4, 2)
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Train on samples, from new weights.

        Parameters
        ----------
        X : array, table or sparse matrix, in [0, 1], (n, n_features)
            States of the visible units, or probabilities of 1.
        y : None
            Ignored.

        Returns
        -------
        BernoulliRBM
            Itself.

        Raises
        ------
        ArgumentError, ValueError
            For arguments out of range, and data that are not numbers.
        """
        self._check_settings()
        v = validated(self, X, sparse="csr", dtype=(np.float64, np.float32))
        rng = check_random_state(self.random_state)
        self._initialize(v.shape[1], v.dtype, rng)
        count = v.shape[0]
        batches = -(-count // self.batch_size)
        # As even as they can be: the first ones are full.
        starts = np.arange(batches + 1) * self.batch_size
        starts[-1] = count
        for iteration in range(self.n_iter):
            began = time.perf_counter()
            self._run(v, starts, self.batch_size, rng)
            self._tell(iteration + 1, v, time.perf_counter() - began)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Train by one step, whose batch are these samples.

        Parameters
        ----------
        X : array, table or sparse matrix, in [0, 1], (n, n_features)
            As in `fit`.
        y : None
            Ignored.

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        self._check_settings()
        is_first = not hasattr(self, "components_")
        v = validated(self, X, sparse="csr", dtype=np.float64, reset=is_first)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        if is_first:
            self._initialize(v.shape[1], v.dtype, self.random_state_)
        self._run(v, [0, v.shape[0]], capacity(v.shape[0]), self.random_state_)
        return self

    def transform(self, X: Any) -> Any:
        """Return the probabilities of the hidden units.

        Parameters
        ----------
        X : array, table or sparse matrix, in [0, 1], (n, n_features)
            As in `fit`.

        Returns
        -------
        array, in [0, 1], (n, n_components)
            The features.
        """
        check_is_fitted(self)
        return self._mean_hiddens(self._checked(X, dtype=(np.float64, np.float32)))

    def gibbs(self, v: Any) -> Any:
        """Run one step of Gibbs sampling.

        Parameters
        ----------
        v : array or sparse matrix, in [0, 1], (n, n_features)
            States of the visible units.

        Returns
        -------
        array, bool, (n, n_features)
            The next ones.
        """
        check_is_fitted(self)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        hidden = self._sample_hiddens(v, self.random_state_)
        p = sigmoid(hidden @ self.components_ + self.intercept_visible_)
        return self.random_state_.uniform(size=p.shape) < p

    def score_samples(self, X: Any) -> Any:
        """Estimate the logarithm of the pseudo-likelihood.

        It is that of one unit of each sample times their number. `random_state` draws a function
        from samples to units: so a sample has one value, whatever the others are.

        Parameters
        ----------
        X : array, table or sparse matrix, 0 or 1, (n, n_features)
            As in `fit`.

        Returns
        -------
        array, float, at most 0, (n,)
            In nats.
        """
        check_is_fitted(self)
        parameters = self.components_, self.intercept_hidden_, self.intercept_visible_
        return log_pseudo_likelihood(
            self._checked(X), *parameters, check_random_state(self.random_state)
        )

    def to_machine(self) -> RBM:
        """Return the trained machine as one of `chainrule`.

        Returns
        -------
        RBM
            With the same weights, biases and chains; it samples, has exact likelihoods of small
            machines, and saves itself.
        """
        check_is_fitted(self)
        machine = RBM(
            self.n_components,
            learning_rate=self.learning_rate,
            persistent=True,
            batch_size=self.batch_size,
            dtype=self.components_.dtype.name,
        )
        parameters = {
            "weight": self.components_.T,
            "visible_bias": self.intercept_visible_,
            "hidden_bias": self.intercept_hidden_,
            "chains": self.h_samples_,
        }
        machine.resume(parameters, {}, epoch=self.n_iter, count=0)
        return machine

    def __sklearn_tags__(self) -> Any:
        """Return the tags by which scikit-learn knows what the estimator takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_settings(self) -> None:
        for name, least in (("n_components", 1), ("batch_size", 1), ("n_iter", 0)):
            checked_count("BernoulliRBM", name, getattr(self, name), least)
        checked_number("BernoulliRBM", "learning_rate", self.learning_rate, POSITIVE)

    def _checked(self, X: Any, dtype: Any = "numeric") -> Any:
        return validated(self, X, sparse="csr", reset=False, dtype=dtype)

    def _initialize(self, features: int, dtype: Any, rng: Any) -> None:
        hidden = self.n_components
        self.components_ = rng.normal(0, 0.01, (hidden, features)).astype(dtype)
        self.intercept_hidden_ = np.zeros(hidden, dtype)
        self.intercept_visible_ = np.zeros(features, dtype)
        self.h_samples_ = np.zeros((self.batch_size, hidden), dtype)
        self._n_features_out = hidden

    def _run(self, X: Any, starts: Any, batch: int, rng: Any) -> None:
        """Run a step on the rows between each two of `starts`."""
        state = {
            "components": self.components_,
            "hidden": self.intercept_hidden_,
            "visible": self.intercept_visible_,
            "chains": self.h_samples_.astype(self.components_.dtype),
        }
        state = run_batches(state, X, starts, batch, self.learning_rate, rng)
        self.components_, self.h_samples_ = state["components"], state["chains"]
        self.intercept_hidden_, self.intercept_visible_ = state["hidden"], state["visible"]

    def _mean_hiddens(self, v: Any) -> Any:
        """Return P(h = 1 | v)."""
        return sigmoid(np.asarray(v @ self.components_.T) + self.intercept_hidden_)

    def _sample_hiddens(self, v: Any, rng: Any) -> Any:
        p = self._mean_hiddens(v)
        return rng.uniform(size=p.shape) < p

    def _tell(self, iteration: int, X: Any, seconds: float) -> None:
        if self.verbose:
            sys.stdout.write(
                f"[BernoulliRBM] Iteration {iteration}, pseudo-likelihood = "
                f"{self.score_samples(X).mean():.2f}, time = {seconds:.2f}s\n"
            )
