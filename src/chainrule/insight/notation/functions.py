"""Elementwise functions of expressions: their value and their names in text and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS", "ElementwiseFunction"]


@dataclass(frozen=True)
class ElementwiseFunction:
    """A function of one or two numbers.

    Parameters
    ----------
    evaluate : callable
        Its value in NumPy, independent of that of the primitive where there is another formula.
    text, latex : str
        Its name before brackets; a `text` with ``{0}`` is a template, as are both then.
    """

    evaluate: Callable[..., Any]
    text: str
    latex: str


def _erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=["float64"])(x)


FUNCTIONS: Mapping[str, ElementwiseFunction] = {
    "absolute": ElementwiseFunction(np.abs, "|{0}|", r"\left|{0}\right|"),
    "arccos": ElementwiseFunction(np.arccos, "arccos", r"\arccos"),
    "arcsin": ElementwiseFunction(np.arcsin, "arcsin", r"\arcsin"),
    "arctan": ElementwiseFunction(np.arctan, "arctan", r"\arctan"),
    "arctan2": ElementwiseFunction(np.arctan2, "arctan2", r"\operatorname{arctan2}"),
    "ceil": ElementwiseFunction(np.ceil, "⌈{0}⌉", r"\left\lceil{0}\right\rceil"),
    "copysign": ElementwiseFunction(np.copysign, "copysign", r"\operatorname{copysign}"),
    "cosh": ElementwiseFunction(np.cosh, "cosh", r"\cosh"),
    "cos": ElementwiseFunction(np.cos, "cos", r"\cos"),
    "erf": ElementwiseFunction(_erf, "erf", r"\operatorname{erf}"),
    "exp": ElementwiseFunction(np.exp, "exp", r"\exp"),
    "floor": ElementwiseFunction(np.floor, "⌊{0}⌋", r"\left\lfloor{0}\right\rfloor"),
    "floor_divide": ElementwiseFunction(np.floor_divide, "div", r"\operatorname{div}"),
    "log": ElementwiseFunction(np.log, "ln", r"\ln"),
    "logical_and": ElementwiseFunction(lambda a, b: ((a != 0) & (b != 0)) * 1.0, "and", r"\wedge"),
    "logical_or": ElementwiseFunction(lambda a, b: ((a != 0) | (b != 0)) * 1.0, "or", r"\vee"),
    "logical_not": ElementwiseFunction(lambda a: (a == 0) * 1.0, "not", r"\lnot"),
    "maximum": ElementwiseFunction(np.maximum, "max", r"\max"),
    "minimum": ElementwiseFunction(np.minimum, "min", r"\min"),
    "remainder": ElementwiseFunction(np.remainder, "mod", r"\operatorname{mod}"),
    "rint": ElementwiseFunction(np.rint, "round", r"\operatorname{round}"),
    "sigmoid": ElementwiseFunction(lambda x: (1 + np.tanh(x / 2)) / 2, "σ", r"\sigma"),
    "sign": ElementwiseFunction(np.sign, "sign", r"\operatorname{sign}"),
    "sin": ElementwiseFunction(np.sin, "sin", r"\sin"),
    "sinh": ElementwiseFunction(np.sinh, "sinh", r"\sinh"),
    "tan": ElementwiseFunction(np.tan, "tan", r"\tan"),
    "tanh": ElementwiseFunction(np.tanh, "tanh", r"\tanh"),
}
