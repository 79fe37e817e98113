"""``net.debug``: the walk through the loss of a network and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import checked_count
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.graph.trace import trace_call
from chainrule.insight.debugger.sample_gradients import (
    SampleGradients,
    gradient_of_weights,
    rank_samples,
)
from chainrule.insight.debugger.session import DebugSession
from chainrule.insight.debugger.walk import walk
from chainrule.insight.explanation.derivation import derive
from chainrule.nn.batch_share import in_batch
from chainrule.nn.random_stream import RandomStream
from chainrule.train.checks.lookup_range import explain_lookup_error
from chainrule.train.fit.replay import Replay, ReplayedStep
from chainrule.train.inference.functional import random_stream
from chainrule.train.inference.gathered_loss import kind_of_loss
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.network import Network, model_of

__all__ = ["debug_network", "debug_run"]


def debug_network(
    net: Network, X: Any, y: Any, sample_weight: Any, training: Any, seed: Any
) -> DebugSession:
    """Return the session of the loss of `net.gradients` and its gradient."""
    model = model_of(net)
    objective = model.objective("debug")
    random_stream("debug", training, seed)
    samples, _ = prepare_samples(model, objective, X, y, sample_weight, "debug")
    kind_of_loss(model.stack, objective, model.programs, samples, "debug")
    mode = "training" if training else "evaluation"
    return _Batch(
        model,
        replace(objective, metrics=()),
        samples,
        f"a network of {len(model.layers)} layers in {mode}",
        lambda: random_stream("debug", training, seed),
    ).session()


def debug_run(
    net: Network, X: Any, y: Any, run: Any, step: Any, settings: dict[str, Any]
) -> DebugSession:
    """Return the session of a step of a run: its batch, in the network as it was before it."""
    if run is None:
        raise ArgumentError(
            f"debug: step is {step!r}, and run is not given; give the folder of the run, as in "
            "net.debug(X, y, run=folder)"
        )
    copied = deepcopy(net)
    replay = Replay(copied, model_of(copied), run, X, y, settings)

    def session(step: Any) -> DebugSession:
        return _step_session(replay.to(step))

    first = session(replay.last if step is None else step)
    first.let_replay(session)
    return first


def _step_session(step: ReplayedStep) -> DebugSession:
    model, batch = step.model, step.batch
    objective = replace(model.objective("debug"), metrics=())
    return _Batch(
        model,
        objective,
        batch,
        f"step {step.number}, epoch {step.epoch}, of the training of a network of "
        f"{len(model.layers)} layers",
        lambda: RandomStream(model.stack.seed, step.epoch, step.step),
        lambda: in_batch(len(batch), step.full, len(step.samples)),
    ).session(step.number)


@dataclass(frozen=True)
class _Batch:
    """A batch that the loss of a network and its gradient are computed for."""

    model: Model
    objective: Objective
    samples: Samples
    title: str
    random: Callable[[], RandomStream | None]
    share: Callable[[], AbstractContextManager[Any]] = nullcontext  # of a batch in the samples

    def session(self, step: int | None = None) -> DebugSession:
        arrays = self._arrays(self.samples)
        graph = self._trace(self.samples)
        stack = self.model.stack
        named = dict(zip(stack.parameters(), graph.inputs, strict=False))
        trained = [named[name] for name in stack.parameters(trainable=True)]
        data = graph.inputs[len(named)]
        sources = [*trained, *([data] if data.array_type.is_float else [])]
        titles = {node.serial: name for name, node in named.items()}
        try:
            stops = walk(graph, arrays, sources, titles)
        except IndexError:
            explain_lookup_error(stack, self.samples.X)
            raise
        return DebugSession(self.title, stops, self.per_sample, step)

    def per_sample(self, parameter: str, index: Any, n: int) -> SampleGradients:
        """Rank the samples by their gradients by a parameter."""
        stack, objective = self.model.stack, self.objective
        trained = list(stack.parameters(trainable=True))
        if parameter not in trained:
            raise ArgumentError(
                f"samples: the network trains no parameter {parameter!r}; "
                f"{suggestion(str(parameter), trained)}"
            )
        _check_index(index, stack.parameters()[parameter].array)
        given = self.samples.weight
        weights = np.ones(len(self.samples), stack.dtype) if given is None else np.array(given)
        weighted = replace(self.samples, weight=weights)
        kind_of_loss(stack, objective, self.model.programs, weighted, "samples")
        graph = self._trace(weighted)
        place = list(stack.parameters()).index(parameter)
        (node,) = derive(graph, (), [graph.inputs[place]]).gradients
        shape = stack.parameters()[parameter].array.shape

        def zeros(_: NDArray[Any]) -> NDArray[Any]:
            return np.zeros(shape, stack.dtype)

        gradient = (
            zeros if node is None else gradient_of_weights(graph, node, self._arrays(weighted))
        )
        count = checked_count("samples", "n", n, 1)
        return rank_samples(parameter, index, count, len(weighted), gradient, weights)

    def _arrays(self, samples: Samples) -> list[Any]:
        return [*self.model.stack.arrays(), *samples.take(slice(None))]

    def _trace(self, samples: Samples) -> Graph:
        """Trace the loss, penalties included, as a function of parameters, X, y and weights."""
        stack, objective = self.model.stack, self.objective
        random = self.random()

        def loss(params: dict[str, Any], X: Any, y: Any, sample_weight: Any = None) -> Any:
            batch = {"X": X, "y": y, "weight": sample_weight}
            with stack.with_parameters(params):
                value, penalty, *_ = compute_loss_and_metrics(stack, objective, batch, random)
            return value + penalty

        params = {name: each.array for name, each in stack.parameters().items()}
        with self.share():
            return trace_call(loss, (params, *samples.take(slice(None)))).graph


def _check_index(index: Any, array: NDArray[Any]) -> None:
    """Refuse an index that is not of one weight."""
    place = index if isinstance(index, tuple) else (index,)
    if index is None:
        return
    is_inside = len(place) == array.ndim and all(
        isinstance(i, int | np.integer) and -size <= i < size
        for i, size in zip(place, array.shape, strict=True)
    )
    if not is_inside:
        raise ArgumentError(
            f"samples: index is {index!r}; it must be the place of one weight in an array of shape "
            f"{array.shape}, an integer for each axis"
        )
