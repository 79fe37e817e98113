"""Gradient clipping by value and by global norm."""

from __future__ import annotations

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.optimizer import Array, Optimizer

__all__ = ["clip"]


@answers_foreign_names(OPTIMIZER_ALIASES)
def clip(gradients: dict[str, Array], optimizer: Optimizer) -> dict[str, Array]:
    """Clip gradients by the ``clip_value`` and ``clip_norm`` of an optimiser.

    First each element is clipped to ``[-clip_value, clip_value]``; then all gradients together, as
    one vector of Euclidean norm ‖g‖, are multiplied by ``min(1, clip_norm / ‖g‖)``, which preserves
    their direction.

    Parameters
    ----------
    gradients : dict of str to array or node, float of one dtype
        The gradient of each parameter.
    optimizer : Optimizer
        Only its ``clip_value`` and ``clip_norm`` are used.

    Returns
    -------
    dict of str to array or node
        New arrays with the same keys, shapes and dtype; the same ones where nothing is clipped. A
        gradient that is not finite stays so.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks",
    Algorithm 1.

    Examples
    --------
    >>> from chainrule import optim
    >>> gradients = {"weight": np.array([3.0, 0.0]), "bias": np.array([4.0])}
    >>> clip(gradients, optim.SGD(0.1, clip_norm=1.0))
    {'weight': array([0.6, 0. ]), 'bias': array([0.8])}
    >>> clip(gradients, optim.SGD(0.1, clip_value=3.5))
    {'weight': array([3., 0.]), 'bias': array([3.5])}
    """
    if not isinstance(gradients, dict):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad_argument("clip", "gradients", gradients, "a dict from names to arrays")
    if not isinstance(optimizer, Optimizer):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad_argument("clip", "optimizer", optimizer, "an optimiser, as optim.SGD(0.1)")
    for name, each in gradients.items():
        if getattr(getattr(each, "dtype", None), "kind", "") != "f":
            rule = "an array or a node of floats"
            raise bad_argument("clip", f"the gradient of {name!r}", each, rule)
    limit = optimizer.clip_value
    if limit is not None:
        gradients = {name: np.clip(each, -limit, limit) for name, each in gradients.items()}
    if optimizer.clip_norm is not None and gradients:
        scale = _scale(list(gradients.values()), optimizer.clip_norm)
        gradients = {name: each * scale for name, each in gradients.items()}
    return gradients


def _scale(gradients: list[Array], limit: float) -> Array:
    """Return ``min(1, limit / ‖g‖)``, without dividing by the zero norm of a zero gradient."""
    squares = [np.sum(each * each) for each in gradients]
    return limit / np.maximum(np.sqrt(sum(squares[1:], squares[0])), limit)
