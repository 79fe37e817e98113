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
from chainrule.autodiff.jacobian import jacobian
from chainrule.autodiff.vmap import vmap
from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer
from chainrule.nn.layers.function_layers import Lambda
from chainrule.nn.random_stream import RandomStream
from chainrule.nn.registry import LAYERS
from chainrule.nn.sublayers import with_sublayers
from chainrule.train.checks.loss_dependence import check_dependence
from chainrule.train.fit.penalized_loss import penalized_loss
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import results_of_scores
from chainrule.train.model.objective import Objective

__all__ = ["FullBatch", "check_penalties", "is_sample_wise"]


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
        params = self.restored(x)
        scores, mask, results, state = self._scores(params)
        errors = scores - self.batch["y"].astype(scores.dtype)
        parts = [errors * self._roots(scores, mask)]
        if hasattr(results[1], "dtype"):  # else no layer has a penalty
            parts += [root * params[name] for name, root in self._penalty_roots(params).items()]
        return np.concatenate([np.reshape(each, (-1,)) for each in parts]), (results, state)

    def linearized(self, x: Any) -> tuple[Any, Any, Any]:
        """Return the Jacobian of the residuals, (m, n), the residuals, and what goes with them."""
        if not is_sample_wise(self.stack):
            matrix, (values, others) = jacobian(_with_values(self.residuals), has_aux=True)(x)
            return matrix, values, others
        values, others = self.residuals(x)
        params = self.restored(x)
        scores, mask, results, _ = self._scores(params)
        rows = vmap(lambda sample: jacobian(lambda x: self._scores_of(x, sample))(x))
        matrix = np.reshape(rows(self.batch["X"]), (-1, x.size))
        parts = [matrix * np.reshape(self._roots(scores, mask), (-1, 1))]
        if hasattr(results[1], "dtype"):
            roots = self._penalty_roots(params).values()
            parts.append(np.diag(np.concatenate([np.reshape(each, (-1,)) for each in roots])))
        return np.concatenate(parts), values, others

    def _scores(self, params: dict[str, Any]) -> Any:
        """Return scores and mask, the results, and the new state that is not trained."""
        stack, objective, batch = self.stack, self.objective, self.batch
        with stack.with_parameters(params | self.non_trainable, training=True):
            scores, mask = stack.with_mask(batch["X"], RandomStream(stack.seed))
            results = results_of_scores(objective, batch, scores, mask, stack.penalty)
            check_dependence(objective.loss.name, results[0], params, stack.layers[-1])
            state = {n: each.value for n, each in stack.parameters(trainable=False).items()}
        return scores, mask, results, state

    def _scores_of(self, x: Any, sample: Any) -> Any:
        """Return the scores of one sample as a vector."""
        params, stack = self.restored(x), self.stack
        with stack.with_parameters(params | self.non_trainable, training=True):
            scores, _ = stack.with_mask(sample[None], RandomStream(stack.seed))
        return np.reshape(scores, (-1,))

    def _roots(self, scores: Any, mask: Any) -> Any:
        """Return √c of each output."""

        def loss_of(scores: Any) -> Any:
            return results_of_scores(self.objective, self.batch, scores, mask, int)[0]

        double = grad(loss_of)(self.batch["y"].astype(scores.dtype) + 1)
        return np.sqrt(double / 2)

    def _penalty_roots(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return √(λ/2) of each element of the parameters."""

        def penalty_of(params: dict[str, Any]) -> Any:
            with self.stack.with_parameters(params | self.non_trainable, training=True):
                return self.stack.penalty()

        double = grad(penalty_of)({name: 0 * each + 1 for name, each in params.items()})
        return {name: np.sqrt(each / 2) for name, each in double.items()}

    def placeholders(self, x: Any) -> tuple[list[Any], tree.Structure]:
        """Return leaves and structure of what stands for the results without an evaluation."""
        _, (results, _) = self.loss(x)  # for their shapes alone: no value of it is used
        arrays = [each if hasattr(each, "dtype") else np.asarray(each) for each in results]
        zeros = [np.zeros(each.shape, each.dtype) for each in arrays]
        return tree.flatten((zeros, self.non_trainable))


def is_sample_wise(stack: LayerStack) -> bool:
    """Whether the output of a sample depends on that sample alone, and not on their number.

    That is known of the library's layers that train as they predict, without functions of a user's.
    """
    return all(map(_is_sample_wise, with_sublayers(stack.layers)))


def _is_sample_wise(layer: Any) -> bool:
    kind = type(layer)
    if kind not in LAYERS.values() or kind is Lambda:
        return False
    is_same_in_training = kind.train_forward is Layer.train_forward
    given = [*layer._arguments.arguments.values(), *vars(layer).values()]
    return is_same_in_training and not any(map(_is_foreign, given))


def _is_foreign(argument: Any) -> bool:
    """Whether an argument of a layer is a function that is not the library's."""
    module = getattr(argument, "__module__", None) or ""
    return callable(argument) and not module.startswith("chainrule.")


def _with_values(function: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], Any]:
    """Let a function return its value also beside what goes with it."""

    def both(x: Any) -> Any:
        values, others = function(x)
        return values, (values, others)

    return both


def check_penalties(stack: LayerStack) -> None:
    """Refuse a penalty of a layer that is no sum of squares."""
    for layer in with_sublayers(stack.layers):
        if type(layer).penalty is not Layer.penalty:
            raise ArgumentError(
                f"fit: the penalty of layer {layer.name!r} is a function of its own, but "
                "LevenbergMarquardt minimises a sum of squares: use l2= of the layers, or the "
                "optimizer 'lbfgs'"
            )
