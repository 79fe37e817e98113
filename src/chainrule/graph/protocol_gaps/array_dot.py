"""``array.dot(x)`` with a plain array and a traced `x`, which NumPy does not hand over by itself.

NumPy's functions and operators ask a traced value what to do. The method ``dot`` of arrays, which
the classic tutorials use everywhere, asks it for a plain array instead. What it gets here is an
array of objects without axes. By such a factor NumPy multiplies with `numpy.multiply`, which does
ask: the answer is the node that was meant.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from chainrule.graph.protocol_gaps.call_site import called_name

__all__ = ["calls_dot", "right_factor"]


class _RightFactor(np.ndarray[Any, Any]):
    """What stands for a traced value in ``array.dot(value)``."""

    multiply: Callable[[Any], Any] | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.multiply = getattr(source, "multiply", None)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, left: Any, *factors: Any, **options: Any
    ) -> Any:
        assert ufunc is np.multiply
        assert self.multiply is not None
        return self.multiply(left)


def right_factor(dot: Callable[[Any, Any], Any], value: Any) -> Any:
    """Make the array that turns ``array.dot(it)`` into ``dot(array, value)``.

    NumPy hands the left factor over as objects; real ones get back the kind of `value`.
    """

    def multiply(left: Any) -> Any:
        plain = np.array(left.tolist())
        is_real = plain.dtype.kind == "f" and value.dtype.kind == "f"
        return dot(plain.astype(value.dtype) if is_real else plain, value)

    factor = np.empty((), object).view(_RightFactor)
    factor.multiply = multiply
    return factor


def calls_dot(frame: FrameType) -> bool:
    """Whether a frame stands at a call of a method ``dot``."""
    return called_name(frame)[-1:] == (".dot",)
