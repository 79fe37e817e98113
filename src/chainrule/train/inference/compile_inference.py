"""Compilation of evaluation and prediction for one type of batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.graph.node import Node, ancestors
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.losses.loss import Loss
from chainrule.train.checks.loss_dependence import check_returned
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.objective import Objective

__all__ = [
    "LossKind",
    "compile_evaluation",
    "compile_prediction",
    "compile_scoring",
    "parameter_types",
    "trace_loss_kind",
]

LossKind = Literal["of samples", "of all", "of all and layers"]
"""What a loss gives: one value a sample; one number; one that depends also on what layers saved."""


def compile_evaluation(
    stack: LayerStack, objective: Objective, batch: dict[str, ArrayType | None]
) -> tuple[ArrayFunction, Guards]:
    """Compile `compute_loss_and_metrics` as a function of parameters and batch."""

    def evaluate(batch: dict[str, Any]) -> Any:
        return compute_loss_and_metrics(stack, objective, batch)

    kept = _trace_evaluation(evaluate, stack, objective, batch)
    return compile_graph(kept.traced.graph), kept.guards


def compile_scoring(
    stack: LayerStack, objective: Objective, batch: dict[str, ArrayType | None]
) -> tuple[ArrayFunction, Guards]:
    """Compile evaluation without the loss, 0 here; the last result is what the loss is called with.

    That is: the predictions, or the scores before the activation that the loss contains.
    """

    def evaluate(batch: dict[str, Any]) -> Any:
        results, (_, scores) = _without_loss(stack, objective, batch)
        return [*results, scores]

    kept = _trace_evaluation(evaluate, stack, objective, batch)
    return compile_graph(kept.traced.graph), kept.guards


def trace_loss_kind(
    stack: LayerStack, objective: Objective, batch: dict[str, ArrayType | None]
) -> tuple[LossKind, Guards]:
    """Return what the loss gives for a batch, and whether it reads the arguments alone."""
    reads_more = False

    def evaluate(batch: dict[str, Any]) -> Any:
        nonlocal reads_more
        _, arguments = _without_loss(stack, objective, batch)
        losses = objective.loss(*arguments)
        check_returned(objective.loss.name, losses)
        reads_more = _reads_more(losses, arguments)
        return losses

    kept = _trace_evaluation(evaluate, stack, objective, batch)
    (losses,) = kept.traced.graph.outputs
    kind: LossKind = "of samples" if losses.shape else "of all"
    if kind == "of all" and reads_more:
        kind = "of all and layers"
    return kind, kept.guards


def compile_prediction(
    stack: LayerStack, X: ArrayType, activation: str = ""
) -> tuple[ArrayFunction, Guards]:
    """Compile the output, under a further activation, as a function of parameters and inputs."""

    def predict(params: dict[str, Any], X: Any) -> Any:
        with stack.with_parameters(params):
            return ACTIVATIONS[activation or "linear"](stack(X))

    types = parameter_types(stack), X
    kept = trace_kept("predict", predict, types, roots=stack.layers, arguments=stack.bound)
    return compile_graph(kept.traced.graph), kept.guards


def _trace_evaluation(
    function: Callable[[dict[str, Any]], Any],
    stack: LayerStack,
    objective: Objective,
    batch: dict[str, ArrayType | None],
) -> KeptTrace:
    def evaluate(params: dict[str, Any], batch: dict[str, Any]) -> Any:
        with stack.with_parameters(params):
            return function(batch)

    return trace_kept(
        "evaluate",
        evaluate,
        (parameter_types(stack), batch),
        roots=[*stack.layers, *objective.roots],
        arguments=stack.bound,
    )


def _without_loss(
    stack: LayerStack, objective: Objective, batch: dict[str, Any]
) -> tuple[list[Any], tuple[Any, Any]]:
    """Return loss, as 0, and metrics of a batch, and the arguments that the loss is called with."""
    calls: list[tuple[Any, Any]] = []

    def record(y_true: Any, y_pred: Any) -> Any:
        calls.append((y_true, y_pred))
        return np.zeros(y_pred.shape[:2], y_pred.dtype)

    loss = objective.loss
    recorder = Loss(loss.name, record, "mean", loss.contains, loss.takes_labels, loss.checks)
    results = compute_loss_and_metrics(stack, replace(objective, loss=recorder), batch)
    return results, calls[0]


def _reads_more(losses: Any, arguments: tuple[Any, Any]) -> bool:
    """Whether a loss reads what layers saved in their forward pass, or parameters."""
    given = {each.serial for each in arguments if isinstance(each, Node)}
    roots = [losses] if isinstance(losses, Node) else []
    others = ancestors(roots, lambda node: node.serial in given)
    return any(node.primitive is None and node.known_value is None for node in others)


def parameter_types(stack: LayerStack) -> dict[str, ArrayType]:
    """Return the types of all parameters by their names."""
    return {name: type_of(each.array) for name, each in stack.parameters().items()}
