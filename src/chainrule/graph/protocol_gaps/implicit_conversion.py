"""Telling apart who asks a traced value for a plain number."""

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
    """Tell ``array[i] = x`` and ``math.exp(x)`` from ``float(x)``: all three ask for a float.

    The first two would silently lose the derivative, so they are told by the caller's instruction.
    """
    if dis.opname[caller.f_code.co_code[caller.f_lasti]] == "STORE_SUBSCR":
        raise TraceError(trace_errors.DERIVATIVE_LOST)
    function = called_function(caller) if is_float else None
    if function is not None and trace_errors.cuts(function):
        raise TraceError(trace_errors.plain_number(operations, function.__name__))
