"""Arguments of the perceptrons: kept as given by the constructor, checked by ``fit``."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.arguments.checks import (
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    Range,
    bad_argument,
    checked_choice,
    checked_count,
    checked_flag,
    checked_number,
)
from chainrule.errors import ArgumentError, counted

__all__ = ["check_settings", "hidden_sizes", "keep_arguments", "per_layer"]

_NUMBERS = {
    "alpha": NON_NEGATIVE, "learning_rate_init": POSITIVE, "power_t": NON_NEGATIVE,
    "tol": NON_NEGATIVE, "momentum": Range("a number in [0, 1]", lambda x: 0 <= x <= 1),
    "validation_fraction": FRACTION, "beta_1": FRACTION, "beta_2": FRACTION, "epsilon": POSITIVE,
}  # fmt: skip
_FLAGS = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping", "batch_norm")


def keep_arguments(estimator: Any, arguments: Mapping[str, Any]) -> None:
    """Set the arguments of a constructor as attributes, unchanged, as scikit-learn asks."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def check_settings(estimator: Any) -> None:
    """Refuse arguments outside their ranges."""
    owner = type(estimator).__name__
    for name, allowed in _NUMBERS.items():
        checked_number(owner, name, getattr(estimator, name), allowed)
    for name in _FLAGS:
        checked_flag(owner, name, getattr(estimator, name))
    for name in ("max_iter", "max_fun"):
        checked_count(owner, name, getattr(estimator, name))
    if estimator.batch_size != "auto":
        checked_count(owner, "batch_size", estimator.batch_size, note=', or "auto"')
    patience = estimator.n_iter_no_change
    if not (isinstance(patience, numbers.Real) and patience == math.inf):
        checked_count(owner, "n_iter_no_change", patience, note=", or infinity")
    checked_choice(owner, "solver", estimator.solver, ("lbfgs", "sgd", "adam"))
    schedules = ("constant", "invscaling", "adaptive")
    checked_choice(owner, "learning_rate", estimator.learning_rate, schedules)
    _check_for_solver(owner, estimator)


def _check_for_solver(owner: str, estimator: Any) -> None:
    """Refuse what L-BFGS, which minimises one function of all samples, cannot do."""
    if estimator.solver != "lbfgs":
        return
    rates = np.atleast_1d(np.asarray(estimator.dropout, float))
    given = {"dropout": bool((rates > 0).any()), "batch_norm": estimator.batch_norm}
    for name, is_given in given.items():
        if is_given:
            raise ArgumentError(
                f"{owner}: {name} is {getattr(estimator, name)!r}, which lets the loss of a "
                "sample depend on chance or on its batch, and the solver 'lbfgs' minimises one "
                "function; give solver='adam' or 'sgd'"
            )


def hidden_sizes(estimator: Any) -> list[int]:
    """Return the sizes of the hidden layers."""
    owner, given = type(estimator).__name__, estimator.hidden_layer_sizes
    sizes = list(given) if hasattr(given, "__iter__") else [given]
    if not all(isinstance(x, numbers.Integral) and int(x) > 0 for x in sizes):
        rule = "an integer, 1 or more, or a sequence of them"
        raise bad_argument(owner, "hidden_layer_sizes", given, rule)
    return [int(each) for each in sizes]


def per_layer(estimator: Any, name: str, layers: int) -> list[float]:
    """Return a rate in [0, 1) for each hidden layer."""
    owner, value = type(estimator).__name__, getattr(estimator, name)
    values = list(value) if hasattr(value, "__iter__") else [value] * layers
    if len(values) != layers:
        raise ArgumentError(
            f"{owner}: {name} has {counted(len(values), 'number')}, and there are "
            f"{counted(layers, 'hidden layer')}; give one for all, or one for each"
        )
    return [checked_number(owner, name, each, FRACTION) for each in values]
