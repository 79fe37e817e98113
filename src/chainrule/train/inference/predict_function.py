"""What a network gives for inputs of one type, ready to be asked again and again."""

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
    """The output of a network, compiled, and the parameters it is computed with.

    Parameters
    ----------
    stack : LayerStack
        The network, built.
    X : ArrayType
        The type of the inputs.
    activation : str
        What is applied to the output besides; "" for nothing.
    """

    def __init__(self, stack: LayerStack, X: ArrayType, activation: str = "") -> None:
        self._parameters: list[Parameter] = list(stack.parameters().values())
        self._program = compile_prediction(stack, X, activation)
        self._known, self._run = self._bind()

    def __call__(self, X: Array) -> Array:
        """Return the outputs."""
        # Parameters are live arrays: a bound program sees what is written into them, but not that
        # another array has taken the place of one. The bound ones live, so numbers tell them apart.
        if self._known != [id(each.value) for each in self._parameters]:
            self._known, self._run = self._bind()
        return self._run(X)

    def _bind(self) -> tuple[list[int], Callable[[Any], Any]]:
        values = [each.value for each in self._parameters]
        bind = getattr(self._program, "bind", None)
        run = _unbound(self._program, values) if bind is None else bind(values)
        return [id(each) for each in values], run


def _unbound(program: Callable[[Any], list[Any]], values: list[Array]) -> Callable[[Any], Any]:
    """The same for a program that NumPy evaluates; it may hand its input back."""

    def run(X: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.array(program([*values, X])[0])

    return run
