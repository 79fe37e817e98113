"""Weights of Keras: layer by layer as ``model.weights`` has them, channels last as here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from chainrule.arguments.aliases import WEIGHTS_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, counted
from chainrule.interop.weights.exchange import built, read_into, written
from chainrule.interop.weights.groups import as_arrays
from chainrule.interop.weights.inference import inferred
from chainrule.interop.weights.keras_groups import keras_candidates, keras_groups
from chainrule.interop.weights.keras_layouts import keras_layout
from chainrule.interop.weights.layout import Array
from chainrule.interop.weights.unit import Unit, units_of
from chainrule.train.network import Network

__all__ = ["from_keras", "to_keras"]

_REMEDY = "as {v.path: v.numpy() for v in model.weights}"


@answers_foreign_names(WEIGHTS_ALIASES)
def from_keras(
    weights: Mapping[str, Any] | Sequence[Any],
    net: Network | None = None,
    names: Mapping[str, str] | None = None,
) -> dict[str, Array]:
    """Convert weights of Keras to values for ``net.params.update``.

    Kernels are (in, out) and images channels last in both. What differs is converted: names,
    kernels of transposed and depthwise convolutions, the two biases of a GRU, the axis of the heads
    of an attention, the variance of a `Normalization`. Layers are paired by their names if all are
    equal, else by their order.

    Parameters
    ----------
    weights : dict of str to array, or sequence of arrays
        ``{v.path: v.numpy() for v in model.weights}``, a nested ``model.get_state_tree()``, or, if
        a network is given, ``model.get_weights()``.
    net : Network or None
        The network that they are for, built: `names`, shapes and layers are those of it. None for
        what the weights tell by themselves, under the names that layers have by default.
    names : mapping of str to str or None
        Layers of Keras to layers of `net`, for another order, or only some of them.

    Returns
    -------
    dict of str to array
        Under names of `net.params`, in its layouts; nothing of the network changes.

    Raises
    ------
    ArgumentError, ShapeError
        All layers, names and shapes that do not fit, in one error.
    DTypeError
        For what is no array of real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> weights = {"dense/kernel": np.eye(2, 3), "dense/bias": np.ones(3)}
    >>> net = cr.Network([cr.nn.Dense(3)])
    >>> outputs = net(np.ones((1, 2)))  # builds it
    >>> net.params.update(cr.from_keras(weights, net))
    >>> net.predict(np.ones((1, 2)))
    array([[2., 2., 1.]], dtype=float32)
    """
    units = None if net is None else units_of(built("from_keras", net))
    if isinstance(weights, list | tuple):
        weights = _with_names(cast(Sequence[Any], weights), units)
    arrays = as_arrays("from_keras", "weights", weights, _REMEDY)
    groups = keras_groups(arrays)
    if net is None or units is None:
        return inferred("from_keras", groups, keras_candidates)
    return read_into("from_keras", groups, net, units, names, keras_layout)


@answers_foreign_names(WEIGHTS_ALIASES)
def to_keras(net: Network) -> dict[str, Array]:
    """Return the weights of a network as Keras has them.

    A model of the same layers takes them by ``model.set_weights(list(cr.to_keras(net).values()))``.

    Parameters
    ----------
    net : Network
        A built network.

    Returns
    -------
    dict of str to array
        Copies, under names such as ``dense/kernel``, in the order of ``model.weights``.

    Raises
    ------
    ArgumentError
        If the network is not built yet.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.Network([cr.nn.GRU(3)])
    >>> outputs = net(np.ones((1, 5, 2)))
    >>> {name: each.shape for name, each in cr.to_keras(net).items()}
    {'gru/kernel': (2, 9), 'gru/recurrent_kernel': (3, 9), 'gru/bias': (2, 9)}
    """
    return written(built("to_keras", net), keras_layout, "/", {})


def _with_names(weights: Sequence[Any], units: list[Unit] | None) -> dict[str, Any]:
    """Return a list of arrays under the names that they have by their order."""
    if units is None:
        raise ArgumentError(
            "from_keras: a list of arrays does not name layers; give the network too, as "
            "cr.from_keras(weights, net), or a dictionary of arrays, " + _REMEDY
        )
    names = [
        f"{unit.name}/{name}"
        for unit in units
        for name in keras_layout(unit.layer).write(unit.layer, _placeholders(unit))
    ]
    if len(names) != len(weights):
        raise ArgumentError(
            f"from_keras: there are {counted(len(weights), 'array')}, and the layers of the network"
            f" have {len(names)}: {', '.join(names)}; give both models the same layers"
        )
    return dict(zip(names, weights, strict=True))


def _placeholders(unit: Unit) -> dict[str, Array]:
    parameters = unit.layer.parameters()
    return {name: parameters[name].array for name in unit.parameters}
