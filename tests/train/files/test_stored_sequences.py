"""Layers of one's own over steps, in files: masks, scores, any length, layers in layers."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, FormatError, ShapeError
from chainrule.train.files.programs.sizes import POINTS_OF_PARTS, fitted, size_at
from chainrule.train.files.programs.stored_layer import StoredLayer

X = np.random.default_rng(0).normal(size=(12, 5, 3)).astype("f4")
LONGER = np.random.default_rng(1).normal(size=(4, 10, 3)).astype("f4")
X[0, 3:] = X[3, 1:] = LONGER[0, 4:] = 0
LABELS = np.arange(12) % 3


class MaskedMean(nn.Layer):
    """Takes a mask, and draws random numbers in training."""

    def build(self, input_shape):
        self.w = self.parameter("w", (input_shape[-1], 4))

    def forward(self, x, mask=None):
        y = np.tanh(x @ self.w + 1)
        if mask is None:
            return y.mean(axis=1)
        count = np.maximum(1, np.sum(mask, axis=1, keepdims=True))
        return np.sum(np.where(mask[:, :, None], y, 0), axis=1) / count

    def train_forward(self, x, random, mask=None):
        return self.forward(x, mask) * (random.uniform((len(x), 4)) > 0.2)


class Pairs(nn.Layer):
    """Has fewer steps than its input, and a mask of its own."""

    def forward(self, x):
        return x[:, :-1] + x[:, 1:]

    def compute_mask(self, x, mask=None):
        return None if mask is None else mask[:, :-1] & mask[:, 1:]


class Sums(nn.Layer):
    def forward(self, x):
        return np.cumsum(x, axis=1)


class GivesMask(nn.Layer):
    def forward(self, x):
        return 2 * x

    def compute_mask(self, x, mask=None):
        return np.any(x != 0, axis=2)


class Output(nn.Layer):
    """Ends in a softmax, which the loss contains."""

    def __init__(self):
        self.activation, self.activate = "softmax", None

    def build(self, input_shape):
        self.w = self.parameter("w", (input_shape[-1], 3))

    def pre_activation(self, x):
        return x @ self.w

    def forward(self, x):
        exponential = np.exp(x @ self.w)
        return exponential / exponential.sum(axis=-1, keepdims=True)


class Causal(nn.Layer):
    """Constant matrices whose size is that of the samples or steps."""

    def forward(self, x):
        steps = x.shape[1]
        mask = np.triu(np.full((steps, steps), -np.inf, x.dtype), 1)
        weights = np.exp(mask) + np.eye(steps, k=-1).astype(x.dtype)
        return weights @ x + (np.eye(len(x), dtype="f4") @ x[:, 0])[:, None]


class EverySecond(nn.Layer):
    def forward(self, x):
        return np.concatenate([x[:, ::2], x[:, 1::2]], axis=1) / len(x[0, ::-3])


class Memory(nn.Layer):
    """Takes two inputs."""

    def build(self, input_shape, memory_shape):
        self.w = self.parameter("w", (memory_shape[-1], input_shape[-1]))

    def forward(self, x, memory):
        return x + np.tanh(memory @ self.w)[:, None]


class Within(nn.Layer):
    """Own layers in a layer of one's own, in a container of the library."""

    def __init__(self):
        self.sums, self.memory = Sums(), Memory()
        self.inner = nn.Residual([nn.Dense(3, activation="tanh"), Sums()])

    def forward(self, x):
        return self.inner(self.memory(self.sums(x), x[:, 0]))


def own_start(shape, generator, dtype):
    return np.full(shape, 0.1, dtype)


def last():
    return nn.Dense(3, "softmax")


CASES = {
    "masks": lambda: [nn.Masking(0.0), Sums(), Pairs(), MaskedMean(), last()],
    "a mask that is given; scores of a class of the library": lambda: [
        GivesMask(),
        MaskedMean(),
        nn.Dense(3, "softmax", initializer=own_start),
    ],
    "a container with a mask; scores": lambda: [
        nn.Residual([nn.RNN(3, return_sequences=True, mask_value=0.0), Sums()]),
        MaskedMean(),
        Output(),
    ],
    "sizes": lambda: [Causal(), EverySecond(), Within(), nn.GlobalAvgPool1D(), last()],
}


def trained(layers):
    net = cr.Network(layers, seed=0)
    net.compile("cross_entropy", "adam", metrics=["accuracy"])
    net.fit(X, LABELS, epochs=1, batch_size=4, verbose=0)
    return net


@pytest.mark.parametrize("case", CASES)
def test_a_program_computes_what_its_class_does_at_any_length(case, tmp_path):
    net = trained(CASES[case]())
    net.save(tmp_path / "net")
    loaded = cr.load(tmp_path / "net")
    assert any(isinstance(each, StoredLayer) for each in loaded.layers)
    np.testing.assert_array_equal(loaded.predict(LONGER), net.predict(LONGER))
    losses = [
        each.fit(X, LABELS, epochs=1, batch_size=4, verbose=0)["loss"] for each in (net, loaded)
    ]
    assert losses[0] == losses[1]


class Position(nn.Layer):
    """Has a parameter for each step."""

    def build(self, input_shape):
        self.w = self.parameter("w", input_shape[1:])

    def forward(self, x):
        return x + self.w


def test_a_layer_of_one_length_refuses_others(tmp_path):
    trained([Position(), nn.GRU(3), last()]).save(tmp_path / "net")
    loaded = cr.load(tmp_path / "net")
    with pytest.raises(ShapeError, match=r"\(batch, 5, 3\)"):
        loaded.predict(LONGER)
    with pytest.raises(ShapeError, match=r"the file holds Position for inputs of shape"):
        loaded.layers[0](LONGER)


def test_a_mask_that_the_saved_network_had_not_is_refused(tmp_path):
    trained([MaskedMean(), last()]).save(tmp_path / "net")
    layer = cr.load(tmp_path / "net").layers[0]
    with pytest.raises(ArgumentError, match="no padded steps; load it with custom="):
        layer(X, mask=np.ones((12, 5), bool))


class Sines(nn.Layer):
    def forward(self, x):
        return x + np.sin(np.arange(len(x), dtype="f4"))[:, None, None]


def test_a_constant_that_is_no_function_of_its_indices_is_named(tmp_path):
    trained([Sines(), nn.GRU(3), last()]).save(tmp_path / "net")
    with pytest.raises(FormatError, match=r"a constant array, of shape .* compute it from x"):
        cr.load(tmp_path / "net")


def test_sizes_of_every_third_step_are_found_and_sizes_that_are_none_are_not():
    for size in (
        {"steps": 1, "one": 2, "divisor": 3},
        {"product": 2},
        {"samples": 3, "divisor": 4},
    ):
        values = [size_at(size, point) for point in POINTS_OF_PARTS]
        found = fitted(values, POINTS_OF_PARTS)
        assert [size_at(found, point) for point in POINTS_OF_PARTS] == values
    assert found == size
    assert fitted([point.steps**2 for point in POINTS_OF_PARTS], POINTS_OF_PARTS) is None
    assert fitted([point.steps % 2 for point in POINTS_OF_PARTS], POINTS_OF_PARTS) is None
