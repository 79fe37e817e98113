"""Gradient clipping by value and by global norm."""

from __future__ import annotations

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.optimizer import Array, Optimizer
from chainrule.optim.tree_update import clipped

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
    >>> import numpy as np
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
    return clipped(gradients, optimizer.clip_value, optimizer.clip_norm)
