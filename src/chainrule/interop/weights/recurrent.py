"""Gates of recurrent layers: their order, and their biases, in Keras and PyTorch."""

from __future__ import annotations

import numpy as np

from chainrule.interop.weights.layout import Array, Arrays, Layout, renamed
from chainrule.nn.layer import Layer

__all__ = ["KERAS_GRU", "KERAS_RNN", "TORCH_GRU", "TORCH_RNN", "in_both_directions"]

KERAS_RNN = renamed(
    {"input_weight": "kernel", "recurrent_weight": "recurrent_kernel", "bias": "bias"}
)
"""RNN, and LSTM: the gates of Keras have our order i, f, c, o."""


def _write_keras_gru(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    written = {"kernel": arrays["input_weight"], "recurrent_kernel": arrays["recurrent_weight"]}
    if "bias" in arrays:
        inner = np.zeros_like(arrays["bias"])
        inner[-len(arrays["recurrent_bias"]) :] = arrays["recurrent_bias"]
        written["bias"] = np.stack([arrays["bias"], inner])
    return written


def _read_keras_gru(arrays: Arrays) -> dict[str, Array]:
    read = {"input_weight": arrays["kernel"], "recurrent_weight": arrays["recurrent_kernel"]}
    if "bias" in arrays:
        outer, inner = arrays["bias"]
        read |= _gru_biases(outer, inner)
    return read


KERAS_GRU = Layout(_write_keras_gru, _read_keras_gru, {})
"""GRU with ``reset_after=True``: gates z, r, h; biases of the input and of the state, (2, 3 u)."""


def _gru_biases(outer: Array, inner: Array) -> dict[str, Array]:
    """Return b and d: the gates z and r add both biases, r multiplies that of the state in g."""
    units = len(outer) // 3
    fused = outer.copy()
    fused[: 2 * units] += inner[: 2 * units]
    return {"bias": fused, "recurrent_bias": inner[2 * units :].copy()}


def _write_torch_rnn(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    written = {"weight_ih": arrays["input_weight"].T, "weight_hh": arrays["recurrent_weight"].T}
    if "bias" in arrays:
        bias = arrays["bias"]
        written |= {"bias_ih": bias, "bias_hh": np.zeros_like(bias)}
    return written


def _read_torch_rnn(arrays: Arrays) -> dict[str, Array]:
    read = {"input_weight": arrays["weight_ih"].T, "recurrent_weight": arrays["weight_hh"].T}
    if "bias_ih" in arrays:
        read["bias"] = arrays["bias_ih"] + arrays["bias_hh"]
    return read


TORCH_RNN = Layout(_write_torch_rnn, _read_torch_rnn, {})
"""RNN, and LSTM: the gates i, f, g, o of PyTorch are ours; b is the sum of its two biases."""


def _swapped(array: Array) -> Array:
    """Exchange the first two of three gates, z and r, along the last axis."""
    first, second, third = np.split(array, 3, axis=-1)
    return np.concatenate([second, first, third], axis=-1)


def _write_torch_gru(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    keras = _write_keras_gru(layer, arrays)
    written = {
        "weight_ih": _swapped(keras["kernel"]).T,
        "weight_hh": _swapped(keras["recurrent_kernel"]).T,
    }
    if "bias" in keras:
        written["bias_ih"], written["bias_hh"] = map(_swapped, keras["bias"])
    return written


def _read_torch_gru(arrays: Arrays) -> dict[str, Array]:
    read = {
        "input_weight": _swapped(arrays["weight_ih"].T),
        "recurrent_weight": _swapped(arrays["weight_hh"].T),
    }
    if "bias_ih" in arrays:
        read |= _gru_biases(_swapped(arrays["bias_ih"]), _swapped(arrays["bias_hh"]))
    return read


TORCH_GRU = Layout(_write_torch_gru, _read_torch_gru, {})
"""GRU: the gates of PyTorch are r, z, n."""


def in_both_directions(layout_of_one: Layout, forward: str, backward: str) -> Layout:
    """Return the layout of a `Bidirectional`: `forward` and `backward` are patterns of names."""
    directions = {"forward_layer.": forward, "backward_layer.": backward}

    def write(layer: Layer, arrays: Arrays) -> dict[str, Array]:
        written: dict[str, Array] = {}
        for prefix, pattern in directions.items():
            own = {name.removeprefix(prefix): arrays[name] for name in arrays if prefix in name}
            each = layout_of_one.write(layer, own)
            written |= {pattern.format(name): array for name, array in each.items()}
        return written

    def read(arrays: Arrays) -> dict[str, Array]:
        result: dict[str, Array] = {}
        names = ("kernel", "recurrent_kernel", "weight_ih", "weight_hh", "bias", "bias_ih")
        for prefix, pattern in directions.items():
            own = {
                name: arrays[full]
                for name in (*names, "bias_hh")
                if (full := pattern.format(name)) in arrays
            }
            each = layout_of_one.read(own)
            result |= {f"{prefix}{name}": array for name, array in each.items()}
        return result

    return Layout(write, read, {})
