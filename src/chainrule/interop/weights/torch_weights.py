"""Weights of PyTorch: a state dict, weights (out, in) and channels first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from chainrule.arguments.aliases import WEIGHTS_ALIASES
from chainrule.arguments.checks import checked_choice
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.interop.weights.attention import TORCH_ATTENTION
from chainrule.interop.weights.exchange import built, read_into, written
from chainrule.interop.weights.feature_order import feature_orders
from chainrule.interop.weights.groups import Group, as_arrays, grouped
from chainrule.interop.weights.inference import Candidate, inferred
from chainrule.interop.weights.layout import Array, Layout, layout_of, renamed
from chainrule.interop.weights.recurrent import TORCH_GRU, TORCH_RNN, in_both_directions
from chainrule.interop.weights.unit import units_of
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import PReLU
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.embedding import Embedding, PositionEmbedding
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.transposed_convolution import ConvTranspose2D
from chainrule.nn.layers.wrappers import Bidirectional
from chainrule.train.network import Network

__all__ = ["from_torch", "to_torch"]

_REMEDY = "as model.state_dict()"
_SAME = {"weight": "weight", "bias": "bias"}
_NORM = {"gain": "weight", "bias": "bias"}
_NORM_DEFAULTS = {"weight": 1.0, "bias": 0.0}

_LAYOUTS: dict[type[Layer], Layout] = {
    Dense: renamed(_SAME, (1, 0)),
    Conv1D: renamed(_SAME, (2, 1, 0)),
    Conv2D: renamed(_SAME, (3, 2, 0, 1)),
    Conv3D: renamed(_SAME, (4, 3, 0, 1, 2)),
    DepthwiseConv2D: renamed(_SAME, (3, 2, 0, 1)),
    ConvTranspose2D: renamed(_SAME, (2, 3, 0, 1)),
    BatchNorm: renamed(
        _NORM | {"mean": "running_mean", "variance": "running_var"}, None, _NORM_DEFAULTS
    ),
    LayerNorm: renamed(_NORM, None, _NORM_DEFAULTS),
    Embedding: renamed({"weight": "weight"}),
    PositionEmbedding: renamed({"weight": "weight"}),
    PReLU: renamed({"slopes": "weight"}),
    RNN: TORCH_RNN,
    LSTM: TORCH_RNN,
    GRU: TORCH_GRU,
    MultiHeadAttention: TORCH_ATTENTION,
}


def _layout_of(layer: Layer) -> Layout:
    if isinstance(layer, Bidirectional):
        return _both(layout_of(layer.forward_layer, _LAYOUTS))
    return layout_of(layer, _LAYOUTS)


def _both(layout: Layout) -> Layout:
    return in_both_directions(layout, "{}", "{}_reverse")


@answers_foreign_names(WEIGHTS_ALIASES)
def from_torch(
    state_dict: Mapping[str, Any],
    net: Network | None = None,
    names: Mapping[str, str] | None = None,
    flatten: str | None = None,
) -> dict[str, Array]:
    """Convert a state dict of PyTorch to values for ``net.params.update``.

    Weights (out, in) are transposed, kernels become (height, width, in, out), the two biases of a
    gate are added, the gates of a GRU reordered, the projections of an attention parted, and rows
    of a layer that reads flattened images put into the order of channels last. Layers are paired by
    their names if all are equal, else by their order; running statistics are read too.

    Parameters
    ----------
    state_dict : dict of str to tensor or array
        ``model.state_dict()``, or what a safetensors file holds. Files of pickles are not read.
    net : Network or None
        The network that they are for, built: `names`, shapes and layers are those of it. None for
        what the weights tell by themselves, under the names that layers have by default.
    names : mapping of str to str or None
        Modules of PyTorch to layers of `net`, for another order, or only some of them.
    flatten : {"channels_first", "channels_last"} or None
        Order of the features that a Flatten of the other model gives; None for channels first after
        convolutions and pooling.

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
    >>> state_dict = {"0.weight": np.eye(3, 2), "0.bias": np.ones(3)}
    >>> net = cr.Network([cr.nn.Dense(3)])
    >>> outputs = net(np.ones((1, 2)))  # builds it
    >>> net.params.update(cr.from_torch(state_dict, net))
    >>> net.predict(np.ones((1, 2)))
    array([[2., 2., 1.]], dtype=float32)
    """
    _check_flatten("from_torch", flatten)
    groups = _groups_of(as_arrays("from_torch", "state_dict", state_dict, _REMEDY))
    if net is None:
        _refuse_flattened(groups)
        return inferred("from_torch", groups, _candidates)
    orders = feature_orders("from_torch", built("from_torch", net), flatten)
    return read_into("from_torch", groups, net, units_of(net), names, _layout_of, orders)


@answers_foreign_names(WEIGHTS_ALIASES)
def to_torch(
    net: Network, like: Mapping[str, Any] | None = None, flatten: str | None = None
) -> dict[str, Array]:
    """Return the weights of a network as a state dict of PyTorch has them, as NumPy arrays.

    A model of the same layers takes them by ``model.load_state_dict({name: torch.as_tensor(each)
    for name, each in cr.to_torch(net, model.state_dict()).items()})``.

    Parameters
    ----------
    net : Network
        A built network.
    like : mapping of str to tensor or array, or None
        A state dict of the other model, whose names, shapes and dtypes the result has; None for the
        names that the layers have here.
    flatten : {"channels_first", "channels_last"} or None
        As in `from_torch`.

    Returns
    -------
    dict of str to array
        Copies, under names such as ``dense.weight``.

    Raises
    ------
    ArgumentError, ShapeError
        If the network is not built yet, and for all that does not fit, in one error.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.Network([cr.nn.Dense(3)])
    >>> outputs = net(np.ones((1, 2)))
    >>> {name: each.shape for name, each in cr.to_torch(net).items()}
    {'dense.weight': (3, 2), 'dense.bias': (3,)}
    """
    _check_flatten("to_torch", flatten)
    orders = feature_orders("to_torch", built("to_torch", net), flatten)
    if like is None:
        return written(net, _layout_of, ".", orders)
    groups = _groups_of(as_arrays("to_torch", "like", like, _REMEDY))
    return written(net, _layout_of, ".", orders, groups, "to_torch")


def _check_flatten(function: str, flatten: Any) -> None:
    if flatten is not None:
        checked_choice(function, "flatten", flatten, ("channels_first", "channels_last"))


_RECURRENT = re.compile(r"(weight|bias)_(ih|hh)_l(\d+)(_reverse)?$")


def _groups_of(arrays: Mapping[str, Array]) -> list[Group]:
    """Group arrays by module; each layer of a stacked recurrent module is one of its own."""
    return grouped(_entries(arrays))


def _entries(arrays: Mapping[str, Array]) -> Iterator[tuple[str, str, str, Array]]:
    attentions = [
        name.removesuffix("in_proj_weight").removesuffix("q_proj_weight")
        for name in arrays
        if name.endswith(("in_proj_weight", "q_proj_weight"))
    ]
    for full, array in arrays.items():
        owner, _, name = full.rpartition(".")
        if name == "num_batches_tracked":
            continue
        if found := _RECURRENT.match(name):
            quantity, source, number, reverse = found.groups()
            owner = f"{owner}.l{number}".lstrip(".") if int(number) else owner
            name = f"{quantity}_{source}{reverse or ''}"
        elif any(full.startswith(f"{each}out_proj.") for each in attentions):
            owner, _, part = owner.rpartition(".")
            name = f"{part}.{name}"
        yield owner, name, full, array


def _refuse_flattened(groups: Sequence[Group]) -> None:
    """Refuse a linear layer that may read flattened images, whose order depends on their size."""
    channels = 0
    for group in groups:
        weight = group.arrays.get("weight")
        if weight is None or weight.ndim < 2:
            continue
        if weight.ndim == 2 and channels and weight.shape[1] != channels:
            raise ArgumentError(
                f"from_torch: {group.name!r} reads {weight.shape[1]} features after "
                f"{channels} channels, in an order that depends on the size of the images; give "
                "the network that they are for, as cr.from_torch(state_dict, net)"
            )
        channels = 0 if weight.ndim == 2 else len(weight)


def _candidates(group: Group) -> list[Candidate]:
    """Return the kinds of layers whose arrays these may be."""
    names, weight = set(group.arrays), group.arrays.get("weight")
    if "weight_ih" in names:
        return _recurrent_candidates(group)
    if names & {"in_proj_weight", "q_proj_weight"}:
        return [(MultiHeadAttention, TORCH_ATTENTION)]
    if "running_mean" in names:
        return _of(BatchNorm) if names <= {"weight", "bias", "running_mean", "running_var"} else []
    if weight is None or not names <= {"weight", "bias"}:
        return []
    has_bias = "bias" in names
    if weight.ndim == 1:
        return _of(LayerNorm) if has_bias else _of(PReLU)
    if weight.ndim == 2:
        return _of(Dense) if has_bias else _of(Dense, Embedding)
    return _convolution_candidates(weight, group.arrays.get("bias"))


def _of(*kinds: type[Layer]) -> list[Candidate]:
    return [(kind, _LAYOUTS[kind]) for kind in kinds]


def _recurrent_candidates(group: Group) -> list[Candidate]:
    recurrent, rows = group.arrays.get("weight_hh"), len(group.arrays["weight_ih"])
    if recurrent is None or recurrent.ndim != 2:
        return []
    kind: type[Layer] | None = {1: RNN, 3: GRU, 4: LSTM}.get(rows // recurrent.shape[1])
    if kind is None:
        return []
    is_both = any(name.endswith("_reverse") for name in group.arrays)
    return [(Bidirectional, _both(_LAYOUTS[kind]))] if is_both else _of(kind)


def _convolution_candidates(weight: Array, bias: Array | None) -> list[Candidate]:
    kinds = cast(dict[int, type[Layer]], {3: Conv1D, 4: Conv2D, 5: Conv3D})
    if weight.ndim not in kinds:
        return []
    found = _of(kinds[weight.ndim]) if bias is None or len(bias) == len(weight) else []
    is_transposed = weight.ndim == 4 and (bias is None or len(bias) == weight.shape[1])
    return found + (_of(ConvTranspose2D) if is_transposed else [])
