"""``array.dot(x)`` with a plain array and a traced `x`, which NumPy's protocols do not dispatch.

NumPy's functions and operators dispatch to ``__array_ufunc__`` and ``__array_function__``. The
method ``dot`` of arrays, which the classic tutorials use everywhere, calls ``x.__array__()``
instead. It gets a 0-dimensional object array, by which NumPy multiplies with `numpy.multiply`; that
call does dispatch, and returns the node of ``dot(array, x)``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.protocol_gaps.call_site import called_name
from chainrule.graph.protocol_gaps.plain_store import plain_target_message

__all__ = ["calls_dot", "right_factor"]


class _RightFactor(np.ndarray[Any, Any]):
    """The 0-dimensional object array that replaces a traced value in ``array.dot(value)``."""

    multiply: Callable[[Any], Any] | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.multiply = getattr(source, "multiply", None)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, left: Any, *factors: Any, **options: Any
    ) -> Any:
        assert ufunc == np.multiply
        if "out" in options:
            raise UnsupportedError(plain_target_message(".dot: out="))
        assert self.multiply is not None
        return self.multiply(left)


def right_factor(dot: Callable[[Any, Any], Any], value: Any) -> Any:
    """Return the array for which ``array.dot(_)`` gives ``dot(array, value)``.

    NumPy converts the left factor to objects; floats are converted to the dtype of `value`.
    """

    def multiply(left: Any) -> Any:
        plain = np.array(left.tolist())
        is_real = plain.dtype.kind == "f" and value.dtype.kind == "f"
        return dot(plain.astype(value.dtype) if is_real else plain, value)

    factor = np.empty((), object).view(_RightFactor)
    factor.multiply = multiply
    return factor


def calls_dot(frame: FrameType) -> bool:
    """Whether the current instruction of a frame calls a method ``dot``."""
    return called_name(frame)[-1:] == (".dot",)
