"""Minimisation of a scalar function, by the methods of `scipy.optimize.minimize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.flat_function import FlatFunction

__all__ = ["minimize"]

_WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")


def minimize(
    fun: Callable[..., Any], x0: Any, args: Any = (), method: str | None = None, **options: Any
) -> Any:
    """Minimise a scalar function of one or more variables."""
    flat = FlatFunction("minimize", fun, x0, args if isinstance(args, tuple) else (args,))
    if (method or "").lower() in _WITHOUT_GRADIENT:
        result = optimize.minimize(flat.value, flat.start, method=method, **options)
    else:
        result = optimize.minimize(
            flat.value_and_gradient, flat.start, method=method, jac=True, **options
        )
    result.x = flat.restored(result.x)
    return result
