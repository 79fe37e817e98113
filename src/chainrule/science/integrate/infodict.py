"""The `infodict` of a native integration, with the entries of SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["SUCCESS", "TRACED_METHOD", "infodict"]

SUCCESS = "Integration successful."

TRACED_METHOD = "dop853"
"""The explicit method, the only one within a trace."""

_ORDERS = {1: 8, 2: 5}
"""Of the explicit method and of the stiff one, as LSODA numbers them in ``mused``."""


def infodict(history: Any, integrator: str | None = None) -> dict[str, Any]:
    """Return SciPy's `infodict` of a native integration."""
    nothing = np.zeros(history.t.shape[0] - 1)
    is_stiff = np.diff(history.jacobians) > 0

    def count(values: Any) -> Any:
        return values[1:].astype(np.int32)

    return {
        "hu": history.step[1:], "tcur": history.t[1:], "tolsf": nothing, "tsw": nothing.copy(),
        "nst": count(history.accepted), "nfe": count(history.evaluations),
        "nje": count(history.jacobians), "nqu": np.where(is_stiff, _ORDERS[2], _ORDERS[1]),
        "imxer": -1, "lenrw": 0, "leniw": 0, "mused": np.where(is_stiff, 2, 1),
        "message": SUCCESS, "integrator": integrator or _used(history),
    }  # fmt: skip


def _used(history: Any) -> str:
    """Return the names of the methods that took steps: each stiff one takes a Jacobian."""
    stiff = history.jacobians[-1]
    is_explicit = history.accepted[-1] + history.rejected[-1] > stiff
    return " and ".join([TRACED_METHOD] * bool(is_explicit) + ["rodas5p"] * bool(stiff > 0))
