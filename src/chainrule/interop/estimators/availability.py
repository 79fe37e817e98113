"""Methods that an estimator has by its arguments alone, as ``available_if`` asks."""

from __future__ import annotations

from typing import Any

__all__ = ["gives_probabilities", "is_stochastic"]


def is_stochastic(estimator: Any) -> bool:
    """Whether the solver runs epochs, one of which ``partial_fit`` is."""
    if estimator.solver not in ("sgd", "adam"):
        raise AttributeError(
            f"partial_fit is only available for the solvers 'sgd' and 'adam', not for "
            f"{estimator.solver!r}"
        )
    return True


def gives_probabilities(estimator: Any) -> bool:
    """Whether the outputs are probabilities."""
    if estimator.loss == "hinge":
        raise AttributeError("the hinge loss gives no probabilities: use decision_function")
    return True
