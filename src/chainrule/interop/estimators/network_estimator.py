"""What the estimators over a network share: the builder and its arguments, ``fit``, parameters."""

from __future__ import annotations

import copy
import inspect
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage] (public in its documentation)
    check_is_fitted,
)

from chainrule.arguments.checks import shown
from chainrule.data.array_protocols import names_of_columns
from chainrule.errors import ArgumentError
from chainrule.interop.estimators.validated import validated
from chainrule.nn.layers.dense import Dense
from chainrule.train.network import Network

__all__ = ["NetworkEstimator", "width_of"]

_PREFIX = "network__"
_REAL = (np.float64, np.float32)


class NetworkEstimator(BaseEstimator):
    """A network, or a function that builds one, as an estimator; abstract."""

    network: Network | Callable[..., Network] | None
    loss: Any
    optimizer: Any
    learning_rate: Any
    metrics: Any
    epochs: int
    batch_size: int | None
    validation_split: float
    shuffle: bool
    callbacks: Any
    verbose: Any
    warm_start: bool
    random_state: Any
    _arguments: dict[str, Any]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor, those of the builder as ``network__name``.

        Parameters
        ----------
        deep : bool
            Whether to return also the arguments of arguments that are estimators.

        Returns
        -------
        dict of str to object
            The arguments by name.
        """
        return super().get_params(deep) | self._arguments

    def set_params(self, **params: Any) -> Any:
        """Set arguments, those of the builder as ``network__name``.

        Parameters
        ----------
        **params : object
            Values by name.

        Returns
        -------
        estimator
            Itself.
        """
        of_builder = {name: each for name, each in params.items() if name.startswith(_PREFIX)}
        self._arguments = self._arguments | of_builder
        others = {name: each for name, each in params.items() if name not in of_builder}
        super().set_params(**others)
        return self

    @abstractmethod
    def _encode(self, y: Any, is_new: bool) -> Any:
        """Return targets as numbers; new ones define the classes."""

    @abstractmethod
    def _class_weights(self, y: Any) -> Any:
        """Return a weight for each sample by its class, or None."""

    @abstractmethod
    def _outputs(self) -> int:
        """Return how many outputs the targets ask for."""

    @abstractmethod
    def _default_loss(self, net: Network) -> str:
        """Return the name of the loss of a network that has none."""

    @abstractmethod
    def _targets(self, net: Network, y: Any) -> Any:
        """Return encoded targets in the shape of the outputs of a built network."""

    def _keep(self, arguments: Mapping[str, Any], builder: Mapping[str, Any]) -> None:
        self._arguments = dict(builder)
        for name, value in arguments.items():
            if name not in ("self", "__class__", "builder_arguments"):
                setattr(self, name, value)

    def _fit(
        self, X: Any, y: Any, weight: Any, held_out: Any, is_new: bool, new_targets: bool,
        epochs: int,
    ) -> Any:  # fmt: skip
        inputs, labels = self._checked(X, y, is_new)
        targets = self._encode(labels, new_targets)
        weight = self._weights(weight, inputs, labels)
        if is_new:
            self.network_ = self._new_network(inputs)
        net = self.network_
        if self._takes_table(X):
            inputs = X
        else:
            net.predict(inputs[:2])  # infers the sizes; a table must see all data before
        if net.loss is None or (is_new and self.loss is not None):
            loss = self._default_loss(net) if self.loss is None else self.loss
            net.compile(loss, self.optimizer, self.learning_rate, self.metrics)
        validation = None
        if held_out is not None:
            X_val, y_val = self._checked(*held_out, is_new=False)
            X_val = held_out[0] if self._takes_table(held_out[0]) else X_val
            validation = X_val, self._targets(net, self._encode(y_val, False))
        history = net.fit(
            inputs, self._targets(net, targets), sample_weight=weight, epochs=epochs,
            batch_size=self.batch_size, shuffle=self.shuffle, callbacks=self.callbacks,
            verbose=self.verbose, validation_data=validation,
            validation_split=0.0 if held_out is not None else self.validation_split,
        )  # fmt: skip
        self.history_ = {name: list(each) for name, each in history.items()}
        self.n_iter_ = history.epochs
        return self

    def _weights(self, weight: Any, X: Any, labels: Any) -> Any:
        """Return the weights of the samples times those of their classes, or None."""
        if weight is not None:
            weight = _check_sample_weight(weight, X)
        by_class = self._class_weights(labels)
        weights = [each for each in (weight, by_class) if each is not None]
        if not weights:
            return None
        product = np.prod(weights, axis=0)
        # Of mean 1: the loss of a network is a mean over samples, not over weights.
        return product / max(product.mean(), np.finfo(product.dtype).tiny)

    def _new_network(self, X: Any) -> Network:
        """Return a copy of the network, or what the builder makes of its arguments."""
        if isinstance(self.network, Network):
            if self._arguments:
                raise ArgumentError(
                    f"{type(self).__name__}: {', '.join(self._arguments)} are arguments of a "
                    "builder, but network is a network; give the function that builds it"
                )
            return copy.deepcopy(self.network)
        for name in self._arguments:
            if not name.startswith(_PREFIX):
                raise ArgumentError(
                    f"{type(self).__name__}: there is no argument {name}; those of the builder are "
                    f"given as {_PREFIX}units=32"
                )
        build: Any = _default_network if self.network is None else self.network
        if not callable(build):
            raise ArgumentError(
                f"{type(self).__name__}: network is {shown(build)}; it must be a network, or a "
                "function that returns one"
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        width = X.shape[1] if len(X.shape) > 1 else 1
        known: dict[str, Any] = {"n_features": width, "n_outputs": self._outputs(), "seed": seed}
        known["dtype"] = str(getattr(X, "dtype", "float32"))
        accepted = inspect.signature(build).parameters
        arguments = {name: each for name, each in known.items() if name in accepted}
        arguments |= {name.removeprefix(_PREFIX): each for name, each in self._arguments.items()}
        net: Any = build(**arguments)
        if not isinstance(net, Network):
            raise ArgumentError(
                f"{type(self).__name__}: the builder returned {shown(net)}; it must return a "
                "network"
            )
        return net

    def _checked(self, X: Any, y: Any, is_new: bool) -> Any:
        """Return inputs and targets; tables stay tables, for a network that begins with one."""
        rules = {"multi_output": True, "y_numeric": self._has_numbers, "reset": is_new}
        if _has_categories(X):
            validated(self, X, reset=is_new, skip_check_array=True)
            return X, np.asarray(y)
        return validated(self, X, y, allow_nd=True, dtype=_REAL, **rules)

    _has_numbers = False
    """Whether the targets are numbers."""

    def _predicted(self, X: Any, method: str) -> Any:
        check_is_fitted(self, "network_")
        is_table = self._takes_table(X)
        rules = {"skip_check_array": True} if is_table else {"allow_nd": True, "dtype": _REAL}
        inputs = validated(self, X, reset=False, **rules)
        return getattr(self.network_, method)(X if is_table else inputs)

    def _takes_table(self, X: Any) -> bool:
        """Whether the network is to see the columns themselves: they, or a `data.Table`, ask."""
        has_names = names_of_columns(X) is not None
        return _has_categories(X) or (has_names and self.network_.table is not None)

    def __sklearn_tags__(self) -> Any:
        """Return the tags by which scikit-learn knows what the estimator takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _default_network(
    n_outputs: int,
    units: int = 100,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> Network:
    """Return a network of one hidden layer."""
    return Network([Dense(units, activation=activation), Dense(n_outputs)], seed=seed, dtype=dtype)


def _has_categories(X: Any) -> bool:
    """Whether a table has columns that are no numbers."""
    kinds = [] if getattr(X, "dtypes", None) is None else list(X.dtypes)
    return any(getattr(kind, "kind", "O") not in "biuf" for kind in kinds)


def width_of(net: Network) -> int:
    """Return the number of outputs of a network; of its last layer's units if it is not built."""
    if net.output_shape is not None:
        return int(net.output_shape[-1] or 1)
    return int(getattr(net[-1], "units", 0) or 2)
