"""Compilation of evaluation and prediction for one type of batch."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import trace_kept
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.objective import Objective

__all__ = ["compile_evaluation", "compile_prediction"]


def compile_evaluation(
    stack: LayerStack, objective: Objective, batch: dict[str, ArrayType | None]
) -> tuple[ArrayFunction, Guards]:
    """Compile `compute_loss_and_metrics` as a function of parameters and batch."""

    def evaluate(params: dict[str, Any], batch: dict[str, Any]) -> Any:
        with stack.with_parameters(params):
            return compute_loss_and_metrics(stack, objective, batch)

    kept = trace_kept(
        "evaluate",
        evaluate,
        (_parameter_types(stack), batch),
        roots=[*stack.layers, *objective.roots],
        arguments=stack.bound,
    )
    return compile_graph(kept.traced.graph), kept.guards


def compile_prediction(
    stack: LayerStack, X: ArrayType, activation: str = ""
) -> tuple[ArrayFunction, Guards]:
    """Compile the output, under a further activation, as a function of parameters and inputs."""

    def predict(params: dict[str, Any], X: Any) -> Any:
        with stack.with_parameters(params):
            return ACTIVATIONS[activation or "linear"](stack(X))

    types = _parameter_types(stack), X
    kept = trace_kept("predict", predict, types, roots=stack.layers, arguments=stack.bound)
    return compile_graph(kept.traced.graph), kept.guards


def _parameter_types(stack: LayerStack) -> dict[str, ArrayType]:
    return {name: type_of(each.array) for name, each in stack.parameters().items()}
