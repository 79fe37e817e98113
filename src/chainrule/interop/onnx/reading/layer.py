"""A model with one input and one output as a layer: its constants are parameters."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.interop.onnx.reading.function import OnnxFunction
from chainrule.nn.layer import Layer, Shape

__all__ = ["OnnxLayer"]

_STATES = {"BatchNormalization": (3, 4)}
"""Inputs of operators that are statistics: parameters that training leaves alone."""

_KNOWN = {"Resize": (1, 2, 3), "Upsample": (1,), "Clip": (1, 2), "Pad": (2,)}
"""Inputs of operators that are no parameters: they say what is computed."""


class OnnxLayer(Layer):
    """A layer that computes a model of ONNX; a file of the network holds it as a program.

    Parameters
    ----------
    function : OnnxFunction
        Of one input, batch first, and one output.
    """

    def __init__(self, function: OnnxFunction) -> None:
        super().__init__()
        self.function = function
        self.names = _names_of(function)

    @property
    def kind(self) -> str:
        """Name of the layer in a network."""
        return "onnx"

    def build(self, input_shape: Shape) -> None:
        """Create a parameter for each constant that is an array of floating-point numbers."""
        states, arrays = _read_by(self.function, _STATES), self.function.params
        for own, name in self.names:
            array = arrays[name]
            parameter = self.parameter(own, array.shape, _filled(array), name not in states)
            parameter.is_weight = array.ndim > 1

    def forward(self, x: Any) -> Any:
        """Compute the output of the model."""
        given = {name: self._parameters[own].value for own, name in self.names}
        ((wanted, _),) = self.function.input_types
        y = self.function.apply(given, x if x.dtype == wanted else x.astype(wanted))
        return y if y.dtype.kind == "f" else y.astype(x.dtype)


def _names_of(function: OnnxFunction) -> tuple[tuple[str, str], ...]:
    """Return the name of each parameter in the layer and in the model."""
    known, names = _read_by(function, _KNOWN), dict[str, str]()
    for name, array in function.params.items():
        if array.ndim and array.size and name not in known:
            own = re.sub(r"\W+", "_", name).strip("_") or "constant"
            own = f"_{own}" if own[0].isdigit() else own
            while own in names:
                own += "_"
            names[own] = name
    return tuple(names.items())


def _read_by(function: OnnxFunction, places: dict[str, tuple[int, ...]]) -> set[str]:
    """Return the names that operators read at some of their inputs."""
    return {
        node.input[k]
        for node in function.model.graph.node
        for k in places.get(node.op_type, ())
        if k < len(node.input)
    }


def _filled(array: NDArray[Any]) -> Any:
    """Return an initialiser that gives an array."""

    def initialize(shape: Any, random: Any, dtype: Any) -> NDArray[Any]:
        return np.array(array, dtype)

    return initialize
