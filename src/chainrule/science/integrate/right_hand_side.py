"""The right-hand side dy/dt = f(t, y) as SciPy calls it, traced for native integration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.autodiff.transformations import jacobian
from chainrule.compiler.jit import jit
from chainrule.errors import ChainruleError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.trace import trace_call
from chainrule.ops.primitives.promotion import as_array
from chainrule.science.integrate.effects import call_without_effects
from chainrule.science.notice import say_once

__all__ = ["RightHandSide", "Untraceable", "attempt_native", "notice"]

_Result = TypeVar("_Result")


class Untraceable(Exception):  # noqa: N818 - it says why, and is no error of the user's
    """Why a right-hand side cannot be integrated natively; SciPy calls it as it is."""

    def __init__(self, reason: str, is_chainrule: bool) -> None:
        super().__init__(reason)
        self.is_chainrule = is_chainrule


@dataclass(frozen=True)
class RightHandSide:
    """``function(t, y, *args)``, or ``function(y, t, *args)``, of a vector y.

    Parameters
    ----------
    function : callable
        The user's function: plain NumPy code.
    is_time_first : bool
        Whether the time is its first argument.
    is_vectorized : bool
        Whether it takes columns, of shape (n, k).
    """

    function: Callable[..., Any]
    is_time_first: bool = True
    is_vectorized: bool = False

    def __call__(self, t: Any, y: Any, *args: Any) -> Any:
        """Return dy/dt as a vector; what SciPy would not take as one is refused."""
        state = y[:, None] if self.is_vectorized else y
        first, second = (t, state) if self.is_time_first else (state, t)
        return _vector(self.function(first, second, *args), y, self.is_vectorized)

    def check(self, y: NDArray[np.float64], args: tuple[Any, ...]) -> None:
        """Raise Untraceable if the function cannot be traced, or has effects."""
        leaves, structure = tree.flatten(args)
        types = tuple(_type_or_value(each) for each in leaves)
        try:
            reason = _reason(self, y.shape, structure, types)
        except TypeError as error:  # cannot be hashed
            raise Untraceable(str(error), False) from None
        if reason is not None:
            raise Untraceable(*reason)

    def jacobian(self, t: float, y: NDArray[np.float64], *args: Any) -> NDArray[np.float64]:
        """Return the exact Jacobian, of shape (n, n), compiled."""
        return _jacobian(self, float(t), y, args)


def attempt_native(operation: str, run: Callable[[], _Result]) -> _Result:
    """Run a native integration; raise Untraceable where the function is not for it."""
    try:
        return run()
    except ChainruleError as error:
        raise Untraceable(str(error), True) from error


def notice(operation: str, function: Callable[..., Any], reason: str) -> None:
    """Say once that SciPy integrates, and differences take the place of exact Jacobians."""
    instead = "SciPy integrates it, and where it needs a Jacobian, takes differences"
    say_once(operation, function, instead, reason)


@lru_cache(maxsize=256)
def _reason(
    rhs: RightHandSide, shape: tuple[int, ...], structure: Any, types: tuple[Any, ...]
) -> tuple[str, bool] | None:
    """Return why a function cannot be traced, if it cannot, and whether it is worth a notice."""
    args = tree.unflatten(structure, list(types))
    time, y = ArrayType(np.dtype(float), ()), ArrayType(np.dtype(float), shape)
    try:
        call_without_effects(lambda: trace_call(rhs, (time, y, *args)), rhs.function, args)
    except ChainruleError as error:
        return str(error), not isinstance(error, _NotAVectorError)
    except Exception as error:  # noqa: BLE001 - the user's own, which SciPy meets too
        return str(error), False
    return None


class _NotAVectorError(ShapeError):
    """A result that SciPy refuses in its own words."""


def _vector(rates: Any, y: Any, is_vectorized: bool) -> Any:
    n = y.shape[0]
    if isinstance(rates, list | tuple):
        parts = [as_array(each) for each in rates]
        is_plain = all(each.shape == () for each in parts) and len(parts) == n
        if not (is_plain or (is_vectorized and all(each.size == 1 for each in parts))):
            raise _NotAVectorError("a list that is no vector")
        rates = np.stack([np.reshape(each, ()).astype(y.dtype) for each in parts])
    rates = as_array(rates)
    if rates.dtype.kind not in "fiub":
        raise _NotAVectorError(f"values of dtype {rates.dtype}")
    if (is_vectorized and rates.size == n) or (n == 1 and rates.shape == ()):
        rates = np.reshape(rates, (n,))
    if rates.shape != (n,):
        raise _NotAVectorError(f"shape {rates.shape} for {n} components")
    return rates.astype(y.dtype)


def _type_or_value(leaf: Any) -> Any:
    """What of an argument decides whether the function can be traced: of a number, its type."""
    if isinstance(leaf, np.ndarray | np.generic):
        return ArrayType(leaf.dtype, leaf.shape)
    return type(leaf)(1) if type(leaf) in (float, int, bool) else leaf


@jit
def _jacobian(rhs: Any, t: Any, y: Any, args: Any) -> Any:
    return jacobian(lambda y: rhs(t, y, *args))(y)
