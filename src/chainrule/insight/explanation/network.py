"""``net.explain``: the equations of a network and of the gradient of its loss."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, DataError, counted
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.insight.explanation.derivation import Derivation, derive
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.example_batch import example_batch
from chainrule.insight.explanation.explanation import Explanation, Section
from chainrule.insight.explanation.recurrence import Recurrence
from chainrule.insight.explanation.sublayers import sublayer_values
from chainrule.insight.explanation.symbols import (
    layer_text,
    parameter_name,
    part_names,
    shortened,
)
from chainrule.insight.explanation.traced_network import (
    TracedNetwork,
    as_rows,
    trace_network,
)
from chainrule.insight.explanation.training_draws import (
    DrawsOfTraining,
    drawn_constants,
    mask_rules,
)
from chainrule.insight.explanation.writer import Writer
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.identities import definitions
from chainrule.train.inference.functional import random_stream
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.targets import is_text
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.network import Network, model_of

__all__ = ["explain_network"]

_LOSS = Name("L")
_PROBABILITIES = Name("p")
_DATA = Name("x"), Name("y"), Name("ω")
"""Inputs, targets and the weights of samples."""


def explain_network(
    net: Network,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    training: Any = False,
    seed: Any = None,
) -> Explanation:
    """Explain a compiled network on a batch, or the gradient by the parameter named `X`."""
    model = model_of(net)
    objective = model.objective("explain")
    random = random_stream("explain", training, seed)
    parameter = X if isinstance(X, str) else None
    if parameter is not None:
        _check_parameter(net, parameter, y, sample_weight)
    elif y is None:
        raise DataError(
            "explain: y is missing; the gradient is that of the loss, which compares outputs with "
            "targets: net.explain(X, y), or the name of a parameter, for random samples"
        )
    data = (X, y) if parameter is None else example_batch(model, objective.loss)
    batch = _batch(model, objective, *data, sample_weight)
    stack = replace(model.stack, dtype=np.dtype("float64"))
    arrays = [np.asarray(each, "float64") for each in stack.arrays()]
    draws, again = (each and DrawsOfTraining(each, model.dtype) for each in (random, copy(random)))
    actual = trace_network(stack, objective, batch, draws)
    symbolic = trace_network(stack, objective, [_resized(each) for each in batch], again)
    if not _are_alike(symbolic.graph, actual.graph):
        symbolic = actual
    explainer = _Explainer(net, objective, symbolic, actual, [*arrays, *batch])
    if random is not None:
        explainer.name_draws()
    return explainer.explanation(parameter)


def _batch(model: Model, objective: Objective, X: Any, y: Any, sample_weight: Any) -> list[Any]:
    """Return inputs, targets and perhaps weights of the samples that equations are proved on."""
    loss = objective.loss
    if model.classes is None and is_text(np.asarray(y)):  # as fit would number them
        if loss.contains not in ("softmax", "sigmoid") and not loss.takes_labels:
            raise DataError(
                f"explain: y holds text, but the loss {loss.name} takes numbers; use "
                'loss="cross_entropy" for classes, or pass numbers'
            )
        y = np.unique(np.asarray(y).astype(str), return_inverse=True)[1]
    samples, _ = prepare_samples(model, objective, X, y, sample_weight, "explain")
    inputs, targets, *weights = samples.take(slice(0, _MOST_SAMPLES))
    targets = as_rows(targets, objective, model.output_shape)
    return [_widened(each) for each in (inputs, targets, *weights)]


_MOST_SAMPLES = 128
"""Samples that equations are proved on, at most: each is evaluated entry by entry."""


def _check_parameter(net: Network, name: str, y: Any, sample_weight: Any) -> None:
    """Refuse a name that is of no trained parameter, or given with data."""
    if not net.params:
        raise ArgumentError(
            "explain: the network is not built yet; call net(X) first, or net.explain(X, y)"
        )
    trained = list(model_of(net).stack.parameters(trainable=True))
    if name not in trained:
        of_layer = ", ".join(repr(each) for each in trained if each.startswith(f"{name}."))
        remedy = f"the layer has {of_layer}" if of_layer else suggestion(name, trained)
        raise ArgumentError(f"explain: the network trains no parameter {name!r}; {remedy}")
    if y is not None or sample_weight is not None:
        raise ArgumentError(
            f"explain: {name!r} is explained on random samples, so y and sample_weight have no "
            f"use; for samples of your own, net.explain(X, y).chain_to({name!r})"
        )


def _widened(array: Any) -> Any:
    return array.astype("float64") if array.dtype.kind == "f" else array


def _resized(array: Any) -> ArrayType:
    return ArrayType(array.dtype, (TRACED_BATCH, *array.shape[1:]))


def _are_alike(first: Graph, second: Graph) -> bool:
    """Whether two graphs differ in sizes alone, so that nodes correspond one to one."""
    kinds = [[getattr(x.primitive, "name", "") for x in each.nodes] for each in (first, second)]
    return kinds[0] == kinds[1]


class _Explainer:
    """Writes the equations of a network from its graph, and proves them on its batch."""

    def __init__(
        self,
        net: Network,
        objective: Objective,
        symbolic: TracedNetwork,
        actual: TracedNetwork,
        arrays: Sequence[Any],
    ) -> None:
        self.net = net
        self.objective = objective
        self.traced = symbolic
        self.blocks = symbolic.blocks()
        self.names = self._parameter_names()
        derivations = [self._derive(each) for each in (symbolic, actual)]
        self.derivation: Derivation = derivations[0]
        self.writer = Writer(derivations[0], derivations[1], arrays, _LOSS)
        self._name_values()
        self.loops: dict[tuple[int, bool], list[Recurrence]] = {}
        for loop in self.writer.bind_loops(self._number):
            place = loop.number or 0, self.writer.loops.is_forward(loop)
            self.loops.setdefault(place, []).append(loop)

    def _number(self, node: Node) -> int:
        """Return the number of the block that computes a node."""
        for number, block in enumerate(self.blocks, 1):
            if any(f"{node.layer}.".startswith(f"{each.name}.") for each in block.layers):
                return number
        return 0

    def explanation(self, parameter: str | None = None) -> Explanation:
        """Return all equations, or those of the chain to one parameter."""
        count = len(self.blocks)
        first = 0 if parameter is None else self._place_of(parameter)
        self.writer.own([""], self.traced.loss, part_names("r"))
        for number, block in enumerate(self.blocks, 1):
            names = [layer.name or "" for layer in block.layers]
            self.writer.own(names, block.before_activation, part_names("uvwqr", number))
            self.writer.divide(sublayer_values(self.traced.graph.nodes, number, names))
            self.writer.cut(block.before_activation)
            self.writer.cut(block.output)
        self.writer.cut(self.traced.loss)
        # Backward first: the values that these equations mention are defined by one of their own.
        backward = [self._backward(i, parameter) for i in reversed(range(first, count))]
        forward = [self._forward(i) for i in range(max(0, first - 1), count)]
        explanation = Explanation(
            title=f"Network of {counted(len(self.net.layers), 'layer')}",
            samples=len(self.writer.instance.inputs[-1]),
            sections=(*forward, Section(f"Loss: {self.objective.loss.name}", self._loss())),
            gradients=tuple(each for each in backward if each.equations),
        )
        return explanation if parameter is None else explanation.chain_to(parameter)

    def _place_of(self, parameter: str) -> int:
        """Return the place of the block that a parameter belongs to."""
        return max(int(self.names[parameter].superscript.rstrip("′") or 1), 1) - 1

    def _loss(self) -> tuple[Equation, ...]:
        """The equations of the loss, after that of the activation that it alone contains."""
        writer, prediction = self.writer, self.traced.prediction
        loss = writer.definitions(self.traced.loss, self.traced.loss)
        if self.objective.fused is None and self.objective.loss.contains:
            return writer.definition(prediction, _PROBABILITIES), *loss
        return tuple(loss)

    def _parameter_names(self) -> dict[str, Name]:
        numbers = {
            layer: number for number, block in enumerate(self.blocks, 1) for layer in block.layers
        }
        by_title = dict(zip(self.net_names, self.traced.layers, strict=True))
        names: dict[str, Name] = {}
        for full in self.traced.parameters:
            title = next(each for each in by_title if full.startswith(f"{each}."))
            number = numbers.get(by_title[title], 0)
            names[full] = parameter_name(full[len(title) + 1 :], number)
        return shortened(names)

    @property
    def net_names(self) -> tuple[str, ...]:
        return model_of(self.net).stack.names

    def _derive(self, traced: TracedNetwork) -> Derivation:
        named = [block.before_activation for block in traced.blocks()]
        trained = set(model_of(self.net).stack.parameters(trainable=True))
        parameters = zip(traced.parameters, traced.inputs, strict=False)
        return derive(traced.graph, named, [x for name, x in parameters if name in trained])

    def _name_values(self) -> None:
        writer, count = self.writer, len(self.traced.parameters)
        for node, full in zip(self.traced.inputs, self.traced.parameters, strict=False):
            self.names[full] = writer.name(node, self.names[full])
        for node, name in zip(self.traced.inputs[count:], _DATA, strict=False):
            writer.name(node, name)
        for number, block in enumerate(self.blocks, 1):
            if block.output is not block.before_activation:
                writer.name(block.before_activation, Name("z", str(number)))
            is_last = number == len(self.blocks)
            if block.output is not block.before_activation or not is_last:
                writer.name(block.output, Name("a", str(number)))
            else:
                writer.name(block.output, Name("z", str(number)))
        is_probability = bool(self.objective.loss.contains)
        writer.name(self.traced.prediction, _PROBABILITIES if is_probability else Name("ŷ"))
        if self.objective.loss.contains == "softmax":
            writer.assume(definitions.rows_sum_to_one(Name("y")))
        writer.define(self.traced.prediction)
        writer.name(self.traced.loss, _LOSS)

    def name_draws(self) -> None:
        """Name what the layers draw in training: masks m, and noise ε."""
        for node in drawn_constants(self.traced.graph.nodes, self.traced.batch_size):
            is_mask = node.dtype.kind == "b"
            name = Name("m" if is_mask else "ε", str(self._number(node)))
            name = self.writer.name(node, name)
            for rule in mask_rules(name) if is_mask else ():
                self.writer.assume(rule)

    def _forward(self, i: int) -> Section:
        block = self.blocks[i]
        is_last = i == len(self.blocks) - 1
        ends_here = self.objective.fused is not None or not self.objective.loss.contains
        output = self.traced.prediction if is_last and ends_here else block.output
        equations = [
            equation
            for loop in self.loops.get((i + 1, True), [])
            for equation in self.writer.recurrence(loop)
        ]
        equations += self.writer.definitions(block.before_activation, output)
        title = ", ".join(f"{layer.name}, {layer_text(layer)}" for layer in block.layers)
        return Section(f"Layer {i + 1}: {title}", tuple(equations))

    def _backward(self, i: int, parameter: str | None) -> Section:
        block = self.blocks[i]
        parts = part_names("g", i + 2)
        equations = self.writer.cotangent(i, Name("δ", str(i + 2)), parts)
        contained = self.objective.loss.contains
        if contained and equations and i == len(self.blocks) - 1:
            named = f"{contained} with {self.objective.loss.name}", *equations[-1].simplifications
            equations[-1] = replace(equations[-1], simplifications=named)
        for loop in self.loops.get((i + 1, False), []):
            equations += self.writer.recurrence(loop)
        trained = model_of(self.net).stack.parameters(trainable=True)
        for position, full in enumerate(trained):
            name = self.names[full]
            if name.superscript.rstrip("′") == str(i + 1) and parameter in (None, full):
                equations += self.writer.gradient(position, name, full, parts)
        title = ", ".join(str(layer.name) for layer in block.layers)
        return Section(f"Layer {i + 1}: {title}", tuple(equations))
