"""Laws of masks: padding changes nothing, in whatever layer and at whichever end it is."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleWarning, ShapeError

LENGTHS, STEPS, PADDING = (6, 4, 1, 0, 3), 6, -9.0
RNG = np.random.default_rng(0)
SEQUENCES = [RNG.normal(size=(length, 3)) for length in LENGTHS]


class Scale(nn.Layer):
    """A layer of one's own that knows nothing of masks and keeps the steps."""

    def forward(self, x: Any) -> Any:
        return 2 * x + 1


class SumOfSteps(nn.Layer):
    """A layer of one's own that takes the mask and reduces the steps."""

    def forward(self, x: Any, mask: Any = None) -> Any:
        return np.sum(x if mask is None else np.where(mask[..., None], x, 0), axis=1)


CARRIERS: dict[str, Any] = {
    "Masking": lambda: [nn.Masking(PADDING)],
    "Dropout": lambda: [nn.Dropout(0.5), nn.GaussianNoise(0.1)],
    "Dense": lambda: [nn.Dense(4, "relu"), nn.Activation("softmax"), nn.Rescale(2.0, 1.0)],
    "norms": lambda: [nn.Dense(4), nn.BatchNorm(), nn.LayerNorm()],
    "own layer": lambda: [Scale()],
    "RNN": lambda: [nn.RNN(4, "relu", return_sequences=True)],
    "LSTM": lambda: [nn.LSTM(4, return_sequences=True), nn.LSTM(3, return_sequences=True)],
    "GRU": lambda: [nn.GRU(4, return_sequences=True)],
    "Bidirectional": lambda: [nn.Bidirectional(nn.GRU(4, return_sequences=True))],
    "TimeDistributed": lambda: [
        nn.TimeDistributed(nn.Dense(4)),
        nn.TimeDistributed(nn.BatchNorm()),
    ],
    "attention": lambda: [nn.Dense(4), nn.MultiHeadAttention(2)],
    "causal attention": lambda: [nn.Dense(4), nn.MultiHeadAttention(2, causal=True)],
    "positions": lambda: [nn.PositionEmbedding()],
    "Residual": lambda: [nn.Residual([nn.Dense(5), nn.RNN(3, return_sequences=True)])],
    "Concatenate": lambda: [nn.Concatenate([[nn.RNN(4, return_sequences=True)], []])],
    "convolution": lambda: [nn.Dense(4), nn.Conv1D(3, 3, padding="same")],
    "causal convolution": lambda: [nn.Dense(4), nn.Conv1D(3, 3, padding=((2, 0),))],
    "Reshape": lambda: [nn.Reshape((STEPS, 1, 3)), nn.Permute((1, 3, 2)), nn.Reshape((STEPS, -1))],
}
"""Layers that carry the mask on."""

ENDS: dict[str, Any] = {
    "last step": lambda: [nn.LSTM(4)],
    "both ends": lambda: [nn.Bidirectional(nn.RNN(4))],
    "mean": lambda: [nn.GlobalAvgPool1D()],
    "maximum": lambda: [nn.GlobalMaxPool1D()],
    "branches": lambda: [nn.Concatenate([nn.GlobalAvgPool1D(), nn.GlobalMaxPool1D(), nn.GRU(2)])],
    "own sum": lambda: [SumOfSteps()],
}
"""Layers that leave padding out and end the mask."""


def padded(at_front: bool = False, value: float = PADDING, steps: int = STEPS) -> Any:
    """Return the sequences as one array, padded at one end."""
    x = np.full((len(SEQUENCES), steps, 3), value)
    for row, sequence in zip(x, SEQUENCES, strict=True):
        n = len(sequence)
        row[steps - n :] = sequence if at_front else row[steps - n :]
        if not at_front:
            row[:n] = sequence
    return x


def randomized(layers: Any, x: Any, last: Any = None) -> cr.Network:
    """Return a network with masked input and random parameters."""
    chosen = [*layers, *([last] if last else [])]
    if not any(isinstance(each, nn.Masking) for each in chosen):
        chosen = [nn.Masking(PADDING), *chosen]
    net = cr.Network(chosen, seed=1, dtype="float64")
    net(x)
    for name, value in net.params.items():
        low = 0.5 if name.endswith("variance") else -1.0
        net.params[name] = np.random.default_rng(len(name)).uniform(low, 1.0, value.shape)
    return net


@pytest.mark.parametrize("at_front", [False, True])
@pytest.mark.parametrize("name", CARRIERS)
def test_padding_changes_no_output_at_real_steps(name: str, at_front: bool) -> None:
    x = padded(at_front)
    net = randomized(CARRIERS[name](), x)
    outputs = net(x)
    assert np.isfinite(outputs).all()
    for output, sequence in zip(outputs, SEQUENCES, strict=True):
        n = len(sequence)
        if n and name != "Reshape":
            real = output[STEPS - n :] if at_front else output[:n]
            np.testing.assert_allclose(real, net(sequence[None])[0], atol=1e-12)


@pytest.mark.parametrize("at_front", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_padding_changes_no_output_of_whole_sequences(end: str, at_front: bool) -> None:
    x = padded(at_front)
    for name in ("Dense", "LSTM", "attention"):
        net = randomized([*CARRIERS[name](), *ENDS[end]()], x, nn.Dense(2))
        outputs = net(x)
        assert np.isfinite(outputs).all()
        for output, sequence in zip(outputs, SEQUENCES, strict=True):
            if len(sequence):
                alone = net(sequence[None])[0]
                np.testing.assert_allclose(output, alone, atol=1e-12, err_msg=name)


class LastStep(nn.Layer):
    """A layer of one's own that takes the last step, padded or not."""

    def forward(self, x: Any) -> Any:
        return x[:, -1]


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Flatten()],
        [LastStep()],
        [nn.Permute((2, 1))],
        [nn.Conv1D(3, 2, strides=2), nn.GlobalMaxPool1D()],
        [nn.MaxPool1D(2)],
        [nn.Residual([nn.Permute((2, 1)), nn.Dense(6), nn.Permute((2, 1))]), nn.LSTM(2)],
    ],
)
def test_a_mask_never_ends_in_silence_where_there_is_padding(layers: Any) -> None:
    net = cr.Network([nn.Masking(PADDING), *layers], seed=0)
    net.predict(RNG.normal(size=(2, STEPS, 3)))  # without padding, nothing is lost
    with pytest.warns(ChainruleWarning, match="mask ends at layer"):
        net.predict(padded())
    net.predict(padded())  # said once
    if isinstance(layers[0], nn.MaxPool1D):
        net.predict(padded(steps=STEPS + 2))


def test_two_values_of_padding_are_refused_and_one_may_be_repeated() -> None:
    with pytest.raises(ArgumentError, match="name one value, once"):
        cr.Network([nn.LSTM(2, return_sequences=True, mask_value=0.0), nn.GRU(2, mask_value=-1.0)])
    inner = nn.Residual([nn.Dense(2), nn.RNN(3, return_sequences=True, mask_value=PADDING)])
    last = nn.Bidirectional(nn.LSTM(2, mask_value=PADDING))
    twice = randomized([nn.Dense(3), inner, last], padded())
    once = randomized([nn.Dense(3), nn.Residual([nn.Dense(2), nn.RNN(3, return_sequences=True)]),
                       nn.Bidirectional(nn.LSTM(2))], padded())  # fmt: skip
    np.testing.assert_array_equal(twice(padded()), once(padded()))


def test_a_mask_value_without_steps_in_the_input_is_refused() -> None:
    net = cr.Network([nn.Dense(6), nn.Reshape((3, 2)), nn.LSTM(2, mask_value=0.0)])
    with pytest.raises(ArgumentError, match="has no steps"):
        net(np.ones((2, 4)))
    x = np.array([[1.0, 2.0, 3.0, 4.0, 0.0, 0.0]])
    arranged = [nn.Rescale(2.0, 1.0), nn.Dropout(0.5), nn.Reshape((3, 2))]
    net = cr.Network([*arranged, nn.LSTM(2, mask_value=0.0)], dtype="float64")
    np.testing.assert_array_equal(net(x), net.layers[-1](1 + 2 * x[:, :4].reshape(1, 2, 2)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("net_dtype", ["float32", "float64"])
def test_a_mask_value_is_recognised_as_rounded_to_any_dtype(dtype: str, net_dtype: str) -> None:
    x = padded(value=0.1).astype(dtype)
    net = cr.Network([nn.RNN(2, mask_value=0.1)], seed=0, dtype=net_dtype)
    np.testing.assert_allclose(net.predict(x)[1], net.predict(x[1:2, :4])[0], rtol=1e-6)
    counts = np.where(np.arange(STEPS) < 2, 3, -1)[None, :, None].astype("int8")
    net = cr.Network([nn.RNN(2, mask_value=-1)], seed=0, dtype=net_dtype)
    np.testing.assert_allclose(net.predict(counts), net.predict(counts[:, :2]), rtol=1e-6)


def test_index_zero_is_padding_for_all_that_follows() -> None:
    words = np.array([[3, 1, 0, 0], [2, 2, 1, 3], [0, 0, 1, 0], [0, 0, 0, 0]])
    for layers in (
        lambda: [nn.Embedding(5, 3, mask_zero=True), nn.LSTM(2)],
        lambda: [nn.Embedding(5, 3), nn.LSTM(2, mask_value=0)],
        lambda: [nn.Embedding(5, 4, mask_zero=True), nn.PositionEmbedding(),
                 nn.MultiHeadAttention(2), nn.GlobalAvgPool1D()],
    ):  # fmt: skip
        net = cr.Network(layers(), seed=0, dtype="float64")
        outputs = net.predict(words)
        for output, sentence in zip(outputs[:3], ([3, 1], [2, 2, 1, 3], [1]), strict=True):
            np.testing.assert_allclose(output, net(np.array([sentence]))[0], atol=1e-12)
        assert (outputs[3] == 0).all()
    with pytest.raises(ArgumentError, match="mask_zero=True"):
        nn.Embedding(5, 3, padding_idx=0)  # pyright: ignore[reportCallIssue]


def test_computed_values_that_equal_the_padding_are_no_padding() -> None:
    x = RNG.normal(size=(4, STEPS, 2)) + 3
    dead = nn.RNN(1, activation="relu", return_sequences=True, mask_value=0.0)
    counter = nn.RNN(1, activation=None, mask_value=0.0, initializer="ones")
    net = cr.Network([dead, counter], seed=0, dtype="float64")
    net(x)
    net.params["rnn.input_weight"] = np.full((2, 1), -1.0)
    net.params["rnn_1.bias"], net.params["rnn_1.recurrent_weight"] = np.ones(1), np.ones((1, 1))
    np.testing.assert_array_equal(net.predict(x), np.full((4, 1), 6.0))


def test_a_layer_of_ones_own_may_make_a_mask_and_take_it() -> None:
    class Positive(nn.Layer):
        def compute_mask(self, x: Any, mask: Any = None) -> Any:
            return np.any(x > 0, axis=-1)

        def forward(self, x: Any) -> Any:
            return x

    x = np.array([[[1.0], [2.0], [-5.0]]])
    net = cr.Network([Positive(), SumOfSteps()], dtype="float64")
    assert net(x).item() == 3.0
    assert net.layers[1](x).item() == -2.0  # by itself it has no mask

    class Wrong(Positive):
        def compute_mask(self, x: Any, mask: Any = None) -> Any:
            return x > 0

    with pytest.raises(ShapeError, match=r"must be \(batch, steps\)"):
        cr.Network([Wrong(), SumOfSteps()])(x)


def test_inner_layers_of_time_distributed_compare_no_computed_values() -> None:
    rows = RNG.normal(size=(2, 4, STEPS, 3))
    rows[:, :, 4:] = PADDING
    inner = nn.TimeDistributed(nn.LSTM(2, mask_value=PADDING))
    net = cr.Network([inner, nn.GRU(2)], seed=0, dtype="float64")
    np.testing.assert_allclose(net(rows), net(rows[:, :, :4]), atol=1e-12)
    late = cr.Network([nn.Dense(3), nn.TimeDistributed(nn.LSTM(2, mask_value=PADDING))])
    with pytest.raises(ArgumentError, match="come first"):
        late(rows)


def test_fit_says_if_a_mask_value_after_a_layer_of_ones_own_masks_nothing() -> None:
    class Fill(nn.Layer):
        def forward(self, x: Any) -> Any:
            return np.where(np.any(x < 0, axis=-1, keepdims=True), -1.0, x)

    x, y = np.abs(padded(value=2.0)), RNG.normal(size=(5, 1))
    net = cr.Network([Fill(), nn.LSTM(2, mask_value=-1.0), nn.Dense(1)])
    net.compile("mse", "sgd")
    with pytest.warns(ChainruleWarning, match="masks nothing: it is compared with X"):
        net.fit(x, y, verbose=0)
    for layers in ([nn.Dropout(0.1)], [nn.Dense(2)], []):  # of the library: no reason to doubt
        net = cr.Network([*layers, nn.LSTM(2, mask_value=-1.0), nn.Dense(1)])
        net.compile("mse", "sgd")
        net.fit(x, y, verbose=0)


def test_a_layer_takes_the_mask_in_training_as_well() -> None:
    class Half(nn.Layer):
        def forward(self, x: Any, mask: Any = None) -> Any:
            return x

        def train_forward(self, x: Any, random: Any) -> Any:
            return x

    with pytest.raises(ArgumentError, match="train_forward"):
        cr.Network([nn.Masking(PADDING), Half()])(padded())


def test_a_layer_of_ones_own_hands_its_mask_on_to_the_layers_inside() -> None:
    class Encoder(nn.Layer):
        def __init__(self) -> None:
            self.words = nn.Embedding(5, 4, mask_zero=True)
            self.reader, self.attention = nn.GRU(4, return_sequences=True), nn.MultiHeadAttention(2)
            self.name = None

        def forward(self, x: Any) -> Any:
            mask = self.words.compute_mask(x)
            read = self.reader(self.words(x), mask=mask)
            return np.max(np.where(mask[..., None], self.attention(read, mask=mask), -9), axis=1)

    words = np.array([[0, 3, 1, 0], [2, 2, 1, 3]])
    net = cr.Network([Encoder()], seed=0, dtype="float64")
    alone = net.layers[0](np.array([[3, 1]]))
    np.testing.assert_allclose(net.predict(words)[:1], alone, atol=1e-12)
