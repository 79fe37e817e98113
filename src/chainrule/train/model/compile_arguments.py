"""The arguments of ``compile``: loss, optimiser and metrics, resolved from names and objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.nn.losses.loss import Loss, resolve_loss
from chainrule.nn.losses.target_domain import PROBABILITIES, SIGNS
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import resolve_optimizer
from chainrule.train.metrics import Metric, resolve_metric

__all__ = ["CompileArguments", "resolve_compile_arguments"]


_REPORTED = ("loss", "learning_rate", "seconds")
"""What the history of an epoch has beside the metrics."""


@dataclass(frozen=True)
class CompileArguments:
    """Loss, optimiser and metrics of ``compile``, resolved."""

    loss: Loss
    optimizer: Optimizer
    metrics: tuple[Metric, ...]


def resolve_compile_arguments(
    loss: Any, optimizer: Any, learning_rate: Any, metrics: Any
) -> CompileArguments:
    """Resolve the arguments of ``compile``."""
    loss = resolve_loss(loss)
    optimizer = resolve_optimizer(optimizer, learning_rate)
    return CompileArguments(loss, optimizer, _resolve_metrics(metrics, loss))


def _resolve_metrics(metrics: Any, loss: Loss) -> tuple[Metric, ...]:
    """Resolve metrics; for binary outputs the loss decides the threshold of the positive class."""
    if metrics is None:
        return ()
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        metrics = [metrics]
    if any(each is None for each in metrics):
        raise ArgumentError(
            "compile: metrics holds None; leave it out, or pass metrics=None for no metrics"
        )
    threshold = {PROBABILITIES: 0.5, SIGNS: 0.0}.get(loss.targets)
    resolved = tuple(resolve_metric(each, threshold) for each in metrics)
    names = [*_REPORTED, *(each.name for each in resolved)]
    names += [f"val_{name}" for name in names]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(
                f"compile: {name!r} would be reported twice; give each metric a name of its own "
                "(a function is named by its def)"
            )
    return resolved
