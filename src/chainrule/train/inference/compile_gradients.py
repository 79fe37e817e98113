"""Compilation of the gradient of loss and penalties for one type of batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.graph.array_type import ArrayType
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import trace_kept
from chainrule.nn.random_stream import RandomStream
from chainrule.train.inference.compile_inference import parameter_types
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.objective import Objective

__all__ = ["compile_gradients"]


def compile_gradients(
    stack: LayerStack,
    objective: Objective,
    batch: dict[str, ArrayType | None],
    training: bool,
    is_seeded: bool,
) -> tuple[ArrayFunction, Guards]:
    """Compile the gradient of loss and penalties by the trainable parameters, as `fit` has it.

    As a function of all parameters, the batch and, if `is_seeded`, the key of its random numbers.
    """
    objective = replace(objective, metrics=())
    trained = tuple(stack.parameters(trainable=True))

    def gradients(params: dict[str, Any], batch: dict[str, Any], key: Any = None) -> Any:
        unseeded = RandomStream.unseeded("gradients") if training else None
        random = RandomStream(key) if is_seeded else unseeded

        def penalized_loss(some: dict[str, Any]) -> Any:
            with stack.with_parameters(params | some):
                loss, penalty, *_ = compute_loss_and_metrics(stack, objective, batch, random)
            return loss + penalty

        return grad(penalized_loss)({name: params[name] for name in trained})

    key = [ArrayType(np.dtype("uint32"), (2,))] if is_seeded else []
    kept = trace_kept(
        "gradients",
        gradients,
        (parameter_types(stack), batch, *key),
        roots=[*stack.layers, *objective.roots],
        arguments=stack.bound,
    )
    return compile_graph(kept.traced.graph), kept.guards
