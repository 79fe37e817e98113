"""A sample of every layer: constructor, input shape, output shape and parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule.nn as nn

__all__ = ["CUSTOM", "SAMPLES", "LayerSample", "Scale", "inputs"]


@dataclass(frozen=True)
class LayerSample:
    """A layer, its input and output shape, and the shapes of its parameters.

    With a vocabulary, its inputs are integers below that size. What fills adds zeros of its own.
    """

    make: Callable[[], nn.Layer]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = ()
    name: str = ""
    vocabulary: int = 0
    fills: bool = False


class Scale(nn.Layer):
    """The custom layer of the documentation, without a call of super().__init__()."""

    def __init__(self, start: str = "ones") -> None:
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer=self.start)

    def forward(self, x: Any) -> Any:
        return x * self.gain


def swapped(x: Any) -> Any:
    return np.swapaxes(x, 1, 2)


def rotating(t: Any, y: Any) -> Any:
    return y[:, ::-1] * t


def dense_names(*sizes: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("weight", sizes), ("bias", sizes[-1:]))


def recurrent_names(inner: str, features: int, units: int, gates: int) -> Any:
    width = gates * units
    shapes = {"input_weight": (features, width), "recurrent_weight": (units, width)}
    own = {"recurrent_bias": (units,)} if gates == 3 else {}
    return tuple((inner + n, shape) for n, shape in (shapes | {"bias": (width,)} | own).items())


def norm_names(size: int, has_state: bool = False) -> tuple[tuple[str, tuple[int, ...]], ...]:
    names = ("gain", "bias", "mean", "variance") if has_state else ("gain", "bias")
    return tuple((name, (size,)) for name in names)


def attention_names(units: int, inner: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    parts = [(f"{name}", units, inner) for name in ("query", "key", "value")]
    return tuple(
        pair
        for name, first, last in [*parts, ("output", inner, units)]
        for pair in ((f"{name}_weight", (first, last)), (f"{name}_bias", (last,)))
    )


def named(
    path: str, names: tuple[tuple[str, tuple[int, ...]], ...]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((f"{path}.{name}", shape) for name, shape in names)


SAMPLES = [
    LayerSample(lambda: nn.Dense(3), (4, 2), (4, 3), dense_names(2, 3), "dense"),
    LayerSample(lambda: nn.Dense(3, "tanh"), (4, 5, 2), (4, 5, 3), dense_names(2, 3), "dense"),
    LayerSample(lambda: nn.Dense(3, "softmax", l2=0.1), (4, 2), (4, 3), dense_names(2, 3), "dense"),
    LayerSample(
        lambda: nn.Dense(3, use_bias=False, initializer="orthogonal"),
        (4, 2),
        (4, 3),
        (("weight", (2, 3)),),
        "dense",
    ),
    LayerSample(lambda: nn.Activation("sigmoid"), (4, 2), (4, 2), (), "activation"),
    LayerSample(lambda: nn.Activation("log_softmax"), (4, 3, 2), (4, 3, 2), (), "activation"),
    LayerSample(nn.Flatten, (4, 3, 2), (4, 6), (), "flatten"),
    LayerSample(nn.Flatten, (4,), (4, 1), (), "flatten"),
    LayerSample(lambda: nn.Reshape((2, -1)), (4, 6), (4, 2, 3), (), "reshape"),
    LayerSample(lambda: nn.Reshape([6]), (4, 2, 3), (4, 6), (), "reshape"),
    LayerSample(lambda: nn.Permute((2, 1)), (4, 2, 3), (4, 3, 2), (), "permute"),
    LayerSample(lambda: nn.Dropout(0.5), (4, 3), (4, 3), (), "dropout"),
    LayerSample(lambda: nn.Dropout(0.5, (None, 1)), (4, 3), (4, 3), (), "dropout"),
    LayerSample(lambda: nn.GaussianNoise(0.1), (4, 3), (4, 3), (), "gaussian_noise"),
    LayerSample(lambda: nn.Rescale(0.5, offset=1), (4, 3), (4, 3), (), "rescale"),
    LayerSample(lambda: nn.RNN(2), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 1), "rnn"),
    LayerSample(
        lambda: nn.RNN(2, "sigmoid", return_sequences=True, go_backwards=True, use_bias=False),
        (4, 5, 3),
        (4, 5, 2),
        recurrent_names("", 3, 2, 1)[:2],
        "rnn",
    ),
    LayerSample(
        lambda: nn.LSTM(2, l2=0.1), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 4), "lstm"
    ),
    LayerSample(
        lambda: nn.LSTM(2, return_sequences=True, mask_value=0.0),
        (4, 5, 3),
        (4, 5, 2),
        recurrent_names("", 3, 2, 4),
        "lstm",
    ),
    LayerSample(lambda: nn.GRU(2), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 3), "gru"),
    LayerSample(lambda: nn.Masking(-1.0), (4, 5, 3), (4, 5, 3), (), "masking"),
    LayerSample(
        lambda: nn.Bidirectional(nn.GRU(2, return_sequences=True)),
        (4, 5, 3),
        (4, 5, 4),
        recurrent_names("forward_layer.", 3, 2, 3) + recurrent_names("backward_layer.", 3, 2, 3),
        "bidirectional",
    ),
    LayerSample(
        lambda: nn.Bidirectional(nn.RNN(2, go_backwards=True), merge="mul"),
        (4, 5, 3),
        (4, 2),
        recurrent_names("forward_layer.", 3, 2, 1) + recurrent_names("backward_layer.", 3, 2, 1),
        "bidirectional",
    ),
    LayerSample(
        lambda: nn.TimeDistributed(nn.Dense(2)),
        (4, 5, 3),
        (4, 5, 2),
        (("layer.weight", (3, 2)), ("layer.bias", (2,))),
        "time_distributed",
    ),
    LayerSample(
        lambda: nn.Conv1D(2, 3, strides=2), (2, 8, 3), (2, 3, 2), dense_names(3, 3, 2), "conv1d"
    ),
    LayerSample(
        lambda: nn.Conv1D(4, 2, padding=[(1, 0)], dilation_rate=2, groups=2, activation="tanh"),
        (2, 5, 4),
        (2, 4, 4),
        dense_names(2, 2, 4),
        "conv1d",
    ),
    LayerSample(
        lambda: nn.Conv2D(3, 3), (2, 5, 6, 2), (2, 3, 4, 3), dense_names(3, 3, 2, 3), "conv2d"
    ),
    LayerSample(
        lambda: nn.Conv2D(4, (3, 2), (2, 1), "same", groups=2, use_bias=False, l2=0.1),
        (2, 5, 4, 2),
        (2, 3, 4, 4),
        (("weight", (3, 2, 1, 4)),),
        "conv2d",
    ),
    LayerSample(
        lambda: nn.Conv3D(2, (1, 2, 2), padding="same"),
        (2, 2, 3, 3, 1),
        (2, 2, 3, 3, 2),
        dense_names(1, 2, 2, 1, 2),
        "conv3d",
    ),
    LayerSample(lambda: nn.MaxPool1D(3, strides=2), (2, 8, 3), (2, 3, 3), (), "max_pool1d"),
    LayerSample(nn.MaxPool2D, (2, 5, 4, 3), (2, 2, 2, 3), (), "max_pool2d"),
    LayerSample(lambda: nn.MaxPool2D(3, 2, "same"), (2, 5, 4, 3), (2, 3, 2, 3), (), "max_pool2d"),
    LayerSample(lambda: nn.AvgPool1D(2, padding=1), (2, 5, 3), (2, 3, 3), (), "avg_pool1d"),
    LayerSample(lambda: nn.AvgPool2D((2, 1)), (2, 5, 4, 3), (2, 2, 4, 3), (), "avg_pool2d"),
    LayerSample(lambda: nn.AvgPool2D(3, 2, "same"), (2, 5, 4, 3), (2, 3, 2, 3), (), "avg_pool2d"),
    LayerSample(
        lambda: nn.ConvTranspose2D(2, 3, 2, "same"),
        (2, 3, 2, 3),
        (2, 6, 4, 2),
        dense_names(3, 3, 3, 2),
        "conv_transpose2d",
    ),
    LayerSample(
        lambda: nn.ConvTranspose2D(2, (3, 2), (2, 1), activation="tanh", use_bias=False),
        (2, 3, 2, 1),
        (2, 7, 3, 2),
        (("weight", (3, 2, 1, 2)),),
        "conv_transpose2d",
    ),
    LayerSample(
        lambda: nn.DepthwiseConv2D(3, 2, "same", depth_multiplier=2),
        (2, 5, 4, 2),
        (2, 3, 2, 4),
        (("weight", (3, 3, 1, 4)), ("bias", (4,))),
        "depthwise_conv2d",
    ),
    LayerSample(nn.GlobalAvgPool1D, (2, 5, 3), (2, 3), (), "global_avg_pool1d"),
    LayerSample(nn.GlobalAvgPool2D, (2, 5, 4, 3), (2, 3), (), "global_avg_pool2d"),
    LayerSample(nn.GlobalMaxPool1D, (2, 5, 3), (2, 3), (), "global_max_pool1d"),
    LayerSample(nn.GlobalMaxPool2D, (2, 5, 4, 3), (2, 3), (), "global_max_pool2d"),
    LayerSample(nn.BatchNorm, (4, 3), (4, 3), norm_names(3, True), "batch_norm"),
    LayerSample(nn.BatchNorm, (2, 3, 4, 2), (2, 3, 4, 2), norm_names(2, True), "batch_norm"),
    LayerSample(
        lambda: nn.Normalization([0.5, 1, 2], (4.0, 0.0, 0.25)),
        (4, 3),
        (4, 3),
        (("mean", (3,)), ("stddev", (3,))),
        "normalization",
    ),
    LayerSample(
        lambda: nn.Normalization(0.5, 4.0),
        (2, 3, 4, 1),
        (2, 3, 4, 1),
        (("mean", (1,)), ("stddev", (1,))),
        "normalization",
    ),
    LayerSample(nn.LayerNorm, (4, 3), (4, 3), norm_names(3), "layer_norm"),
    LayerSample(nn.LayerNorm, (2, 4, 3), (2, 4, 3), norm_names(3), "layer_norm"),
    LayerSample(
        lambda: nn.Embedding(5, 2), (4, 3), (4, 3, 2), (("weight", (5, 2)),), "embedding", 5
    ),
    LayerSample(
        lambda: nn.Embedding(5, 2, l2=0.1), (4,), (4, 2), (("weight", (5, 2)),), "embedding", 5
    ),
    LayerSample(
        nn.PositionEmbedding, (2, 5, 3), (2, 5, 3), (("weight", (5, 3)),), "position_embedding"
    ),
    LayerSample(
        lambda: nn.MultiHeadAttention(2),
        (2, 5, 4),
        (2, 5, 4),
        attention_names(4, 4),
        "multi_head_attention",
    ),
    LayerSample(
        lambda: nn.MultiHeadAttention(2, key_units=3, causal=True, dropout=0.5, use_bias=False),
        (2, 5, 4),
        (2, 5, 4),
        attention_names(4, 6)[::2],
        "multi_head_attention",
    ),
    LayerSample(
        lambda: nn.Residual([nn.Dense(5, "tanh"), nn.Dense(3, l2=0.1)]),
        (4, 3),
        (4, 3),
        named("layers.0", dense_names(3, 5)) + named("layers.1", dense_names(5, 3)),
        "residual",
    ),
    LayerSample(
        lambda: nn.Residual(nn.Conv2D(2, 3, padding="same"), shortcut=nn.Conv2D(2, 1)),
        (2, 3, 4, 3),
        (2, 3, 4, 2),
        named("layers.0", dense_names(3, 3, 3, 2)) + named("shortcut.0", dense_names(1, 1, 3, 2)),
        "residual",
    ),
    LayerSample(
        lambda: nn.Concatenate([nn.Dense(2), [nn.Dropout(0.5), nn.Dense(3)], []]),
        (4, 3),
        (4, 8),
        named("branches.0.0", dense_names(3, 2)) + named("branches.1.1", dense_names(3, 3)),
        "concatenate",
    ),
    LayerSample(
        lambda: nn.Concatenate([nn.Activation("tanh"), []], axis=1),
        (4, 3, 2),
        (4, 6, 2),
        (),
        "concatenate",
    ),
    LayerSample(lambda: nn.RandomFlip("both"), (4, 3, 5, 2), (4, 3, 5, 2), (), "random_flip"),
    LayerSample(lambda: nn.RandomShift(2), (4, 3, 5, 2), (4, 3, 5, 2), (), "random_shift"),
    LayerSample(lambda: nn.RandomRotation(30), (4, 3, 5, 2), (4, 3, 5, 2), (), "random_rotation"),
    LayerSample(lambda: nn.RandomZoom(0.3), (4, 3, 5, 2), (4, 3, 5, 2), (), "random_zoom"),
    LayerSample(
        lambda: nn.Add([nn.Dense(3), [nn.Dropout(0.5), nn.Dense(3, l2=0.1)], []]),
        (4, 3),
        (4, 3),
        named("branches.0.0", dense_names(3, 3)) + named("branches.1.1", dense_names(3, 3)),
        "add",
    ),
    LayerSample(nn.ReLU, (4, 3), (4, 3), (), "re_lu"),
    LayerSample(lambda: nn.LeakyReLU(0.2), (4, 3), (4, 3), (), "leaky_re_lu"),
    LayerSample(lambda: nn.ELU(0.5), (4, 3), (4, 3), (), "elu"),
    LayerSample(nn.SELU, (4, 3), (4, 3), (), "selu"),
    LayerSample(nn.GELU, (4, 3), (4, 3), (), "gelu"),
    LayerSample(nn.SiLU, (4, 3), (4, 3), (), "si_lu"),
    LayerSample(nn.Mish, (4, 3), (4, 3), (), "mish"),
    LayerSample(nn.PReLU, (4, 2, 3), (4, 2, 3), (("slopes", (3,)),), "p_re_lu"),
    LayerSample(nn.Softplus, (4, 3), (4, 3), (), "softplus"),
    LayerSample(nn.Softsign, (4, 3), (4, 3), (), "softsign"),
    LayerSample(nn.Sigmoid, (4, 3), (4, 3), (), "sigmoid"),
    LayerSample(nn.HardSigmoid, (4, 3), (4, 3), (), "hard_sigmoid"),
    LayerSample(nn.Tanh, (4, 3), (4, 3), (), "tanh"),
    LayerSample(nn.Softmax, (4, 3), (4, 3), (), "softmax"),
    LayerSample(lambda: nn.LogSoftmax(2), (4, 2, 3), (4, 2, 3), (), "log_softmax"),
    LayerSample(nn.Identity, (4, 3), (4, 3), (), "identity"),
    LayerSample(lambda: nn.Lambda(swapped), (4, 2, 3), (4, 3, 2), (), "lambda"),
    LayerSample(
        lambda: nn.ODE([nn.Dense(5, "tanh"), nn.Dense(3)], t=0.5, method="midpoint", steps=1),
        (4, 3),
        (4, 3),
        named("dynamics.0", dense_names(3, 5)) + named("dynamics.1", dense_names(5, 3)),
        "ode",
    ),
    LayerSample(
        lambda: nn.ODE(
            nn.Dense(3, "tanh"),
            [0.0, 0.5, 1.0],
            "heun",
            steps=1,
            return_sequences=True,
            with_time=True,
        ),
        (4, 3),
        (4, 3, 3),
        named("dynamics.0", dense_names(4, 3)),
        "ode",
    ),
    LayerSample(lambda: nn.ODE(rotating, 0.5, "euler", steps=1), (4, 3), (4, 3), (), "ode"),
    LayerSample(lambda: nn.RepeatVector(3), (4, 2), (4, 3, 2), (), "repeat_vector"),
    LayerSample(
        lambda: nn.ZeroPadding1D((1, 2)), (4, 2, 3), (4, 5, 3), (), "zero_padding1d", fills=True
    ),
    LayerSample(
        lambda: nn.ZeroPadding2D(((1, 0), (0, 2))),
        (2, 3, 4, 1),
        (2, 4, 6, 1),
        (),
        "zero_padding2d",
        fills=True,
    ),
    LayerSample(lambda: nn.Cropping1D((2, 1)), (4, 5, 3), (4, 2, 3), (), "cropping1d"),
    LayerSample(lambda: nn.Cropping2D((1, 0)), (2, 3, 4, 1), (2, 1, 4, 1), (), "cropping2d"),
    LayerSample(lambda: nn.UpSampling2D((2, 3)), (2, 2, 3, 2), (2, 4, 9, 2), (), "up_sampling2d"),
    LayerSample(
        lambda: nn.UpSampling2D(3, "bilinear"), (2, 2, 1, 2), (2, 6, 3, 2), (), "up_sampling2d"
    ),
    LayerSample(Scale, (4, 3), (4, 3), (("gain", (3,)),), "scale"),
]
CUSTOM = {"Scale": Scale, "rotating": rotating, "swapped": swapped}


def inputs(sample: LayerSample, dtype: str = "float64") -> Any:
    generator = np.random.default_rng(1)
    if sample.vocabulary:
        return generator.integers(0, sample.vocabulary, sample.input_shape).astype(dtype)
    return generator.normal(size=sample.input_shape).astype(dtype)
