"""Losses and metrics of a user's own that pair each target with each output, by broadcasting.

NumPy broadcasts ``y - p`` of the shapes (n,) and (n, 1) to (n, n). A mean of that looks like a
loss, and trains towards the mean of all targets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import warn
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import Node, ancestors, variable
from chainrule.nn.losses.loss import Loss
from chainrule.train.metrics import Metric

__all__ = ["warn_of_broadcasting"]

_SAMPLES = 7
"""Samples of a trace: a length that no constant of a function has by chance."""


def warn_of_broadcasting(
    y: NDArray[Any],
    loss: Loss,
    metrics: Sequence[Metric],
    output_shape: tuple[int | None, ...],
    function: str,
    name: str = "y",
) -> None:
    """Warn of a function that combines (n,) with (n, 1), one of targets and the other of outputs.

    Examples
    --------
    >>> import warnings
    >>> from chainrule.nn.losses.loss import resolve_loss
    >>> own = resolve_loss(lambda y, p: np.mean((y - p) ** 2))
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_of_broadcasting(np.ones(60), own, [], (None, 1), "fit")
    >>> print(caught[0].message)
    fit: the loss <lambda> combines y of shape (60,) with outputs of shape (60, 1), which broadcast
    to (60, 60), each target with each output; pass y.reshape(-1, 1)
    """
    outputs = (len(y), *(size or 0 for size in output_shape[1:]))
    if {y.shape, outputs} != {(len(y),), (len(y), 1)}:
        return
    own = {f"metric {each.name}": each.function for each in metrics if not each.is_built_in}
    own |= {} if loss.is_built_in else {f"loss {loss.name}": loss.per_sample}
    remedy = f"{name}.reshape({', '.join(map(str, (-1, *outputs[1:])))})"
    for title, called in own.items():
        if _pairs_all(called, ArrayType(y.dtype, (_SAMPLES, *y.shape[1:])), outputs[1:]):
            n = len(y)
            warn(
                f"{function}: the {title} combines {name} of shape {y.shape} with outputs of shape "
                f"{outputs}, which broadcast to {(n, n)}, each target with each output; pass "
                f"{remedy}"
            )


def _pairs_all(function: Callable[..., Any], y_type: ArrayType, output: tuple[int, ...]) -> bool:
    """Whether a function broadcasts targets against outputs without saying so by an axis."""
    y = variable(y_type, name="y_true")
    p = variable(ArrayType(np.dtype("float64"), (_SAMPLES, *output)), name="y_pred")

    def run() -> Any:
        with run_on_types(function):
            return function(y, p)

    try:
        result = with_filled_arrays(run, function)
    except Exception:  # noqa: BLE001 (of the user's own, perhaps of arrays alone)
        return False
    nodes = ancestors([result], lambda _: False) if isinstance(result, Node) else []
    return any(
        _widened(one) == (_SAMPLES,)
        and _widened(other) == (_SAMPLES, 1)
        and {*_arguments(one)} ^ {*_arguments(other)} == {y.serial, p.serial}
        for node in nodes
        for one, other in permutations(node.inputs, 2)
    )


def _widened(node: Node) -> tuple[int, ...]:
    """Return the shape that is broadcast to all pairs of samples; () for other operations."""
    is_broadcast = node.primitive is not None and node.primitive.name == "broadcast_to"
    is_of_pairs = is_broadcast and node.shape == (_SAMPLES, _SAMPLES)
    return node.inputs[0].shape if is_of_pairs else ()


def _arguments(node: Node) -> list[int]:
    return [n.serial for n in ancestors([node], lambda _: False) if n.name.startswith("y_")]
