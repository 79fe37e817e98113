"""Layers: building, names, sublayers, errors, gradients."""

import copy
from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.nn.binding import Binding
from chainrule.nn.parameter import substituted
from chainrule.nn.random_stream import RandomStream
from chainrule.train.network import Network

X = np.random.default_rng(0).normal(size=(4, 3))


class Residual(nn.Layer):
    """Sublayers in an attribute, a list and a dictionary."""

    def __init__(self, units: int, rate: float = 0.5) -> None:
        self._first = nn.Dense(units, "relu", l2=0.1)
        self.blocks = [nn.Dense(units, l2=1.0), nn.Dropout(rate)]
        self.heads = {"last": self.blocks[0]}

    def forward(self, x: Any) -> Any:
        y = self._first(x)
        for layer in self.blocks:
            y = layer(y)
        return x + y


class Mean(nn.Layer):
    """State that training updates."""

    def build(self, input_shape: Any) -> None:
        self.mean = self.parameter("mean", input_shape[1:], "zeros", trainable=False)

    def forward(self, x: Any) -> Any:
        return x - self.mean

    def train_forward(self, x: Any, random: nn.RandomStream) -> Any:
        self.mean.value = np.mean(x, axis=0)
        return x - self.mean


# ------------------------------------------------------------------------------------ building


def test_a_layer_is_built_once_for_its_first_input() -> None:
    calls: list[Any] = []

    class Counting(nn.Layer):
        def build(self, input_shape: Any) -> None:
            calls.append(input_shape)

        def forward(self, x: Any) -> Any:
            return x

    layer = Counting()
    layer(X)
    layer(X[:2])
    assert calls == [(None, 3)]
    assert layer.input_shape == (None, 3)


def test_a_layer_takes_the_dtype_of_its_first_input_unless_it_is_bound_to_one() -> None:
    assert nn.Dense(2)(X.astype("float32")).dtype == np.float32
    single = nn.Dense(2)
    single.bind("dense", Binding(0, (0,)), "float32")
    single(X)
    assert single.weight.dtype == np.float32
    integers = nn.Dense(2)
    integers(np.ones((4, 3), np.uint8))
    assert integers.weight.dtype == np.float32


def test_lists_are_accepted_as_input() -> None:
    assert nn.Dense(2, initializer="ones")([[1.0, 2.0]]).tolist() == [[3.0, 3.0]]


def test_an_explicit_name_is_not_replaced_by_a_network() -> None:
    layer, other = nn.Dense(2, name="mine"), nn.Dense(2)
    for each in (layer, other):
        each.bind("dense", Binding(0, (0,)), "float32")
    assert (layer.name, other.name) == ("mine", "dense")


def test_a_failed_build_can_be_repeated() -> None:
    class Fussy(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.gain = self.parameter("gain", input_shape[1:], "ones")
            if input_shape[-1] != 3:
                raise ShapeError("Fussy: needs 3 features")

        def forward(self, x: Any) -> Any:
            return x * self.gain

    layer = Fussy()
    with pytest.raises(ShapeError, match="3 features"):
        layer(np.ones((2, 5)))
    assert layer(X).shape == (4, 3)


def test_a_copy_shares_nothing_with_the_layer() -> None:
    layer = Residual(3)
    y = layer(X)
    other = copy.deepcopy(layer)
    for each in other.parameters().values():
        each.value[...] = 0
    np.testing.assert_array_equal(layer(X), y)
    np.testing.assert_array_equal(other(X), X)


# ----------------------------------------------------------------------------------- sublayers


def test_parameters_of_sublayers_are_named_by_their_path() -> None:
    layer = Residual(3)
    layer(X)
    assert list(layer.parameters()) == [
        "first.weight",
        "first.bias",
        "blocks.0.weight",
        "blocks.0.bias",
    ]


def test_sublayers_have_different_initial_weights() -> None:
    layer = Residual(3)
    layer(X)
    first, second = (each.value for name, each in layer.parameters().items() if "weight" in name)
    assert not np.array_equal(first, second)


def test_training_mode_extends_to_sublayers() -> None:
    layer = Residual(3)
    inference, training = layer(X), layer(X, random=nn.RandomStream(seed=0))
    assert not np.array_equal(inference, training)
    np.testing.assert_array_equal(layer(X), inference)


def test_the_penalty_sums_weights_by_the_l2_of_their_layer_without_biases() -> None:
    layer = Residual(3)
    layer(X)
    weights = layer.parameters()
    for name, each in weights.items():
        if "bias" in name:
            each += 100.0
    expected = sum(
        l2 / 2 * np.sum(weights[name].value ** 2)
        for name, l2 in (("first.weight", 0.1), ("blocks.0.weight", 1.0))
    )
    assert layer.penalty() == pytest.approx(expected, rel=1e-14)


def test_a_layer_without_l2_has_no_penalty() -> None:
    layer = nn.Dense(3)
    layer(X)
    assert layer.penalty() == 0


def test_state_is_updated_in_training_only() -> None:
    layer = Mean()
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, random=nn.RandomStream(seed=0)), X - X.mean(axis=0))
    np.testing.assert_array_equal(layer(X), X - X.mean(axis=0))
    assert not layer.parameters()["mean"].trainable


def test_a_shape_error_names_the_innermost_layer_once() -> None:
    layer = Residual(5)  # x + y cannot be added
    with pytest.raises(ShapeError, match=r"layer Residual cannot compute with .* \(4, 3\)"):
        layer(X)
    inner = Residual(3)
    inner.bind("block", Binding(0, (0,)), "float64")
    inner(X)
    with pytest.raises(ShapeError, match=r"^layer 'block.first' \(Dense\)"):
        inner(np.ones((4, 7)))


# -------------------------------------------------------------------------------------- errors


def test_a_shape_error_names_layer_shapes_and_remedy() -> None:
    layer = nn.Dense(10, name="hidden")
    layer(X)
    with pytest.raises(ShapeError) as caught:
        layer(np.ones((8, 4)))
    for message in ("layer 'hidden' (Dense)", "(8, 4)", "(3, 10)", "pass inputs shaped (batch, 3)"):
        assert message in str(caught.value)


@pytest.mark.parametrize("shape", [(4, 1), (4,)])
def test_an_input_is_not_broadcast_to_the_parameters(shape: tuple[int, ...]) -> None:
    layer = Mean()
    layer(X)
    with pytest.raises(ShapeError, match="was built for 3 on axis -1"):
        layer(np.ones(shape))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Dense(2), (5,), r"x\[:, None\]"),
        (nn.Dense(2), (), "the first axis must count the samples"),
        (nn.Reshape((4, 4)), (5, 15), "has 15 elements, which do not fill shape"),
        (nn.Reshape((4, -1)), (5, 15), "has 15 elements, which do not fill shape"),
        (nn.Permute((2, 1)), (5, 15), r"needs samples with 2 axes, but they have shape \(15,\)"),
    ],
)
def test_an_input_of_the_wrong_shape_is_refused(layer: Any, shape: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer(np.ones(shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(3, activation_fn="relu"), "here it is `activation`"),
        (lambda: nn.Dense(3, kernel_initializer="zeros"), "here it is `initializer`"),
        (lambda: nn.Dense(3, kernel_regularizer=0.1), "here it is `l2`"),
        (lambda: nn.Dense(3, bias=False), "here it is `use_bias`"),
        (lambda: nn.Dense(out_features=3), "here it is `units`"),
        (lambda: nn.Dense(3, in_features=2), "sizes are inferred from the first input"),
        (lambda: nn.Dense(unit=3), "did you mean `units`"),
        (lambda: nn.Dropout(p=0.5), "here it is `rate`"),
        (lambda: nn.GaussianNoise(std=0.5), "here it is `stddev`"),
        (lambda: nn.Reshape(target_shape=(2, 2)), "here it is `shape`"),
        (lambda: nn.Permute(dims=(2, 1)), "here it is `axes`"),
        (nn.Dense, "missing a required argument: 'units'; it is called as Dense"),
        (lambda: nn.Dense(0), "units is 0; it must be an integer, 1 or more"),
        (lambda: nn.Dense(2.5), "units is 2.5; it must be an integer, 1 or more"),
        (lambda: nn.Dense(True), "units is True; it must be an integer, 1 or more"),
        (lambda: nn.Dense(3, l2=-1), "l2 is -1; it must be a number, 0 or more"),
        (lambda: nn.Dense(3, l2=np.nan), "l2 is nan; it must be a number, 0 or more"),
        (lambda: nn.Dropout(1.0), r"rate is 1.0; it must be a number in \[0, 1\)"),
        (lambda: nn.Dropout(-0.1), r"rate is -0.1; it must be a number in \[0, 1\)"),
        (lambda: nn.Dropout("0.5"), "rate is '0.5'; it must be a number in"),
        (lambda: nn.GaussianNoise(-1), "stddev is -1; it must be a number, 0 or more"),
        (lambda: nn.Rescale(np.inf), "scale is inf; it must be a finite number"),
        (lambda: nn.Reshape((-1, -1)), "only one length may be -1"),
        (lambda: nn.Reshape((2, 0)), "shape is 0; it must be an integer, 1 or more"),
        (lambda: nn.Permute((0, 1)), "a tuple of the numbers 1 to 2"),
        (lambda: nn.Activation("rleu"), "did you mean 'relu'"),
    ],
)
def test_a_wrong_argument_is_refused_with_a_remedy(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_layer_without_forward_raises_an_error_that_names_it() -> None:
    class Empty(nn.Layer):
        """Forgot its forward."""

    with pytest.raises(UnsupportedError, match=r"Empty has no forward\(self, x\)"):
        Empty()(X)


def test_an_error_that_is_not_about_shapes_propagates_unchanged() -> None:
    class Failing(nn.Layer):
        def forward(self, x: Any) -> Any:
            raise ValueError("the moon is not full")

    with pytest.raises(ValueError, match="the moon is not full") as caught:
        Failing()(X)
    assert not isinstance(caught.value, ShapeError)


def test_a_parameter_name_is_unique_and_its_shape_excludes_the_batch() -> None:
    class Twice(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.parameter("gain", (3,))
            self.parameter("gain", (3,))

    class Long(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.parameter("gain", input_shape)

    with pytest.raises(ArgumentError, match="'gain' exists already"):
        Twice()(X)
    with pytest.raises(ShapeError, match="the batch axis has no fixed length"):
        Long()(X)


# -------------------------------------------------------------------------------- derivatives


def test_a_bound_weight_is_differentiable() -> None:
    layer = nn.Dense(2, "tanh")
    layer(X)
    weight = layer.weight.value

    def loss(value: Any) -> Any:
        with substituted([layer.weight], [value]):
            return np.sum(layer(X) ** 2)

    y = np.tanh(X @ weight)
    expected = X.T @ (2 * y * (1 - y * y))
    np.testing.assert_allclose(grad(loss)(weight), expected, rtol=1e-13)
    assert layer.weight.value is weight


# ------------------------------------------------------------------------------ training mode


class Noise(nn.Layer):
    """A layer in the style of Keras."""

    def forward(self, x: Any, training: bool = False, random: Any = None) -> Any:
        return x + random.normal(x.shape) if training else x


class Block(nn.Layer):
    """A layer of layers in the style of Keras, which passes the mode on or turns it off."""

    def __init__(self, passed: dict[str, Any] | None) -> None:
        self.inner, self.passed = nn.Dropout(0.5), passed

    def forward(self, x: Any, training: bool = False) -> Any:
        if self.passed is None:
            return self.inner(x, training=training)
        return self.inner(x, **self.passed)


def test_forward_is_told_whether_it_runs_in_training() -> None:
    x = np.ones((64, 3), np.float32)
    stream = RandomStream(seed=0)
    assert np.array_equal(Noise()(x), x)
    assert np.array_equal(Noise()(x, random=RandomStream(seed=0)), x + stream.normal(x.shape))
    for passed, is_training in ((None, True), ({}, True), ({"training": False}, False)):
        block = Block(passed)
        assert np.array_equal(block(x), x)
        assert np.any(block(x, random=RandomStream(seed=0)) != x) == is_training
    with pytest.raises(ArgumentError, match="training=True needs a source of random numbers"):
        nn.Dropout(0.5)(x, training=True)


def test_training_draws_anew_in_each_step() -> None:
    x = np.random.default_rng(1).normal(size=(32, 3)).astype("float32")
    net = Network([Noise(), Block(None), nn.Dense(1, initializer="ones")], seed=0)
    net.compile("mse", optimizer="sgd", learning_rate=1e-12)
    expected = float(np.mean((net.predict(x) - x[:, :1]) ** 2))
    losses = net.fit(x, x[:, :1], epochs=4, verbose=0)["loss"]
    assert len(set(losses)) == 4
    assert min(losses) > expected + 0.1
    assert np.allclose(net.evaluate(x, x[:, :1])["loss"], expected)
