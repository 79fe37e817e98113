"""The loss of a batch as a function of the trainable parameters, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.nn.random_stream import RandomStream
from chainrule.train.checks.loss_dependence import check_dependence
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.objective import Objective

__all__ = ["penalized_loss"]


def penalized_loss(
    stack: LayerStack,
    objective: Objective,
    non_trainable: dict[str, Any],
    batch: dict[str, Any],
    random: RandomStream,
) -> Callable[[dict[str, Any]], Any]:
    """Return the function from parameters to loss and penalty, and what else a step computes.

    That is the results of `compute_loss_and_metrics`, and the new state that is not trained.
    """

    def loss_of(params: dict[str, Any]) -> Any:
        with stack.with_parameters(params | non_trainable, training=True):
            loss, penalty, *others = compute_loss_and_metrics(stack, objective, batch, random)
            check_dependence(objective.loss.name, loss, params, stack.layers[-1])
            state = {n: each.value for n, each in stack.parameters(trainable=False).items()}
        return loss + penalty, ([loss, penalty, *others], state)

    return loss_of
