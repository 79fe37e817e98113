"""The loss of all samples as a function of one vector, the trainable parameters.

Where the loss is a sum of squares, it has residuals r::

    loss + penalty = Σ c (ŷ - y)² + Σ λ/2 w²  =  ‖r‖²

The coefficients c follow from the loss itself: half its derivative by ŷ, where ŷ - y is 1. So they
contain the weights of samples and classes, the mask of padded steps, and the number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer
from chainrule.nn.random_stream import RandomStream
from chainrule.nn.sublayers import with_sublayers
from chainrule.train.checks.loss_dependence import check_dependence
from chainrule.train.fit.penalized_loss import penalized_loss
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import results_of_scores
from chainrule.train.model.objective import Objective

__all__ = ["FullBatch", "check_penalties"]


@dataclass(frozen=True)
class FullBatch:
    """The loss of a batch of all samples.

    Each function returns also the results of `compute_loss_and_metrics`, and the new state that is
    not trained. Layers draw the same random numbers in each evaluation.
    """

    stack: LayerStack
    objective: Objective
    batch: dict[str, Any]
    non_trainable: dict[str, Any]
    restored: Callable[[Any], dict[str, Any]]

    def loss(self, x: Any) -> tuple[Any, Any]:
        """Return loss and penalty as one number, of the dtype of `x`."""
        random = RandomStream(self.stack.seed)  # anew, as it counts its draws
        function = penalized_loss(
            self.stack, self.objective, self.non_trainable, self.batch, random
        )
        value, others = function(self.restored(x))
        return value.astype(x.dtype), others

    def residuals(self, x: Any) -> tuple[Any, Any]:
        """Return the residuals, of shape (m,)."""
        stack, objective, batch, params = self.stack, self.objective, self.batch, self.restored(x)
        with stack.with_parameters(params | self.non_trainable, training=True):
            scores, mask = stack.with_mask(batch["X"], RandomStream(stack.seed))
            results = results_of_scores(objective, batch, scores, mask, stack.penalty)
            check_dependence(objective.loss.name, results[0], params, stack.layers[-1])
            state = {n: each.value for n, each in stack.parameters(trainable=False).items()}
        y = batch["y"].astype(scores.dtype)
        double = grad(lambda s: results_of_scores(objective, batch, s, mask, int)[0])(y + 1)
        parts = [(scores - y) * np.sqrt(double / 2)]
        if hasattr(results[1], "dtype"):  # else no layer has one
            double = grad(self._penalty)({name: 0 * each + 1 for name, each in params.items()})
            parts += [np.sqrt(double[name] / 2) * each for name, each in params.items()]
        flat = [np.reshape(each, (-1,)) for each in parts]
        return np.concatenate(flat).astype(x.dtype), (results, state)

    def _penalty(self, params: dict[str, Any]) -> Any:
        with self.stack.with_parameters(params | self.non_trainable, training=True):
            return self.stack.penalty()

    def placeholders(self, x: Any) -> tuple[list[Any], tree.Structure]:
        """Return leaves and structure of what stands for the results without an evaluation."""
        _, (results, _) = self.loss(x)  # for their shapes alone: no value of it is used
        arrays = [each if hasattr(each, "dtype") else np.asarray(each) for each in results]
        zeros = [np.zeros(each.shape, each.dtype) for each in arrays]
        return tree.flatten((zeros, self.non_trainable))


def check_penalties(stack: LayerStack) -> None:
    """Refuse a penalty of a layer that is no sum of squares."""
    for layer in with_sublayers(stack.layers):
        if type(layer).penalty is not Layer.penalty:
            raise ArgumentError(
                f"fit: the penalty of layer {layer.name!r} is a function of its own, but "
                "LevenbergMarquardt minimises a sum of squares: use l2= of the layers, or the "
                "optimizer 'lbfgs'"
            )
