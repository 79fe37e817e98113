"""`NetworkState`: all that determines how the training of a network goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.graph.array_type import type_of
from chainrule.graph.guards import note_assignment
from chainrule.nn.freezing import restore_frozen
from chainrule.nn.registry import LAYERS
from chainrule.nn.sublayers import with_sublayers
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import from_config
from chainrule.pickling import versioned_pickles
from chainrule.train.files.description import described, is_kept
from chainrule.train.files.layer_attributes import restore_attributes
from chainrule.train.files.own_code import NOT_DATA
from chainrule.train.files.schema import STORED
from chainrule.train.files.stored_code import restore_flags
from chainrule.train.files.training_progress import describe_training, read_training
from chainrule.train.history import History
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.layer_names import with_name
from chainrule.train.model.model import Model

__all__ = ["NetworkState", "restore_state", "state_of"]


@versioned_pickles
@dataclass(frozen=True, eq=False)
class NetworkState:
    """Weights, running statistics, optimiser state, counters and history of a network.

    Parameters
    ----------
    description : dict
        What a file has as JSON: see `train.files.save`.
    tensors : dict of str to array
        Parameters by name, and the arrays that the description refers to.
    optimizer : Optimizer or None
        The optimiser with its present learning rate; None where a file does not hold it.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(1)])
    >>> net.compile(loss="mse", optimizer="adam")
    >>> history = net.fit(np.eye(4), np.arange(4.0), epochs=3, batch_size=2, verbose=0)
    >>> net.state()
    <state of a network after 3 epochs, 6 steps: 2 parameters>
    """

    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]] = field(repr=False)
    optimizer: Optimizer | None = None

    @property
    def params(self) -> dict[str, NDArray[Any]]:
        """The parameters by name, copied."""
        return {name: np.array(each) for name, each in self.tensors.items() if ":" not in name}

    @property
    def steps(self) -> int:
        """The number of steps since `compile`."""
        return self.description["training"]["counter"][3]

    @property
    def epoch(self) -> int:
        """The number of epochs finished since `compile`."""
        epoch, start, steps, done = self.description["training"]["counter"]
        return epoch + (done - start) // (steps or 1)

    def __repr__(self) -> str:
        return (
            f"<state of a network after {self.epoch} epochs, {self.steps} steps: "
            f"{len(self.params)} parameters>"
        )


def state_of(model: Model, history: History | None, function: str) -> NetworkState:
    """Return the state of a network as of one moment, also while another thread trains it."""

    def state() -> NetworkState:
        description, tensors = described(model, function)
        has_times = function != "save"
        description["training"] = describe_training(
            model, history, tensors, has_times, is_copied=is_kept(function)
        )
        arguments = model.compile_arguments
        return NetworkState(
            description, tensors, None if arguments is None else arguments.optimizer
        )

    return model.parameter_lock.read(state)


def restore_state(model: Model, state: NetworkState, function: str) -> History:
    """Give a network a state, once all of it is checked, and return its history."""
    with model.rollback_on_error():
        if not model.output_shapes:
            model.build((2, *state.description["input_shape"]), function)
        _check_fits(model, state, function)
    unread = set(state.tensors)
    progress = read_training(model, state.description["training"], state.tensors, unread)
    with model.parameter_lock.writing():
        for name, parameter in model.stack.parameters().items():
            np.copyto(parameter.array, state.tensors[name])
        progress.restore(model)
        _restore_optimizer(model, state)
        _restore_settings(model, state.description, state.tensors, unread)
    note_assignment()
    return progress.history


def _restore_optimizer(model: Model, state: NetworkState) -> None:
    """Set the optimiser to that of the state, whose learning rate may have been changed."""
    arguments, config = model.compile_arguments, state.description["optimizer"]
    optimizer = state.optimizer if config is None else from_config(config)
    if arguments is not None and optimizer is not None and optimizer != arguments.optimizer:
        model.compile_arguments = CompileArguments(arguments.loss, optimizer, arguments.metrics)


def _restore_settings(
    model: Model,
    description: Mapping[str, Any],
    tensors: Mapping[str, NDArray[Any]],
    unread: set[str],
) -> None:
    """Set classes, table, frozen layers and attributes of layers."""
    model.classes, model.columns = description["classes"], description.get("columns")
    if "table" in description and model.table is not None:
        from chainrule.train.files.table_schema import table_of

        model.table = table_of(description["table"])
    frozen = description.get("frozen", {"layers": [], "parameters": []})
    for layer in with_sublayers(model.layers):
        vars(layer)["trainable"] = True
    named = {str(name): each for name, each in zip(model.names, model.layers, strict=True)}
    restore_frozen(named, frozen["layers"], frozen["parameters"])
    restore_flags(model.layers, description.get("programs", {}))
    for layer, entry in zip(model.layers, description["layers"], strict=True):
        _restore_arguments(layer, entry["config"])
    if attributes := description.get("attributes"):
        layers = [with_name(each, str(each.name)) for each in model.layers]
        stored = {str(each.name) for each in layers if each.kind == STORED}
        others = {k: x for k, x in attributes.items() if k.split(".")[0] not in stored}
        restore_attributes(layers, others, tensors, unread)


def _restore_arguments(layer: Any, config: Mapping[str, Any]) -> None:
    """Set the settings of a library layer that have changed since, such as ``dropout.rate``."""
    if LAYERS.get(layer.kind) is not type(layer) or NOT_DATA in config:
        return
    now = layer.config()
    for name, value in config.items():
        is_setting = name in vars(layer) and name not in ("name", "trainable")
        if is_setting and now.get(name) != value and not isinstance(value, dict | list):
            vars(layer)[name] = value


def _check_fits(model: Model, state: NetworkState, function: str) -> None:
    """Raise unless the parameters are of the same names, shapes and dtypes."""
    mine = {name: type_of(each.array) for name, each in model.stack.parameters().items()}
    others = {name: type_of(each) for name, each in state.tensors.items() if ":" not in name}
    if mine == others:
        if model.compile_arguments is None and state.description["loss"] is not None:
            raise ArgumentError(
                f"{function}: the state is one of training, and the network does not know its loss "
                "yet; call net.compile(loss=..., optimizer=...) as before first"
            )
        return
    odd = next(name for name in (mine | others) if mine.get(name) != others.get(name))
    known = [f"{each[odd]!r}" if odd in each else "no such parameter" for each in (others, mine)]
    raise ArgumentError(
        f"{function}: {odd} is {known[0]} in the state and {known[1]} in the network; restore it "
        "into a network of the same layers, sizes and dtype"
    )
