"""The right-hand side dy/dt = f(t, y) as SciPy calls it, traced for native integration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.autodiff.transformations import jacobian
from chainrule.compiler.jit import jit
from chainrule.errors import ChainruleError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.ops.primitives.promotion import as_array
from chainrule.science.function_cache import FunctionCache
from chainrule.science.kept_call import KeptCall, keep
from chainrule.science.notice import say_once
from chainrule.science.shared_graph import SharedGraph
from chainrule.science.signature import numbers, signature

__all__ = ["RightHandSide", "Untraceable", "attempt_native", "notice", "traced_call"]

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

    def traced(
        self, y: NDArray[np.float64], args: tuple[Any, ...]
    ) -> tuple[SharedGraph, tuple[Any, ...]]:
        """Return the graph of dy/dt, and what it takes after (t, y); raise Untraceable."""
        return traced_call(self, y, args, _nothing)

    def jacobian(self, t: float, y: NDArray[np.float64], *args: Any) -> NDArray[np.float64]:
        """Return the exact Jacobian, of shape (n, n), compiled."""
        graph, operands = self.traced(y, args)
        return graph.program("jacobian by y", _jacobian)(float(t), y, *operands)


class _Refusal(NamedTuple):
    """Why a function is not traced, and whether that is worth a notice."""

    reason: str
    is_chainrule: bool


_calls = FunctionCache()


def traced_call(
    function: Any, y: NDArray[np.float64], args: tuple[Any, ...], check: Callable[[], None]
) -> tuple[SharedGraph, tuple[Any, ...]]:
    """Return the graph of ``function(t, y, *args)``, and what it takes after (t, y).

    `function` wraps the user's `function.function`; before it is traced, `check` is called.
    Raises Untraceable if it cannot be traced, or has effects. If it cannot, integers in `args`,
    which may be sizes, are constants.
    """
    try:
        return _traced_call(function, y, args, check)
    except Untraceable as refusal:
        sizes = tree.map_leaves(lambda leaf: _Size(leaf) if type(leaf) is int else leaf, args)
        if not refusal.is_chainrule or not any(type(x) is _Size for x in tree.flatten(sizes)[0]):
            raise
    return _traced_call(_OfSizes(function), y, sizes, check)


@dataclass(frozen=True)
class _Size:
    """An integer that is a constant of the program."""

    value: int


@dataclass(frozen=True)
class _OfSizes:
    """A function that is given sizes as integers."""

    function: Any

    def __call__(self, t: Any, y: Any, *args: Any) -> Any:
        """Call the function."""
        plain = tree.map_leaves(lambda leaf: leaf.value if type(leaf) is _Size else leaf, args)
        return self.function(t, y, *plain)


def _traced_call(
    function: Any, y: NDArray[np.float64], args: tuple[Any, ...], check: Callable[[], None]
) -> tuple[SharedGraph, tuple[Any, ...]]:
    types = signature(args)
    key = None if types is None else (y.shape, types)
    call: KeptCall | _Refusal | None = None if key is None else _calls.get(function, key)
    operands = call.operands() if isinstance(call, KeptCall) else None
    if operands is None and not isinstance(call, _Refusal):
        call, operands = _attempted(function, y, args, check)
        if key is not None and isinstance(call, KeptCall):
            keep(_calls, function, args, key, call)
        elif key is not None:
            _calls.put(function, key, call)
    if isinstance(call, _Refusal):
        raise Untraceable(*call)
    assert call is not None
    assert operands is not None
    return call.graph, numbers(args) + operands


def _attempted(
    function: Any, y: NDArray[np.float64], args: tuple[Any, ...], check: Callable[[], None]
) -> tuple[KeptCall | _Refusal, tuple[Any, ...]]:
    types = ArrayType(np.dtype(float), ()), ArrayType(np.dtype(float), y.shape)
    try:
        check()
        call, operands = KeptCall.new(function, (*types, *args), (function.function, args))
    except Untraceable as error:
        return _Refusal(str(error), error.is_chainrule), ()
    except ChainruleError as error:
        return _Refusal(str(error), not isinstance(error, _NotAVectorError)), ()
    except Exception as error:  # noqa: BLE001 - the user's own, which SciPy meets too
        return _Refusal(str(error), False), ()
    return _Refusal(call.effect, True) if call.effect else call, operands


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


def _jacobian(graph: SharedGraph) -> Callable[..., NDArray[np.float64]]:
    return jit(lambda t, y, *operands: jacobian(lambda y: graph(t, y, *operands))(y))


def _nothing() -> None:
    """Check nothing."""
