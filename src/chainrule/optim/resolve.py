"""Optimisers by name, and as the plain data that a file holds."""

from __future__ import annotations

import difflib
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.adam import Adam
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedule import Schedule
from chainrule.optim.sgd import SGD

__all__ = ["OPTIMIZERS", "resolve_optimizer"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__.lower(): kind for kind in (SGD, Adam)
}  # fmt: skip
"""The optimisers by the names that ``net.compile(optimizer=...)`` takes."""

_SCIPY_METHODS = {
    "bfgs", "cg", "cobyla", "cobyqa", "dogbox", "dogleg", "l-bfgs-b", "lbfgs", "lm", "nelder-mead",
    "newton-cg", "powell", "slsqp", "tnc", "trf", "trust-constr", "trust-exact", "trust-krylov",
    "trust-ncg",
}  # fmt: skip


def resolve_optimizer(
    optimizer: str | Optimizer | type[Optimizer], learning_rate: float | Schedule | None = None
) -> Optimizer:
    """Return the optimiser that a user means.

    Parameters
    ----------
    optimizer : str, Optimizer or subclass of it
        A name such as "sgd" in any case, an optimiser, or its class.
    learning_rate : float > 0, Schedule or None
        Its learning rate; None for its own. An optimiser that is given whole has one already.

    Returns
    -------
    Optimizer
        The optimiser.

    Raises
    ------
    ArgumentError
        For an unknown name, a bad learning rate, or two learning rates.

    Examples
    --------
    >>> resolve_optimizer("sgd", learning_rate=0.5)
    SGD(learning_rate=0.5, clip_norm=None, clip_value=None, momentum=0.0, nesterov=False)
    """
    if isinstance(optimizer, Optimizer):
        if learning_rate is not None:
            raise ArgumentError(
                f"compile: learning_rate is {learning_rate!r}, but the optimizer is given with its "
                f"own, {optimizer.learning_rate!r}; keep one, as in "
                f"optim.{type(optimizer).__name__}(learning_rate={learning_rate!r})"
            )
        return optimizer
    arguments: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    return _kind_of(optimizer)(**arguments)


def _kind_of(name: Any) -> type[Optimizer]:
    if isinstance(name, type) and issubclass(name, Optimizer):
        return name
    if not isinstance(name, str):
        raise ArgumentError(
            f"compile: optimizer is {name!r}; it must be a name such as 'adam' or an optimiser "
            "such as optim.Adam(0.001)"
        )
    key = name.lower()
    if key in OPTIMIZERS:
        return OPTIMIZERS[key]
    if key in _SCIPY_METHODS:
        raise ArgumentError(
            f"compile: optimizer {name!r} is a method of SciPy, which comes with "
            "chainrule.science; use one of " + ", ".join(OPTIMIZERS)
        )
    close = difflib.get_close_matches(key, OPTIMIZERS, n=1)
    mend = f"did you mean {close[0]!r}?" if close else "there are " + ", ".join(OPTIMIZERS)
    raise ArgumentError(f"compile: there is no optimizer {name!r}; {mend}")
