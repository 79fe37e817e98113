"""The model of a network: layers, objective, optimiser slots, counters and compiled programs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, nullcontext
from copy import deepcopy
from typing import Any, ClassVar, cast

import numpy as np

from chainrule.arguments.checks import checked_kind, shown
from chainrule.compiler.runtime.thread_count import sharing_threads
from chainrule.data.table import Table
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import variable
from chainrule.locks import ReentrantLock
from chainrule.nn import environment
from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation
from chainrule.nn.binding import Binding, is_bound
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.wrappers import TimeDistributed
from chainrule.nn.shape_errors import check_output
from chainrule.nn.sublayers import with_sublayers
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.dtype_range import check_layer_settings, check_optimizer_settings
from chainrule.train.model.known_shapes import known_shapes
from chainrule.train.model.layer_names import Roster
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.locks import SequenceLock, TrainingLock
from chainrule.train.model.objective import Objective
from chainrule.train.model.optimizer_change import check_only_rate_differs, have_same_slots
from chainrule.train.model.program_cache import ProgramCache
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Model", "applies", "checked_dtype", "checked_layers", "gives_scores"]


class Model:
    """The state that fit, evaluate, predict and save share."""

    _guarded_attributes: ClassVar[tuple[str, ...]] = ("layers",)

    def __init__(self, seed: int, dtype: np.dtype[Any]) -> None:
        self.seed, self.dtype = seed, dtype
        self.layers: list[Layer] = []
        self._names: dict[int, str] = {}  # by index, where not that of the layer
        self.input_shape: Shape | None = None  # the batch axis as None, here and below
        self.output_shapes: list[Shape] = []  # of each layer; empty until they are built
        # Whether the outputs have a mask, and layers at which it ends; None until that is asked.
        self.mask_facts: tuple[bool, list[Layer]] | None = None
        self.compile_arguments: CompileArguments | None = None
        self.classes: list[str] | None = None  # class names in the order of class indices
        self.table: Table | None = None  # encodes the inputs
        self.columns: list[str] | None = None  # of the data frame it was trained on, without one
        self.optimizer_slots: dict[str, Any] = {}  # by name of the parameter
        self.updates: dict[str, int] = {}  # of the parameters that have not had one in each step
        self.counter = StepCounter()
        self.programs = ProgramCache()
        self.training, self.parameter_lock = TrainingLock(), SequenceLock()
        self._lock = ReentrantLock()  # held while layers, sizes or arguments change
        self._stack: LayerStack | None = None
        self._roster: Roster | None = None  # while several layers are added

    @property
    def stack(self) -> LayerStack:
        """The layers as one function, cached once they are built."""
        if self._stack is not None:
            return self._stack
        with self._lock:
            stack = LayerStack(tuple(self.layers), self.names, self.dtype, self.seed)
            if self.output_shapes:
                self._stack = stack
            return stack

    @property
    def output_shape(self) -> Shape:
        """Shape of the output of a built network, the batch axis as None."""
        return self.output_shapes[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the layers in this network; fixed once it is built."""
        if self._stack is not None:
            return self._stack.names
        return tuple(self._names.get(i, str(each.name)) for i, each in enumerate(self.layers))

    def add_shared(self, other: Model, layers: slice) -> None:
        """Append layers of another network, which both share, and its table if that comes first."""
        with self._changing("add"):
            chosen = other.layers[layers]
            if not chosen:
                raise ArgumentError(
                    "Network: the network that is added has no layers yet; add them to it first"
                )
            with self.adding() as roster:
                for layer in chosen:
                    self._check(layer, roster, is_shared=True)
                names = [roster.enter(layer) for layer in chosen]
                if other.table is not None and chosen[0] is other.layers[0]:
                    self._set_table(other.table)
                for layer, name in zip(chosen, names, strict=True):
                    self._append(layer, name)

    def add(self, layer: Any, saved: Callable[..., Initializer] | None = None) -> None:
        """Append a layer and name it; `saved` gives its values when loaded, see `Binding`."""
        with self._changing("add"):
            self._add(layer, saved)

    @contextmanager
    def adding(self) -> Generator[Roster]:
        """Add several layers in the block, in time linear in their number."""
        with self._lock:
            outer, self._roster = self._roster, self._roster or Roster(self.layers, self.names)
            try:
                yield self._roster
            except BaseException:
                outer = None  # layers may have entered that are not added
                raise
            finally:
                self._roster = outer

    @contextmanager
    def _changing(self, function: str) -> Generator[None]:
        """Change layers or arguments; refused during ``fit``, whose programs depend on them."""
        with self._lock:
            self.training.refuse(function)
            yield
            self.programs = ProgramCache()

    @contextmanager
    def in_training(self) -> Generator[None]:
        """Train: what a program depends on does not change meanwhile, nor does another ``fit`` run.

        Not while another thread changes it, which then is refused or finished.
        """
        with ExitStack() as stack:
            with self._lock:
                stack.enter_context(self.training.held())
            stack.enter_context(sharing_threads())
            yield

    def _add(self, layer: Any, saved: Callable[..., Initializer] | None) -> None:
        if isinstance(layer, Table):
            self._set_table(layer)
            return
        if not isinstance(layer, Layer):
            raise ArgumentError(_not_a_layer(layer))
        is_shared = is_bound(layer) and layer.input_shape is not None
        check_layer_settings(layer, self.dtype)
        with self.adding() as roster:
            self._check(layer, roster, is_shared)
            name = roster.enter(layer)
            if not is_shared:
                layer.bind(name, Binding(self.seed, (len(self.layers),), saved), self.dtype)
            self._append(layer, name)

    def _check(self, layer: Layer, roster: Roster, is_shared: bool) -> None:
        """Refuse a layer that is there already, or is shared with a network of another dtype."""
        if layer in roster:
            raise ArgumentError(
                f"Network: layer {layer.name!r} is added twice; create a second one with the same "
                "arguments, or put both uses into a layer of your own"
            )
        if is_shared and layer.dtype is not None and layer.dtype != self.dtype:
            raise ArgumentError(
                f"Network: layer {layer.name!r} of another network has {layer.dtype} parameters, "
                f"this one {self.dtype}; give chainrule.Network(..., dtype={str(layer.dtype)!r})"
            )

    def _append(self, layer: Layer, name: str) -> None:
        if layer.name != name:
            self._names[len(self.layers)] = name
        self.layers.append(layer)
        self.output_shapes, self._stack, self.mask_facts = [], None, None

    def build(self, input_shape: tuple[int, ...], function: str) -> Shape:
        """Build all layers by tracing two samples of a shape; return that of their output."""
        if not self.layers:
            raise ArgumentError(f"{function}: there are no layers yet; add some with net.add")
        shape = (None, *input_shape[1:])
        if self.output_shapes and shape == self.input_shape:
            return self.output_shape
        if self.output_shapes:
            # The layers report misfits best, and accept axes of variable length.
            try:
                return self._infer_shapes(input_shape)[-1]
            except ShapeError as error:
                if self.input_shape is None or input_shape != self.input_shape[1:]:
                    raise
                raise ShapeError(
                    f"{function}: X has shape {input_shape}, that of a single sample: pass X[None],"
                    " as in cr.vmap(lambda x: net(x[None])[0])"
                ) from error
        with self.rollback_on_error():
            shapes = known_shapes(
                self.layers, self.dtype, input_shape, lambda: self._infer_shapes(input_shape)
            )
            if not self.output_shapes:  # another thread may have built them
                self.output_shapes, self.input_shape = shapes, shape
            return self.output_shape

    @contextmanager
    def rollback_on_error(self) -> Generator[None]:
        """Restore shapes, classes, table and layers if the ``with`` block raises.

        Otherwise refused data would fix the shapes that later data are checked against. While the
        layers are not built, other threads wait. Once they are built, nothing here changes them.
        """
        with nullcontext() if self.output_shapes else self._lock:
            state = self.input_shape, self.output_shapes, self.classes, self.table, self._stack
            columns = self.columns
            layers = [] if self.output_shapes else self._all_layers()
            attributes = [(layer, _attributes(layer)) for layer in layers]
            try:
                yield
            except BaseException:
                self.input_shape, self.output_shapes, self.classes, self.table, self._stack = state
                self.columns, self.mask_facts = columns, None
                for layer, values in attributes:
                    layer.__dict__.clear()
                    layer.__dict__.update(values)
                raise

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has of its own; compiled programs are not copied but made anew.

        Where there are other threads, which may train, it is copied here, as of one moment, and so
        it is in a callback after a step.
        """

        def state() -> dict[str, Any]:
            return vars(self) | {"programs": None, "_stack": None, "_roster": None}

        if threading.active_count() > 1 or self.parameter_lock.is_deferring:
            return self.parameter_lock.read(lambda: deepcopy(state()))
        return state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.programs = ProgramCache()

    def _all_layers(self) -> list[Layer]:
        return list(with_sublayers(self.layers))

    def restart(self, arguments: CompileArguments) -> None:
        """Restart training with new arguments of ``compile``, from the current parameters."""
        check_optimizer_settings(arguments.optimizer, self.dtype)
        with self._changing("compile"), self.parameter_lock.writing():
            self.compile_arguments = arguments
            self.optimizer_slots, self.updates = {}, {}
            self.counter = StepCounter()

    def set_optimizer(self, arguments: CompileArguments) -> None:
        """Continue training with another optimiser; compatible slots are retained.

        In a callback of ``fit`` only its learning rate may differ, which is no part of programs.
        """
        optimizer, scalar = arguments.optimizer, np.zeros((), self.dtype)
        check_optimizer_settings(optimizer, self.dtype)
        if self.training.is_held_here and (old := self.compile_arguments) is not None:
            check_only_rate_differs(old.optimizer, optimizer)
            self.compile_arguments = arguments
            return
        with self._changing("optimizer"), self.parameter_lock.writing():
            previous = optimizer if (old := self.compile_arguments) is None else old.optimizer
            if not have_same_slots(optimizer, previous, scalar):
                self.optimizer_slots = {}
            self.compile_arguments = arguments

    def missed_steps(self) -> dict[str, int]:
        """Return the steps since `compile` that the slots of a parameter have missed, if any.

        A frozen parameter has missed steps, and so has one whose slots begin later than others.
        """
        steps = self.counter.steps
        counts = {
            name: self.updates.get(name, steps) if name in self.optimizer_slots else 0
            for name in self.stack.parameters(trainable=True)
        }
        return {name: steps - count for name, count in counts.items() if count < steps}

    def objective(self, function: str) -> Objective:
        """Return the training objective, the last activation fused where possible."""
        arguments = self.compile_arguments
        if arguments is None:
            raise ArgumentError(
                f"{function}: the network does not know its loss yet; call "
                "net.compile(loss=..., optimizer=...) first"
            )
        contained = arguments.loss.contains
        fused = bool(contained) and self.ends_in(contained)
        fused = fused and gives_scores(self.layers[-1]) and gives_scores(self.output_layer)
        return Objective(
            arguments.loss, arguments.optimizer, arguments.metrics,
            self.output_layer if fused else None,
        )  # fmt: skip

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

    def _set_table(self, table: Table) -> None:
        if self.layers or self.table is not None:
            raise ArgumentError("Network: a table must come first, and only once")
        # A copy, since fit stores statistics of the data in it.
        self.table = table.copy()

    def _infer_shapes(self, input_shape: tuple[int, ...]) -> list[Shape]:
        def run() -> list[Shape]:
            shapes: list[Shape] = []
            with run_on_types(*self.layers), environment.entered() as traced:
                traced.copy_containers(self._all_layers())
                x: Any = variable(ArrayType(self.dtype, (2, *input_shape[1:])), name="X")
                for layer, y, _ in self.stack.outputs(x):
                    check_output(layer, y, samples=2)
                    shapes.append((None, *y.shape[1:]))
            return shapes

        return with_filled_arrays(run, *self.layers)


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
    if (stored := getattr(kind, "has_scores", None)) is not None:  # a layer of a file
        return bool(stored.fget(layer))
    owner = next(each for each in kind.__mro__ if "pre_activation" in each.__dict__)
    is_plain = (kind.train_forward, kind.backward) == (Layer.train_forward, Layer.backward)
    return owner is not Layer and is_plain and kind.forward is owner.forward


def _attributes(layer: Layer) -> dict[str, Any]:
    """Return a copy of the attributes of a layer, and of its dictionaries."""
    return {
        name: cast(dict[str, Any], value).copy() if type(value) is dict else value
        for name, value in dict(layer.__dict__).items()
    }


def checked_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype to compute with, or raise an ArgumentError."""
    return checked_kind("Network", "dtype", dtype, ("float32", "float64"))


def checked_layers(layers: Any) -> list[Layer]:
    """Return the layers as a list, or raise an ArgumentError."""
    if isinstance(layers, Layer):
        raise ArgumentError(
            "Network: layers is a single layer; put it in a list, as in "
            "chainrule.Network([nn.Dense(8), nn.Dense(3)])"
        )
    try:
        return list(layers)
    except TypeError:
        raise ArgumentError(
            f"Network: layers is {shown(layers)}; it must be a list of layers"
        ) from None


def _not_a_layer(value: Any) -> str:
    message = f"Network: {shown(value)} is not a layer"
    if isinstance(value, type) and issubclass(value, Layer):
        return f"{message} but a class of layers; write {value.__name__}(...)"
    if isinstance(value, list | tuple):
        return f"{message} but a list; put its layers themselves in the list of the network"
    if isinstance(value, type):
        return f"{message} but a class; write {value.__name__}(...)"
    if callable(value):
        return f"{message}; wrap a function as nn.Activation(function) or nn.Lambda(function)"
    return f"{message}; create one by nn.Dense(...), nn.Activation(...) and the like"
