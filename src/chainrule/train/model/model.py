"""The inside of a network: what fitting, asking and saving share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from chainrule.data.table import Table
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import variable
from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.wrappers import TimeDistributed
from chainrule.nn.sublayers import find_sublayers
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.program_cache import ProgramCache
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Model", "applies", "checked_dtype", "checked_layers", "gives_scores"]


class Model:
    """Layers, what they are trained for, and how far that training is.

    Parameters
    ----------
    seed : int in [0, 2**64)
        Decides all that is random.
    dtype : numpy.dtype
        Kind of number of parameters and computation.

    Attributes
    ----------
    layers : list of Layer
        From input to output.
    input_shape : tuple of (int or None), or None
        Of what the layers are built for, the batch axis as None.
    output_shapes : list of tuple
        Of each built layer.
    aim : (Loss, Optimizer, tuple of Metric), or None
        What ``compile`` was given.
    classes : list of str or None
        The names of the classes by number.
    table : Table or None
        What the network begins with, if it takes tables.
    slots : dict
        What the optimiser remembers, by name of the parameter.
    counter : StepCounter
        Epochs and steps since ``compile``.
    programs : ProgramCache
        What has been compiled.
    """

    def __init__(self, seed: int, dtype: np.dtype[Any]) -> None:
        self.seed, self.dtype = seed, dtype
        self.layers: list[Layer] = []
        self.input_shape: Shape | None = None
        self.output_shapes: list[Shape] = []
        self.aim: CompileArguments | None = None
        self.classes: list[str] | None = None
        self.table: Table | None = None
        self.slots: dict[str, Any] = {}
        self.counter = StepCounter()
        self.programs = ProgramCache()
        self._stack: LayerStack | None = None
        self._held: list[Layer] = []

    @property
    def stack(self) -> LayerStack:
        """The layers as one function; once they are built it is always the same one."""
        if self._stack is not None:
            return self._stack
        stack = LayerStack(tuple(self.layers), self.dtype, self.seed)
        if self.output_shapes:
            self._stack = stack
        return stack

    @property
    def output_shape(self) -> Shape:
        """Shape of the output of a built network, the batch axis as None."""
        return self.output_shapes[-1]

    def add(self, layer: Any, stored: Callable[..., Initializer] | None = None) -> None:
        """Append a layer and name it."""
        if isinstance(layer, Table):
            self._begin_with(layer)
            return
        if not isinstance(layer, Layer):
            raise ArgumentError(_not_a_layer(layer))
        if any(each is layer for each in self.layers):
            raise ArgumentError(
                f"Network: layer {layer.name!r} is added twice; make a second one with the same "
                "arguments, or put both uses into a layer of your own"
            )
        place = (len(self.layers),)
        layer.bind(self._free_name(layer), self.seed, place, self.dtype, stored)
        self.layers.append(layer)
        self.output_shapes, self._stack, self._held = [], None, []
        self.programs.clear()

    def build(self, input_shape: tuple[int, ...], function: str) -> None:
        """Build all layers for inputs of a shape, by tracing two samples through them."""
        if not self.layers:
            raise ArgumentError(f"{function}: there are no layers yet; add some with net.add")
        shape = (None, *input_shape[1:])
        if self.output_shapes and shape == self.input_shape:
            return
        # Of a built network the layers say best what misfits; lengths that may vary pass.
        with self.undoing():
            shapes = self._shapes(input_shape)
            if not self.output_shapes:
                self.output_shapes, self.input_shape = shapes, shape

    @contextmanager
    def undoing(self) -> Generator[None]:
        """Take back what was built and learned of the data, should the ``with`` block raise.

        Otherwise data of a wrong shape, refused, would decide which shape is right from then on.
        """
        kept = self.input_shape, self.output_shapes, self.classes, self.table, self._stack
        before = [(layer, _attributes(layer)) for layer in self._all_layers()]
        try:
            yield
        except BaseException:
            self.input_shape, self.output_shapes, self.classes, self.table, self._stack = kept
            self._held = []
            for layer, attributes in before:
                vars(layer).clear()
                vars(layer).update(attributes)
            raise

    def _all_layers(self) -> list[Layer]:
        """The layers and those inside them, which are looked for once the network is built."""
        held = self._held or list(_within(self.layers))
        self._held = held if self.output_shapes else []
        return held

    def restart(self, aim: CompileArguments) -> None:
        """Let training begin anew, from the parameters there are."""
        self.aim = aim
        self.slots = {}
        self.counter = StepCounter()
        self.programs.clear()

    def objective(self, function: str) -> Objective:
        """Return what the network is trained for, the last activation fused where possible."""
        if self.aim is None:
            raise ArgumentError(
                f"{function}: the network does not know its loss yet; call "
                "net.compile(loss=..., optimizer=...) first"
            )
        loss, optimizer, metrics = self.aim
        fused = bool(loss.contains) and self.ends_in(loss.contains)
        fused = fused and gives_scores(self.layers[-1]) and gives_scores(self.output_layer)
        return Objective(loss, optimizer, metrics, self.output_layer if fused else None)

    @property
    def output_layer(self) -> Layer:
        """The last layer; where it is wrapped in `TimeDistributed`, the layer inside."""
        layer = self.layers[-1]
        while isinstance(layer, TimeDistributed):
            layer = layer.layer
        return layer

    def ends_in(self, activation: str) -> bool:
        """Whether the last layer applies the activation of that name."""
        return bool(self.layers) and applies(self.output_layer, activation)

    def _begin_with(self, table: Table) -> None:
        if self.layers or self.table is not None:
            raise ArgumentError("Network: a table is not in the first place; put it there, once")
        # A copy, so that two networks with one table do not learn from each other's data.
        self.table = table.copy()

    def _shapes(self, input_shape: tuple[int, ...]) -> list[Shape]:
        x: Any = variable(ArrayType(self.dtype, (2, *input_shape[1:])), name="X")
        shapes: list[Shape] = []
        for layer in self.layers:
            x = layer(x)
            if not x.shape or x.shape[0] != 2:
                raise ShapeError(
                    f"layer {layer.name!r}: for 2 samples its output has shape {x.shape}; the "
                    "first axis must count the samples"
                )
            shapes.append((None, *x.shape[1:]))
        return shapes

    def _free_name(self, layer: Layer) -> str:
        taken = {each.name for each in self.layers}
        if layer.name is not None:
            name: Any = layer.name
            if not isinstance(name, str) or not name or "." in name:
                raise ArgumentError(
                    f"Network: a layer has the name {layer.name!r}; a name must be text, at least "
                    'one character, and without "."'
                )
            if layer.name in taken:
                raise ArgumentError(
                    f"Network: two layers are named {layer.name!r}; give one another name="
                )
            return layer.name
        numbered = (f"{layer.kind}_{i}" if i else layer.kind for i in range(len(taken) + 1))
        return next(name for name in numbered if name not in taken)


def applies(layer: Layer, activation: str) -> bool:
    """Whether the last thing a layer does is to apply the activation of that name."""
    if not hasattr(layer, "activate"):
        return False
    return resolve_activation(layer.activation) is ACTIVATIONS[activation]


def gives_scores(layer: Layer) -> bool:
    """Whether the output is always the activation of `Layer.pre_activation`.

    It is not in a subclass that overrides ``forward`` alone.
    """
    kind = type(layer)
    owner = next(each for each in kind.__mro__ if "pre_activation" in each.__dict__)
    is_plain = (kind.train_forward, kind.backward) == (Layer.train_forward, Layer.backward)
    return owner is not Layer and is_plain and kind.forward is owner.forward


def _within(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Go through layers and the layers inside them."""
    for layer in layers:
        yield layer
        yield from _within(inner for _, inner in find_sublayers(layer, Layer, skip="_arguments"))


def _attributes(layer: Layer) -> dict[str, Any]:
    """A copy that does not change when a layer adds to the dictionaries it holds."""
    return {
        name: cast(dict[str, Any], value).copy() if type(value) is dict else value
        for name, value in vars(layer).items()
    }


def checked_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the kind of number to compute with, or raise an ArgumentError."""
    for known in (np.dtype("float32"), np.dtype("float64")):
        if dtype in (known, known.name, known.type):
            return known
    raise ArgumentError(f"Network: dtype is {dtype!r}; it must be float32 or float64")


def checked_layers(layers: Any) -> list[Layer]:
    """Return the layers as a list, or raise an ArgumentError."""
    if isinstance(layers, Layer):
        raise ArgumentError("Network: layers is a single layer; put it in a list")
    try:
        return list(layers)
    except TypeError:
        raise ArgumentError(f"Network: layers is {layers!r}; it must be a list of layers") from None


def _not_a_layer(value: Any) -> str:
    told = f"Network: {value!r} is not a layer"
    if isinstance(value, type) and issubclass(value, Layer):
        return f"{told} but a class of layers; write {value.__name__}(...)"
    if callable(value):
        return f"{told}; wrap a function as nn.Activation(function)"
    return f"{told}; layers are made by nn.Dense(...), nn.Activation(...) and the like"
