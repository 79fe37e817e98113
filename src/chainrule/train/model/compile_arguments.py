"""What a network is trained for, as people say it and as it is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.nn.losses.loss import Loss, resolve_loss
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import resolve_optimizer
from chainrule.train.metrics import Metric, resolve_metric

__all__ = ["CompileArguments", "resolve_compile_arguments", "resolve_learning_rate"]

CompileArguments = tuple[Loss, Optimizer, tuple[Metric, ...]]
"""What is made small, how, and what is reported besides."""


def resolve_compile_arguments(
    loss: Any, optimizer: Any, learning_rate: Any, metrics: Any
) -> CompileArguments:
    """Look up what ``compile`` was given."""
    aim = resolve_loss(loss)
    return aim, resolve_optimizer(optimizer, learning_rate), _resolve_metrics(metrics, aim)


def resolve_learning_rate(learning_rate: Any, foreign: dict[str, Any]) -> Any:
    """Return the learning rate, which may also be called ``lr``, and take that from `foreign`."""
    if "lr" not in foreign:
        return learning_rate
    if learning_rate is not None:
        raise ArgumentError(
            "compile: lr and learning_rate are one argument, and both are given; keep learning_rate"
        )
    return foreign.pop("lr")


def _resolve_metrics(metrics: Any, loss: Loss) -> tuple[Metric, ...]:
    """Look metrics up; outputs that each say yes or no need to know from where on it is yes."""
    given = metrics if isinstance(metrics, Sequence) and not isinstance(metrics, str) else [metrics]
    threshold = {"binary_cross_entropy": 0.5, "hinge": 0.0}.get(loss.name)
    found = tuple(resolve_metric(each, threshold) for each in given if each is not None)
    names = ["loss", *(each.name for each in found)]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(
                f"compile: {name!r} would be reported twice; give each metric a name of its own "
                "(a function is named by its def)"
            )
    return found
