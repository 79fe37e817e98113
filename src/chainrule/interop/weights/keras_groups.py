"""Arrays of Keras by layer: their groups by name, and the kinds of layers they may be of."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from chainrule.interop.weights.groups import Group, grouped
from chainrule.interop.weights.inference import Candidate
from chainrule.interop.weights.keras_layouts import KERAS_LAYOUTS
from chainrule.interop.weights.layout import Array, Arrays
from chainrule.interop.weights.recurrent import in_both_directions
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import PReLU
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.transposed_convolution import ConvTranspose2D
from chainrule.nn.layers.wrappers import Bidirectional

__all__ = ["keras_candidates", "keras_groups"]

_CELL = re.compile(r"(.*_)?cell(_\d+)?$")
_DIRECTION = re.compile(r"(forward|backward)(_.*)?$")
_HEADS = ("query", "key", "value", "attention_output")
_OLD_NAMES = {"depthwise_kernel": "kernel"}


def keras_groups(arrays: dict[str, Array]) -> list[Group]:
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


def keras_candidates(group: Group) -> list[Candidate]:
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
    return [(kind, KERAS_LAYOUTS[kind]) for kind in kinds]


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
