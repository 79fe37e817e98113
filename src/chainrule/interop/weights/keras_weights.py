"""Weights of Keras: layer by layer as ``model.weights`` has them, channels last as here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.aliases import WEIGHTS_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, counted
from chainrule.interop.weights.attention import KERAS_ATTENTION
from chainrule.interop.weights.exchange import built, read_into, written
from chainrule.interop.weights.groups import Group, as_arrays, grouped
from chainrule.interop.weights.inference import Candidate, inferred
from chainrule.interop.weights.layout import Array, Arrays, Layout, layout_of, renamed
from chainrule.interop.weights.recurrent import KERAS_GRU, KERAS_RNN, in_both_directions
from chainrule.interop.weights.unit import Unit, units_of
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import PReLU
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.embedding import Embedding, PositionEmbedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.transposed_convolution import ConvTranspose2D
from chainrule.nn.layers.wrappers import Bidirectional
from chainrule.train.network import Network

__all__ = ["from_keras", "to_keras"]

_REMEDY = "as {v.path: v.numpy() for v in model.weights}"

_KERNEL = {"weight": "kernel", "bias": "bias"}
_NORM = {"gain": "gamma", "bias": "beta"}
_NORM_DEFAULTS = {"gamma": 1.0, "beta": 0.0}


def _write_depthwise(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    written_arrays = {_KERNEL[name]: each for name, each in arrays.items()}
    multiplier = cast(DepthwiseConv2D, layer).depth_multiplier
    kernel = arrays["weight"]
    written_arrays["kernel"] = kernel.reshape(*kernel.shape[:2], -1, multiplier)
    return written_arrays


def _read_depthwise(arrays: Arrays) -> dict[str, Array]:
    kernel = arrays["kernel"]
    read = {"weight": kernel.reshape(*kernel.shape[:2], 1, -1)}
    return read | ({"bias": arrays["bias"]} if "bias" in arrays else {})


def _write_statistics(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    return {"mean": arrays["mean"], "variance": arrays["stddev"] ** 2}


def _read_statistics(arrays: Arrays) -> dict[str, Array]:
    return {"mean": arrays["mean"], "stddev": np.sqrt(arrays["variance"])}


def _write_slopes(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    ones = (1,) * (len(layer.input_shape or (None, None)) - 2)  # shared_axes of Keras: all of space
    return {"alpha": arrays["slopes"].reshape(*ones, -1)}


def _read_slopes(arrays: Arrays) -> dict[str, Array]:
    return {"slopes": arrays["alpha"].reshape(-1)}


_DENSE = renamed(_KERNEL)
_LAYOUTS: dict[type[Layer], Layout] = {
    Dense: _DENSE,
    Conv1D: _DENSE,
    Conv2D: _DENSE,
    Conv3D: _DENSE,
    ConvTranspose2D: renamed(_KERNEL, (0, 1, 3, 2)),
    DepthwiseConv2D: Layout(_write_depthwise, _read_depthwise, {}),
    BatchNorm: renamed(
        _NORM | {"mean": "moving_mean", "variance": "moving_variance"}, None, _NORM_DEFAULTS
    ),
    LayerNorm: renamed(_NORM, None, _NORM_DEFAULTS),
    Normalization: Layout(_write_statistics, _read_statistics, {}),
    Embedding: renamed({"weight": "embeddings"}),
    PositionEmbedding: renamed({"weight": "position_embeddings"}),
    PReLU: Layout(_write_slopes, _read_slopes, {}),
    RNN: KERAS_RNN,
    LSTM: KERAS_RNN,
    GRU: KERAS_GRU,
    MultiHeadAttention: KERAS_ATTENTION,
}


def _layout_of(layer: Layer) -> Layout:
    if isinstance(layer, Bidirectional):
        inner = layout_of(layer.forward_layer, _LAYOUTS)
        return in_both_directions(inner, "forward/{}", "backward/{}")
    return layout_of(layer, _LAYOUTS)


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
    groups = _groups_of(arrays)
    if net is None or units is None:
        return inferred("from_keras", groups, _candidates)
    return read_into("from_keras", groups, net, units, names, _layout_of)


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
    return written(built("to_keras", net), _layout_of, "/", {})


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
        for name in _layout_of(unit.layer).write(unit.layer, _placeholders(unit))
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


_CELL = re.compile(r"(.*_)?cell(_\d+)?$")
_DIRECTION = re.compile(r"(forward|backward)(_.*)?$")
_HEADS = ("query", "key", "value", "attention_output")
_OLD_NAMES = {"depthwise_kernel": "kernel"}


def _groups_of(arrays: dict[str, Array]) -> list[Group]:
    """Group arrays by layer; what parts of layers are called becomes part of their names."""
    return grouped(_entries(arrays))


def _entries(arrays: dict[str, Array]) -> Iterator[tuple[str, str, str, Array]]:
    for full, array in arrays.items():
        parts = full.removesuffix(":0").split("/")
        while parts[0] in ("trainable_variables", "non_trainable_variables"):
            parts = parts[1:]
        *owner, name = parts
        name = _OLD_NAMES.get(name, name)
        if any(each.startswith("seed_generator") for each in parts):
            continue  # the state of random numbers
        if name == "count" and array.ndim == 0:
            continue  # of samples that a Normalization has seen
        if owner and _CELL.match(owner[-1]):
            owner = owner[:-1]
        if owner and (direction := _DIRECTION.match(owner[-1])) and name in _RECURRENT:
            owner, name = owner[:-1], f"{direction[1]}/{name}"
        elif owner and owner[-1] in _HEADS and _has_heads(arrays, full, owner):
            owner, name = owner[:-1], f"{owner[-1]}/{name}"
        yield "/".join(owner), name, full, array


_RECURRENT = ("kernel", "recurrent_kernel", "bias")


def _has_heads(arrays: dict[str, Array], full: str, owner: list[str]) -> bool:
    """Whether an array is of a projection of an attention, whose kernels have an axis of heads."""
    prefix, _, suffix = full.rpartition("/")
    kernel = arrays.get(f"{prefix}/kernel{':0' if suffix.endswith(':0') else ''}")
    return kernel is not None and kernel.ndim == 3


def _candidates(group: Group) -> list[Candidate]:
    """Return the kinds of layers whose arrays these may be."""
    names, kernel = set(group.arrays), group.arrays.get("kernel")
    if "recurrent_kernel" in names:
        return _recurrent_candidates(group.arrays)
    if "forward/kernel" in names:
        one = {n.removeprefix("forward/"): each for n, each in group.arrays.items()}
        return [
            (Bidirectional, in_both_directions(layout, "forward/{}", "backward/{}"))
            for _, layout in _recurrent_candidates(one)
        ]
    if "query/kernel" in names:
        return _of(MultiHeadAttention)
    if "moving_mean" in names:
        return _of(BatchNorm)
    found = next((kind for kind, own in _BY_NAMES.items() if names == own), None)
    if found is not None:
        return _of(found)
    if kernel is None or not names <= {"kernel", "bias"}:
        return []
    return _of(Dense) if kernel.ndim == 2 else _convolution_candidates(group)


_BY_NAMES: dict[type[Layer], set[str]] = {
    LayerNorm: {"gamma", "beta"},
    Normalization: {"mean", "variance"},
    Embedding: {"embeddings"},
    PReLU: {"alpha"},
}


def _of(*kinds: type[Layer]) -> list[Candidate]:
    return [(kind, _LAYOUTS[kind]) for kind in kinds]


def _recurrent_candidates(arrays: Arrays) -> list[Candidate]:
    units, width = arrays["recurrent_kernel"].shape
    kind: type[Layer] | None = {1: RNN, 3: GRU, 4: LSTM}.get(width // units)
    if kind is None or (kind is GRU and arrays.get("bias", np.zeros((2, 1))).ndim == 1):
        return []  # a GRU of reset_after=False computes otherwise
    return _of(kind)


def _convolution_candidates(group: Group) -> list[Candidate]:
    """Return kinds by the name that Keras gives, else by the sizes of kernel and bias."""
    kernel, bias = group.arrays["kernel"], group.arrays.get("bias")
    kinds: dict[int, type[Layer]] = {3: Conv1D, 4: Conv2D, 5: Conv3D}
    if kernel.ndim not in kinds:
        return []
    rules: list[tuple[str, type[Layer], int]] = [(r"conv\dd", kinds[kernel.ndim], kernel.shape[-1])]
    if kernel.ndim == 4:
        rules.append(("conv2d_transpose", ConvTranspose2D, kernel.shape[2]))
        rules.append(("depthwise_conv2d", DepthwiseConv2D, kernel.shape[2] * kernel.shape[3]))
    name = group.name.split("/")[-1]
    for pattern, kind, _ in rules:
        if re.fullmatch(rf"{pattern}(_\d+)?", name):
            return _of(kind)
    return [
        each for _, kind, size in rules if bias is None or len(bias) == size for each in _of(kind)
    ]
