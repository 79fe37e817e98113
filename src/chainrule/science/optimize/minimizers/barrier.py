"""The end of SciPy's trust-constr under inequalities, where exact Hessians would end it early.

Its interior point method ends when the gradient of the Lagrangian is below `gtol`, that of the
barrier problem at any barrier parameter (Byrd, Hribar & Nocedal 1999 end at the last one). Newton
steps solve the first barrier problems that far, and the result would be as inexact as their
parameter: 1e-5 in place of 1e-8.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["until_the_barrier_is_small"]


def until_the_barrier_is_small(
    callback: Callable[..., Any] | None, tol: float | None, options: dict[str, Any] | None
) -> Callable[..., Any]:
    """Return a callback that also keeps `gtol` from ending a barrier problem before the last."""
    default = 1e-8 if tol is None else tol
    gtol, barrier_tol = ((options or {}).get(name, default) for name in ("gtol", "barrier_tol"))
    takes_result = callback is not None and set(inspect.signature(callback).parameters) == {
        "intermediate_result"
    }

    def called(*, intermediate_result: Any) -> Any:
        state = intermediate_result
        stops = None
        if callback is not None and takes_result:
            stops = callback(intermediate_result=state)
        elif callback is not None:
            stops = callback(np.copy(state.x), state)
        if state.get("barrier_parameter", 0) > barrier_tol:
            state.optimality = max(state.optimality, gtol)
        return stops

    return called
