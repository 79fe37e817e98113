"""The compiled forward pass for inputs of one type, bound to the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.array_type import ArrayType
from chainrule.nn.parameter import Parameter
from chainrule.train.inference.compile_inference import compile_prediction
from chainrule.train.model.layer_stack import LayerStack

__all__ = ["PredictFunction"]

Array = NDArray[Any]


class PredictFunction:
    """The output of a network for inputs of type `X`, under a further activation; "" for none."""

    def __init__(self, stack: LayerStack, X: ArrayType, activation: str = "") -> None:
        self._stack, self.count = stack, X.shape[0]  # of rows
        self._program, self.guards = compile_prediction(stack, X, activation)
        self._bound = self._bind()

    @property
    def is_native(self) -> bool:
        """Whether the program is native code, not evaluated by NumPy."""
        return hasattr(self._program, "bind")

    def __call__(self, X: Array) -> Array:
        """Return the outputs."""
        # A bound program reads what is written into the parameters' arrays, but must be bound again
        # if one is replaced.
        replacement, run = self._bound
        if replacement is not Parameter.last_replacement:
            self._bound = _, run = self._bind()
        return run(X)

    def _bind(self) -> tuple[object, Callable[[Any], Any]]:
        replacement = Parameter.last_replacement  # first, as another thread may replace an array
        values = self._stack.arrays()
        bind = getattr(self._program, "bind", None)
        run = _bind_evaluated(self._program, values) if bind is None else bind(values)
        return replacement, run


def _bind_evaluated(
    program: Callable[[Any], list[Any]], values: list[Array]
) -> Callable[[Any], Any]:
    """Bind a program that NumPy evaluates; copies the output, which may alias the input."""

    def run(X: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.array(program([*values, X])[0])

    return run
