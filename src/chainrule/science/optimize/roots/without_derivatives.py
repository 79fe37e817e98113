"""SciPy's solvers of systems that use no derivatives, for trees of arrays, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from scipy import optimize

from chainrule.science.optimize.roots.system import System
from chainrule.tracebacks import boundary

__all__ = [
    "anderson",
    "broyden1",
    "broyden2",
    "diagbroyden",
    "excitingmixing",
    "fixed_point",
    "linearmixing",
]

_DOCUMENTATION = """Find {what}.

Called as `scipy.optimize.{name}`, which has the arguments in full; it uses no derivatives.

Parameters
----------
{function} : callable
    ``{call}``, as many numbers as x has.
{start} : array or tree of arrays
    Where to begin; a tree is given to the function as it is.
*args : Any
    The further arguments of SciPy's function.
**options : Any
    These by their names.

Returns
-------
array or tree
    The solution, as `{start}` is nested.

Raises
------
{error}

Examples
--------
>>> import numpy as np
>>> from chainrule.science import {name}
>>> {example}
array([0.739, 0.739])
"""


def _of_trees(solver: Callable[..., Any], what: str) -> Callable[..., Any]:
    """Return a solver of SciPy that takes a tree of arrays in place of an array."""
    name = solver.__name__
    is_fixed_point = name == "fixed_point"

    described = signature(solver)
    first, second = list(described.parameters)[:2]

    @wraps(solver)
    def solve(*args: Any, **options: Any) -> Any:
        call = described.bind(*args, **options)
        system = System(name, call.arguments[first], call.arguments[second], args[2:])
        call.arguments.update({first: system.function, second: system.start})
        if "callback" in call.arguments:
            call.arguments["callback"] = system.callback(call.arguments["callback"])
        with system.restoring():
            return system.restored(solver(*call.args, **call.kwargs))

    solve.__doc__ = _DOCUMENTATION.format(
        name=name,
        what=what,
        function=first,
        start=second,
        call="func(x, *args)" if is_fixed_point else "F(x)",
        error="RuntimeError\n    If there is no convergence."
        if is_fixed_point
        else "NoConvergence\n    If there is no convergence; its argument is the last x.",
        example=f"{name}(np.cos, [1.0, 1.0]).round(3)"
        if is_fixed_point
        else f"{name}(lambda x: np.cos(x) - x, [1.0, 1.0], f_tol=1e-6).round(3)",
    )
    return boundary(solve)


anderson = _of_trees(optimize.anderson, "a root by (extended) Anderson mixing")
broyden1 = _of_trees(optimize.broyden1, "a root by Broyden's first method, the good one")
broyden2 = _of_trees(optimize.broyden2, "a root by Broyden's second method, the bad one")
diagbroyden = _of_trees(optimize.diagbroyden, "a root by Broyden's method of a diagonal Jacobian")
excitingmixing = _of_trees(optimize.excitingmixing, "a root by a tuned diagonal Jacobian")
fixed_point = _of_trees(optimize.fixed_point, "a fixed point by Steffensen's method or iteration")
linearmixing = _of_trees(optimize.linearmixing, "a root by a scalar approximation of the Jacobian")
