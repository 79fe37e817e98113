"""Calls of SciPy's methods within a bracket, which use no derivatives; errors tell the values.

They call the function itself: a program takes longer to be called than most functions of a number.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["MAXITER", "RTOL", "XTOL", "found_in_bracket", "told_signs"]

XTOL, RTOL, MAXITER = 2e-12, 4 * np.finfo(np.float64).eps, 100
"""The defaults of SciPy."""


def found_in_bracket(
    method: Callable[..., Any],
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any,
    xtol: float,
    rtol: float,
    maxiter: int,
    full_output: bool,
    disp: bool,
    **options: Any,
) -> Any:
    """Return what SciPy's method returns; the error of equal signs tells the values."""
    with told_signs(f, (a, b), args):
        return method(
            f, a, b, args, xtol=xtol, rtol=np.float64(rtol), maxiter=maxiter,
            full_output=full_output, disp=disp, **options,
        )  # fmt: skip


@contextmanager
def told_signs(f: Callable[..., Any], bracket: Any, args: Any) -> Generator[None]:
    """Add the values at the ends of a bracket to the error that their signs are the same."""
    try:
        yield
    except ValueError as error:
        if not str(error).endswith("must have different signs"):  # toms748 tells them itself
            raise
        args = args if isinstance(args, tuple) else (args,)
        values = ", ".join(f"f({x:g}) = {float(f(x, *args)):g}" for x in bracket[:2])
        raise ValueError(
            f"{error}; got {values}: choose an interval that a root lies in, such as one found by "
            "bracket_root of chainrule.science.optimize.elementwise"
        ) from error
