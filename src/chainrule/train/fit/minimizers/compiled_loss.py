"""The loss of all samples and its derivatives at a vector, each one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.derivative import value_and_grad
from chainrule.autodiff.jacobian import hessian
from chainrule.autodiff.transformations import hvp
from chainrule.compiler.driver import ArrayFunction, compile_graph, load_program
from chainrule.graph.array_type import type_of
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import trace_kept
from chainrule.solvers.flat_vector import ravel
from chainrule.train.fit.minimizers.full_batch import FullBatch
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["CompiledLoss"]

Array = NDArray[Any]


class CompiledLoss:
    """Loss, gradient, Hessian and its products, compiled on first use and cached in the model."""

    def __init__(
        self, model: Model, objective: Objective, params: dict[str, Array], samples: Samples
    ) -> None:
        self._model, self._objective, self._params = model, objective, params
        self._types = samples.types(len(samples))
        self._arrays: Sequence[Array] = (
            samples.arrays() if samples.are_contiguous else samples.take(slice(None))
        )

    def load(self, has_gradient: bool) -> None:
        """Compile what each evaluation needs, and wait for its code."""
        load_program(self._program(_with_gradient if has_gradient else _alone))

    def value(self, x: Array, state: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """Return the results of `compute_loss_and_metrics` and the new state, not trained."""
        outputs = self._run(_alone, x, state)
        return self._parted(outputs, len(state))

    def value_and_gradient(
        self, x: Array, state: Sequence[Array]
    ) -> tuple[Array, list[Array], list[Array]]:
        """Return the gradient, the results, and the new state that is not trained."""
        gradient, *outputs = self._run(_with_gradient, x, state)
        return gradient, *self._parted(outputs, len(state))

    def hessian(self, x: Array, state: Sequence[Array]) -> Array:
        """Return the Hessian of loss and penalty, (n, n)."""
        return self._run(_hessian, x, state)[0]

    def hessian_product(self, x: Array, vector: Array, state: Sequence[Array]) -> Array:
        """Return the product of the Hessian and a vector, (n,)."""
        return self._run(_hessian_product, x, state, vector)[0]

    @staticmethod
    def _parted(outputs: list[Array], width: int) -> tuple[list[Array], list[Array]]:
        end = len(outputs) - width
        return outputs[:end], outputs[end:]

    def _run(
        self, kind: Callable[..., Any], x: Array, state: Sequence[Array], *vectors: Array
    ) -> list[Array]:
        dtype = self._model.dtype
        inputs = [x.astype(dtype), *state, *self._arrays, *(each.astype(dtype) for each in vectors)]
        with np.errstate(all="ignore"):
            return list(self._program(kind)(inputs))

    def _program(self, kind: Callable[..., Any]) -> ArrayFunction:
        """Return the program from vector, state, samples and a vector if `kind` takes one."""
        model, objective = self._model, self._objective
        stack = model.stack
        others = {name: type_of(p.array) for name, p in stack.parameters(trainable=False).items()}
        x, restored = ravel(self._params, "fit")
        vectors = [type_of(x)] if kind is _hessian_product else []

        def function(x: Any, state: Any, batch: dict[str, Any], *vectors: Any) -> Any:
            return kind(FullBatch(stack, objective, batch, state, restored), x, *vectors)

        def build() -> tuple[ArrayFunction, Guards]:
            arguments = (type_of(x), others, self._types, *vectors)
            roots = [*stack.layers, *objective.roots]
            kept = trace_kept("fit", function, arguments, roots=roots, arguments=stack.bound)
            return compile_graph(kept.traced.graph, in_background=True), kept.guards

        key = ("minimizer", kind.__name__, *self._params, *self._types.values())
        return model.programs.get(key, build)


def _alone(problem: FullBatch, x: Any) -> Any:
    _, (results, state) = problem.loss(x)
    return results, state


def _with_gradient(problem: FullBatch, x: Any) -> Any:
    (_, (results, state)), gradient = value_and_grad(problem.loss, has_aux=True)(x)
    return gradient, results, state


def _hessian(problem: FullBatch, x: Any) -> Any:
    return hessian(lambda x: problem.loss(x)[0])(x)


def _hessian_product(problem: FullBatch, x: Any, vector: Any) -> Any:
    return hvp(lambda x: problem.loss(x)[0])(x, vector)
