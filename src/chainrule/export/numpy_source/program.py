"""The layers of a network as programs, and those as a function of NumPy."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UnsupportedError
from chainrule.export.numpy_source.expression import Expression, exact, identifier
from chainrule.export.numpy_source.known_steps import axis_of_steps, with_steps
from chainrule.export.numpy_source.statements import Writer, unsupported_operations
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import as_node, variable
from chainrule.nn.layer import Layer
from chainrule.train.files.programs.description import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.layer_description import describe_layer
from chainrule.train.files.programs.sizes import POINTS, POINTS_OF_STEPS, Point
from chainrule.train.model.model import Model
from chainrule.train.network import Network, model_of

__all__ = ["described_layers", "written_layers"]

Array = NDArray[Any]

_FORMULAS = {
    "Dense": "{f}(x W + b)", "Conv1D": "{f}(W * x + b)", "Conv2D": "{f}(W * x + b)",
    "Conv3D": "{f}(W * x + b)", "DepthwiseConv2D": "{f}(W * x + b), channel by channel",
    "ConvTranspose2D": "{f}(Wᵀ * x + b)",
    "BatchNorm": "gain (x - mean) / √(variance + ε) + bias",
    "LayerNorm": "gain (x - μ) / √(σ² + ε) + bias",
    "RNN": "h' = {f}(x W + h U + b)",
    "LSTM": "c' = f ⊙ c + i ⊙ g, h' = o ⊙ tanh(c')", "GRU": "h' = z ⊙ h + (1 - z) ⊙ g",
    "MultiHeadAttention": "softmax(Q Kᵀ / √d) V, head by head",
    "Embedding": "rows of W", "MaxPool2D": "the largest of each window",
    "AvgPool2D": "the mean of each window",
}  # fmt: skip


class _Described(NamedTuple):
    title: str
    name: str
    parameters: list[str]  # their names in the network
    program: dict[str, Any]


def described_layers(net: Network) -> tuple[list[_Described], dict[str, Array]]:
    """Return the program of each layer, and the constants that programs have besides weights.

    Where some steps may be padding, masks travel from layer to layer: the network is one program.
    """
    model, constants = model_of(net), dict[str, Array]()

    def store(array: Array) -> str:
        name = f"constant_{len(constants)}"
        constants[name] = np.array(array)
        return name

    try:
        if model.stack.may_mask:
            layers = [_whole(model, store)]
        else:
            layers = [_of_layer(model, name, each, store) for name, each in _layers(model)]
    except NotDescribable as reason:
        raise UnsupportedError(
            f"to_numpy: the network has no program for any number of samples: {reason}; save it by "
            "net.save(path)"
        ) from None
    unsupported = set().union(*(unsupported_operations(each.program) for each in layers))
    if unsupported:
        raise UnsupportedError(
            f"to_numpy: there is no text for {', '.join(sorted(unsupported))}, which layers of the "
            "network compute; save it by net.save(path)"
        )
    return layers, constants


def _layers(model: Model) -> list[tuple[str, Layer]]:
    return list(zip(model.names, model.layers, strict=True))


def _of_layer(model: Model, name: str, layer: Layer, store: Any) -> _Described:
    full = {id(each): title for title, each in model.stack.parameters().items()}
    varies = None in (layer.input_shape or ())[1:]
    described = describe_layer(layer, model.dtype, store, has_any_length=varies)
    own, program = layer.parameters(), described["inference"]
    names = [full[id(own[each["name"]])] for each in described["parameters"]]
    axis, shape = axis_of_steps(program), layer.input_shape or ()
    if axis is not None and axis < len(shape) and (steps := shape[axis]) is not None:
        program = with_steps(program, steps)
    return _Described(_title(name, layer), name, names, program)


def _title(name: str, layer: Layer) -> str:
    formula = _FORMULAS.get(type(layer).__name__, type(layer).__name__)
    activation = getattr(layer, "activation", None)
    if "{f}" in formula:
        is_named = isinstance(activation, str) and activation != "linear"
        formula = formula.format(f=activation if is_named else "")
        formula = formula if is_named else formula.replace("(", "").replace(")", "")
    return f"{name}: {formula}"


def _whole(model: Model, store: Any) -> _Described:
    stack = model.stack
    parameters, shape = stack.parameters(), (model.input_shape or (None,))[1:]
    points = POINTS_OF_STEPS if None in shape else POINTS

    def trace(point: Point) -> Traced:
        def run() -> Traced:
            with run_on_types(*model.layers):
                sizes = (point.steps if each is None else each for each in shape)
                x = variable(ArrayType(model.dtype, (point.samples, *sizes)), name="x")
                values = {
                    name: variable(ArrayType(each.array.dtype, each.array.shape), name=name)
                    for name, each in parameters.items()
                }
                output = as_node(stack.with_values(values, x, None))
            return Traced([x, *values.values()], [output])

        return with_filled_arrays(run, *model.layers)

    program = describe_program(trace, points, store)
    return _Described("all layers, padded steps masked", "y", list(parameters), program)


def written_layers(net: Network, layers: list[_Described], constants: dict[str, Array]) -> str:
    """Return the function ``predict``."""
    model = model_of(net)
    shape = (model.input_shape or (None,))[1:]
    varying = next((axis + 1 for axis, each in enumerate(shape) if each is None), None)
    point = (POINTS if varying is None else POINTS_OF_STEPS)[0]
    tensors = {
        name: f'W["{name}"]|{each.dtype}:{",".join(map(str, each.shape))}'
        for name, each in constants.items()
    }
    writer = Writer(tensors, point)
    writer.line(f"x = np.asarray(x, np.{model.dtype.name})")
    writer.line("n = len(x)")
    if varying is not None:
        writer.line(f"steps = x.shape[{varying}]")
    value: Expression | None = None
    used = {"x", "n", "steps", "W", "np", "sigmoid", "erf", "windows"}
    for each in layers:
        types = each.program["inputs"]
        first = writer.input("x" if value is None else value.text, types[0])
        weights = [
            writer.input(f'W["{name}"]', type_)
            for name, type_ in zip(each.parameters, types[1:], strict=True)
        ]
        start = len(writer.lines)
        (result,) = writer.run(each.program, [first, *weights])
        if result.text == first.text:
            continue  # as a dropout, which does nothing here
        writer.lines.insert(start, f"    # {each.title}")
        name = identifier(each.name)
        while name in used:
            name += "_"
        used.add(name)
        value = writer.renamed(exact(result), name)
    writer.line(f"return {value.text if value is not None else 'x'}")
    output = ", ".join("any" if e is None else str(e) for e in model.output_shape[1:])
    inner = ", ".join("any" if each is None else str(each) for each in shape)
    docstring = f'    """Return the outputs, (n, {output}), of inputs (n, {inner})."""'
    body = _without_count(writer.lines)
    return "\n".join(["def predict(x):", docstring, *body, ""])


def _without_count(lines: list[str]) -> list[str]:
    """Return the lines without the number of samples, the second, where nothing reads it."""
    is_read = any(re.search(r"\bn\b", each.partition("#")[0]) for each in lines[2:])
    return lines if is_read else [lines[0], *lines[2:]]
