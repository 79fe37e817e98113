"""What the two multilayer perceptrons share: parameters, ``fit``, outputs and scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage] (public in its documentation)
    check_is_fitted,
)

from chainrule.blas_threads import one_blas_thread
from chainrule.errors import ArgumentError, DataError
from chainrule.interop.estimators.form import Form, hidden_activations, output_function
from chainrule.interop.estimators.observers import observer_of
from chainrule.interop.estimators.quasi_newton import minimize_loss
from chainrule.interop.estimators.settings import check_settings, hidden_sizes, per_layer
from chainrule.interop.estimators.solver_state import SolverState
from chainrule.interop.estimators.steps import Tree, initial_slots, scores_of
from chainrule.interop.estimators.stochastic import StochasticFit
from chainrule.interop.estimators.training import EpochRunner, Rows
from chainrule.interop.estimators.validated import validated

__all__ = ["MultilayerPerceptron"]

_MANY_PRODUCTS = 2**26
"""Products of numbers from which on several threads of BLAS pay."""


class MultilayerPerceptron(BaseEstimator):
    """A network of dense layers, trained as scikit-learn trains its own; abstract."""

    # Arguments of the constructors.
    loss: Any
    hidden_layer_sizes: int | Sequence[int]
    activation: Any
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    dropout: float | Sequence[float]
    batch_norm: bool
    callbacks: Any

    # What differs between the two.

    @abstractmethod
    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        """Return checked inputs, and encoded targets of shape (n, outputs)."""

    @abstractmethod
    def _output_activation(self) -> str:
        """Return the name of the activation of the last layer."""

    @abstractmethod
    def _score_outputs(self, outputs: Any, rows: Rows) -> float:
        """Return the score of outputs on encoded targets."""

    @abstractmethod
    def _class_weights(self, y: Any) -> Any:
        """Return a weight for each sample by its class, or None."""

    @abstractmethod
    def _stratification(self, y: Any) -> Any:
        """Return what the split for validation keeps the proportions of, or None."""

    # Training.

    def _fit(
        self, X: Any, y: Any, weight: Any, incremental: bool, held_out: tuple[Any, Any] | None
    ) -> Any:
        check_settings(self)
        sizes = hidden_sizes(self)
        is_first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        inputs, targets = self._validate(X, y, incremental, is_first)
        weight = self._weights(weight, inputs, y)
        self.n_outputs_ = targets.shape[1]
        self._random_state = check_random_state(self.random_state)
        if is_first:
            self._initialize([inputs.shape[1], *sizes, targets.shape[1]], inputs.dtype)
        form, samples = self._form(len(sizes)), Rows(inputs, targets, weight)
        validation = None if held_out is None else self._held_out(*held_out)
        if self.solver == "lbfgs":
            self._fit_lbfgs(form, samples)
        else:
            self._fit_stochastic(form, samples, validation, incremental)
        if not all(np.isfinite(each).all() for each in (*self.coefs_, *self.intercepts_)):
            raise DataError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed. Scale them, as by "
                "sklearn.preprocessing.StandardScaler, or give a smaller learning_rate_init."
            )
        return self

    def _weights(self, weight: Any, X: Any, labels: Any) -> Any:
        """Return the weights of the samples times those of their classes, in the dtype of X."""
        if weight is not None:
            weight = _check_sample_weight(weight, X, dtype=X.dtype)
        by_class = self._class_weights(labels)
        if by_class is None:
            return weight
        return (by_class if weight is None else by_class * weight).astype(X.dtype)

    def _held_out(self, X: Any, y: Any) -> Rows:
        return Rows(*self._validate(X, y, incremental=True, reset=False))

    def _form(self, layers: int) -> Form:
        solver = self.solver
        if solver == "sgd" and self.nesterovs_momentum:
            solver = "nesterov"
        return Form(
            activations=hidden_activations(self.activation, layers),
            output=self.out_activation_,
            loss=self.loss,
            has_dropout=any(per_layer(self, "dropout", layers)),
            has_batch_norm=bool(self.batch_norm) and layers > 0,
            solver=solver,
        )

    def _initialize(self, units: Sequence[int], dtype: Any) -> None:
        """Draw the initial parameters, in the order and from the distribution of scikit-learn."""
        self.n_iter_, self.t_, self.n_layers_ = 0, 0, len(units)
        self.out_activation_ = self._output_activation()
        hidden_activations(self.activation, len(units) - 2)
        self.coefs_, self.intercepts_ = [], []
        for fan_in, fan_out in pairwise(units):
            factor = 2.0 if self.activation == "logistic" else 6.0
            bound = np.sqrt(factor / (fan_in + fan_out))  # Glorot & Bengio (2010), equation 16
            draw = self._random_state.uniform
            self.coefs_.append(draw(-bound, bound, (fan_in, fan_out)).astype(dtype))
            self.intercepts_.append(draw(-bound, bound, fan_out).astype(dtype))
        if self.batch_norm:
            self._norms = [
                {"gains": np.ones(n, dtype), "shifts": np.zeros(n, dtype),
                 "means": np.zeros(n, dtype), "variances": np.ones(n, dtype)}
                for n in units[1:-1]
            ]  # fmt: skip
        self._begin_curves()

    def _begin_curves(self) -> None:
        if self.solver == "lbfgs":
            return
        self.loss_curve_, self._no_improvement_count = [], 0
        stops = self.early_stopping
        self.validation_scores_ = [] if stops else None
        self.best_validation_score_ = -np.inf if stops else None
        self.best_loss_ = None if stops else np.inf

    def _fit_lbfgs(self, form: Form, samples: Rows) -> None:
        params = self._state_of()["params"]
        numbers = {"alpha": np.array(self.alpha, samples.X.dtype)}
        observe = observer_of(self)
        params = minimize_loss(self, form, params, samples, numbers, observe)
        self._take_state({"params": params, "statistics": {}})

    def _fit_stochastic(
        self, form: Form, samples: Rows, validation: Rows | None, incremental: bool
    ) -> None:
        state = self._state_of()
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = SolverState(
                "adam" if self.solver == "adam" else self.learning_rate,
                self.learning_rate_init, self.power_t, self.beta_1, self.beta_2,
                slots=initial_slots(form, state["params"]),
            )  # fmt: skip
        if self.early_stopping and incremental:
            raise ArgumentError(
                "partial_fit does not support early_stopping=True; call fit, or set "
                "early_stopping=False"
            )
        if self.early_stopping and validation is None:
            samples, validation = self._split(samples)
        if validation is not None and self.validation_scores_ is None:
            self.validation_scores_ = []
        size = self._size_of_batches(len(samples))
        numbers = self._numbers(form, samples.X.dtype)
        state = {"params": state["params"], "slots": self._optimizer.slots} | {
            "statistics": state["statistics"]
        }
        runner = EpochRunner(form, state, samples, size, numbers)
        fit = StochasticFit(self, runner, samples, validation)
        fit.run(1 if incremental else self.max_iter, not incremental, observer_of(self))
        self._optimizer.slots = runner.state["slots"]

    def _numbers(self, form: Form, dtype: Any) -> Tree:
        """Return the inputs of all steps."""
        numbers: Tree = {
            "alpha": self.alpha, "momentum": self.momentum, "epsilon": self.epsilon,
            "beta_1": self.beta_1, "rest_1": 1 - self.beta_1,
            "beta_2": self.beta_2, "rest_2": 1 - self.beta_2,
        }  # fmt: skip
        if form.has_dropout:
            numbers["rates"] = per_layer(self, "dropout", len(form.activations))
        numbers = {name: np.array(value, dtype) for name, value in numbers.items()}
        if form.has_dropout:
            numbers["key"] = self._random_state.randint(0, 2**31, 2).astype(np.uint32)
        return numbers

    def _size_of_batches(self, count: int) -> int:
        if self.batch_size == "auto":
            return min(200, count)
        return min(int(self.batch_size), count)

    def _split(self, samples: Rows) -> tuple[Rows, Rows]:
        """Hold a part out for validation, drawn as scikit-learn draws it."""
        arrays = [samples.X, samples.y]
        arrays += [] if samples.weight is None else [samples.weight]
        parts = train_test_split(
            *arrays,
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=self._stratification(samples.y),
        )
        training, validation = Rows(*parts[::2]), Rows(*parts[1::2])
        if len(validation) < 2:
            raise DataError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return training, validation

    def _state_of(self) -> Tree:
        """Return parameters and running statistics as trees of arrays."""
        params: Tree = {"coefs": list(self.coefs_), "intercepts": list(self.intercepts_)}
        statistics: Tree = {}
        if self.batch_norm and hasattr(self, "_norms"):
            for names, group in (
                (("gains", "shifts"), params),
                (("means", "variances"), statistics),
            ):
                group |= {name: [each[name] for each in self._norms] for name in names}
        return {"params": params, "statistics": statistics}

    def _take_state(self, state: Tree) -> None:
        """Set the fitted attributes to copies of parameters and running statistics."""
        arrays = {
            name: [np.array(each) for each in group]
            for part in ("params", "statistics")
            for name, group in state[part].items()
        }
        self.coefs_, self.intercepts_ = arrays.pop("coefs"), arrays.pop("intercepts")
        if arrays:
            self._norms = [
                dict(zip(arrays, each, strict=True)) for each in zip(*arrays.values(), strict=True)
            ]

    # Inference.

    def _outputs(self, X: Any) -> Any:
        """Return the activations of the last layer, (n, outputs)."""
        check_is_fitted(self)
        inputs = validated(self, X, reset=False)
        return self._outputs_of(self._state_of(), inputs)

    def _outputs_of(self, state: Tree, X: Any) -> Any:
        weights = state["params"]["coefs"]
        form = self._form(len(weights) - 1)
        products = X.shape[0] * sum(each.size for each in weights)
        # Threads of BLAS go on spinning, on the cores that a fit that follows needs.
        threads = one_blas_thread() if products < _MANY_PRODUCTS else nullcontext()
        with threads, np.errstate(all="ignore"):
            scores = scores_of(form, state["params"], state["statistics"], X)
            return output_function(self.out_activation_)(scores)

    def _score_of(self, state: Tree, rows: Rows) -> float:
        outputs = self._outputs_of(state, rows.X)
        if not np.isfinite(outputs).all():
            return float("nan")
        return self._score_outputs(outputs, rows)

    def __sklearn_tags__(self) -> Any:
        """Return the tags by which scikit-learn knows what the estimator takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
