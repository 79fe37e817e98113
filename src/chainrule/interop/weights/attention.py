"""Projections of multi-head attention: one kernel of all heads, or an axis of heads, or fused."""

from __future__ import annotations

from typing import cast

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.interop.weights.layout import Array, Arrays, Layout
from chainrule.nn.layer import Layer
from chainrule.nn.layers.attention import MultiHeadAttention

__all__ = ["KERAS_ATTENTION", "TORCH_ATTENTION"]

_PROJECTIONS = {"query": "query", "key": "key", "value": "value", "output": "attention_output"}
"""Names in Keras, by ours."""


def _write_keras(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    heads, written = cast(MultiHeadAttention, layer).heads, dict[str, Array]()
    for own, other in _PROJECTIONS.items():
        weight, bias = arrays[f"{own}_weight"], arrays.get(f"{own}_bias")
        inner = (heads, -1, weight.shape[1]) if own == "output" else (len(weight), heads, -1)
        written[f"{other}/kernel"] = weight.reshape(inner)
        if bias is not None:
            written[f"{other}/bias"] = bias if own == "output" else bias.reshape(heads, -1)
    return written


def _read_keras(arrays: Arrays) -> dict[str, Array]:
    read: dict[str, Array] = {}
    for own, other in _PROJECTIONS.items():
        kernel, bias = arrays[f"{other}/kernel"], arrays.get(f"{other}/bias")
        rows = (-1, kernel.shape[-1]) if own == "output" else (len(kernel), -1)
        read[f"{own}_weight"] = kernel.reshape(rows)
        if bias is not None:
            read[f"{own}_bias"] = bias.reshape(-1)
    return read


KERAS_ATTENTION = Layout(_write_keras, _read_keras, {})
"""Kernels (units, heads, key_units), and (heads, key_units, units) of the output."""


def _write_torch(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    weights = [arrays[f"{name}_weight"].T for name in ("query", "key", "value")]
    if weights[0].shape[0] != weights[0].shape[1]:
        raise ArgumentError(
            f"to_torch: attention {layer.name!r} has {weights[0].shape[0]} numbers for all heads "
            f"and {weights[0].shape[1]} units; torch.nn.MultiheadAttention has as many, which "
            "is key_units=None here"
        )
    written = {"out_proj.weight": arrays["output_weight"].T}
    if len({each.shape for each in weights}) == 1:
        written["in_proj_weight"] = np.concatenate(weights)
    else:  # a memory of other features
        written |= {f"{n}_proj_weight": w for n, w in zip("qkv", weights, strict=True)}
    if "output_bias" in arrays:
        biases = [arrays[f"{name}_bias"] for name in ("query", "key", "value")]
        written["in_proj_bias"] = np.concatenate(biases)
        written["out_proj.bias"] = arrays["output_bias"]
    return written


def _read_torch(arrays: Arrays) -> dict[str, Array]:
    if "in_proj_weight" in arrays:
        weights = np.split(arrays["in_proj_weight"], 3)
    else:
        weights = [arrays[f"{name}_proj_weight"] for name in "qkv"]
    names = ("query", "key", "value")
    read = {f"{name}_weight": each.T for name, each in zip(names, weights, strict=True)}
    read["output_weight"] = arrays["out_proj.weight"].T
    if "in_proj_bias" in arrays:
        biases = np.split(arrays["in_proj_bias"], 3)
        read |= {f"{name}_bias": each for name, each in zip(names, biases, strict=True)}
        read["output_bias"] = arrays["out_proj.bias"]
    return read


TORCH_ATTENTION = Layout(_write_torch, _read_torch, {})
"""One matrix (3 units, units) of the three projections, and ``out_proj``."""
