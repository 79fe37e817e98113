"""Explicit Runge-Kutta methods with steps of given number, without control of the error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE, TSITOURAS

__all__ = ["FIXED_METHODS", "fixed_steps"]

_Weights = tuple[tuple[float, ...], ...]

FIXED_METHODS: dict[str, tuple[tuple[float, ...], _Weights]] = {
    "euler": ((0,), ((), (1,))),
    "midpoint": ((0, 1 / 2), ((), (1 / 2,), (0, 1))),
    "heun": ((0, 1), ((), (1,), (1 / 2, 1 / 2))),
    "rk4": (
        (0, 1 / 2, 1 / 2, 1),
        ((), (1 / 2,), (0, 1 / 2), (0, 0, 1), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
    ),
    "tsit5": (TSITOURAS.c[:-1], TSITOURAS.a),
    "dormand_prince": (DORMAND_PRINCE.c[:-1], DORMAND_PRINCE.a),
}
"""The nodes c and the weights a of each method; the last row has those of the solution."""


def fixed_steps(
    function: Callable[[Any, Any], Any], y0: Any, t: Any, method: str, steps: int
) -> Any:
    """Return the solution at the times, with so many equal steps between two of them.

    `function` takes (t, y) and returns dy/dt; y is one array of any shape. Hairer, Norsett & Wanner
    (1993), section II.1.
    """
    nodes, weights = FIXED_METHODS[method]

    def step(y: Any, start_and_length: Any) -> Any:
        start, h = start_and_length
        stages: list[Any] = []
        for c, row in zip(nodes, weights[:-1], strict=True):
            stages.append(function(start + c * h, _increased(y, h, row, stages)))
        return _increased(y, h, weights[-1], stages), None

    def interval(y: Any, ends: Any) -> Any:
        h = (ends[1] - ends[0]) / steps
        starts = ends[0] + h * np.arange(steps).astype(h.dtype)
        y, _ = scan(step, y, (starts, h * np.ones(steps, h.dtype)))
        return y, y

    _, rows = scan(interval, y0, (np.stack([t[:-1], t[1:]], axis=1)))
    return np.concatenate([y0[None], rows])


def _increased(y: Any, h: Any, weights: tuple[float, ...], stages: list[Any]) -> Any:
    """Return y + h Σⱼ aⱼ kⱼ."""
    total: Any = None
    for weight, stage in zip(weights, stages, strict=True):
        if weight:
            total = weight * stage if total is None else total + weight * stage
    return y if total is None else y + h * total
