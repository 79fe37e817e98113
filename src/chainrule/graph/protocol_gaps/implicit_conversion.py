"""Implicit conversion of traced values: refuse ``__float__`` where it loses a derivative."""

from __future__ import annotations

import dis
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from chainrule.errors import TraceError
from chainrule.graph import trace_errors
from chainrule.graph.protocol_gaps.call_site import called_function

__all__ = ["refuse_implicit_float"]


def refuse_implicit_float(
    caller: FrameType, is_float: bool, operations: Mapping[Any, Callable[..., Any]]
) -> None:
    """Raise for ``array[i] = x`` and ``math.exp(x)``, but not for ``float(x)``.

    All three call ``x.__float__``. The first two would silently lose the derivative; the bytecode
    instruction at which the caller stands distinguishes them.
    """
    if dis.opname[caller.f_code.co_code[caller.f_lasti]] == "STORE_SUBSCR":
        raise TraceError(trace_errors.DERIVATIVE_LOST)
    function = called_function(caller) if is_float else None
    if function is not None and trace_errors.loses_derivative(function):
        raise TraceError(trace_errors.math_function(operations, function.__name__))
