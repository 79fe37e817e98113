"""The arguments of ``compile``: loss, optimiser and metrics, resolved from names and objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError
from chainrule.nn.losses.loss import LOSSES, Loss, resolve_loss
from chainrule.nn.losses.target_domain import PROBABILITIES, SIGNS
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import MINIMIZERS, OPTIMIZERS, resolve_optimizer
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

    def __post_init__(self) -> None:
        is_squares = self.loss.is_built_in and self.loss.name in ("mse", "sse")
        if isinstance(self.optimizer, LevenbergMarquardt) and not is_squares:
            raise ArgumentError(
                f"compile: the loss is {self.loss.name}, but LevenbergMarquardt minimises a sum of "
                "squares: give the loss 'mse' or 'sse', or for any loss the optimizer 'lbfgs'"
            )


def resolve_compile_arguments(
    loss: Any, optimizer: Any, learning_rate: Any, metrics: Any
) -> CompileArguments:
    """Resolve the arguments of ``compile``."""
    _refuse_optimizer(loss, optimizer)
    names: Any = learning_rate
    if isinstance(names, str | list) and names:
        raise ArgumentError(
            f"compile: learning_rate is {shown(names, 40)}; it must be a number greater "
            f"than 0; for metrics write metrics={shown(names, 40)}"  # third in Keras
        )
    loss = resolve_loss(loss)
    optimizer = resolve_optimizer(optimizer, learning_rate)
    return CompileArguments(loss, optimizer, _resolve_metrics(metrics, loss))


def _refuse_optimizer(loss: Any, optimizer: Any) -> None:
    """Refuse an optimiser in the place of the loss, which Keras takes first."""
    names = {name.lower() for name in (*OPTIMIZERS, *MINIMIZERS)}
    is_name = isinstance(loss, str) and loss not in LOSSES and loss.lower() in names
    if is_name or isinstance(loss, Optimizer):
        of_loss = repr(optimizer) if isinstance(optimizer, str) and optimizer in LOSSES else "..."
        raise ArgumentError(
            f"compile: the loss comes first, and {shown(loss, 40)} is an optimizer; write "
            f"net.compile(loss={of_loss}, optimizer={shown(loss, 40)})"
        )


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
