"""What layers and initialisers of one's own return: checked, and named where it is wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(16, 4))


class Returns(nn.Layer):
    """Returns what `give` makes of x, in training and otherwise."""

    def __init__(self, give: Callable[[Any, bool], Any]) -> None:
        self.give = give

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.give(x, training)


OUTPUTS: dict[str, tuple[Callable[[Any, bool], Any], str]] = {
    "nothing": (lambda x, training: None, "forward returned None; end it with `return y`"),
    "nothing in training": (lambda x, training: None if training else x, "returned None"),
    "text": (lambda x, training: "x", "returned a str; end it with"),
    "list": (lambda x, training: [x, x], "returned a list, but a layer of a network returns one"),
    "tuple in training": (lambda x, training: (x, x) if training else x, "returned a tuple"),
    "dict": (lambda x, training: {"x": x}, "returned a dict, but"),
    "number": (lambda x, training: 1.0, "returned a float, but"),
    "scalar": (lambda x, training: np.sum(x), r"for 2 samples its output has shape \(\)"),
    "half a batch": (lambda x, training: x[:1], r"for 2 samples its output has shape \(1, 4\)"),
    "transposed": (lambda x, training: x.T, r"its output has shape \(4, 2\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_wrong_output_is_refused_by_the_name_of_the_layer(name: str) -> None:
    give, message = OUTPUTS[name]
    net = cr.Network([nn.Dense(4), Returns(give), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    with pytest.raises(cr.ChainruleError, match=rf"layer 'returns' \(Returns\).*{message}"):
        net.fit(X, X[:, :1], verbose=0)


def test_layers_may_pass_on_several_arrays_among_themselves() -> None:
    class Inner(nn.Layer):
        def forward(self, x: Any) -> Any:
            return {"one": x, "both": [x, 2 * x], "none": None}, 1.0

    class Outer(nn.Layer):
        def __init__(self) -> None:
            self.inner = Inner()

        def forward(self, x: Any) -> Any:
            return self.inner(x)[0]["both"][1]

    np.testing.assert_array_equal(Outer()(X), 2 * X)


def test_a_call_that_does_not_fit_is_answered_with_the_signature() -> None:
    class OneShape(nn.Layer):
        def build(self) -> None: ...

        def forward(self, x: Any) -> Any:
            return x

    class TwoInputs(nn.Layer):
        def forward(self, x: Any, memory: Any) -> Any:
            return x + memory

    for layer, message in (
        (
            OneShape(),
            r"its build is called with the shapes of 1 input, but is defined as build\(\)",
        ),
        (TwoInputs(), r"its forward is called with 1 input, but is defined as forward\(x: "),
    ):
        with pytest.raises(cr.ChainruleError, match=message):
            layer(X)


INITIALIZERS: dict[str, tuple[Any, str]] = {
    "nan": (lambda *_: np.full((4, 2), np.nan), "of the 8 values .* 8 are NaN or infinite"),
    "inf": (lambda shape, *_: np.where(np.eye(*shape), np.inf, 0), "of the 8 values .* 2 are NaN"),
    "too large": (lambda shape, *_: np.full(shape, 1e300), "infinite as float32"),
    "shape": (lambda *_: np.ones((2, 4)), r"returned shape \(2, 4\), not \(4, 2\)"),
    "text": (lambda shape, *_: np.full(shape, "a"), "must return an array of real numbers"),
    "none": (lambda *_: None, "returned None; it must return an array"),
    "complex": (lambda shape, *_: np.full(shape, 1j), "array of real numbers"),
    "masked": (lambda shape, *_: np.ma.masked_less(np.eye(*shape), 0.5), "masked values"),
    "keras": (lambda shape: np.ones(shape), r"called as initializer\(shape, generator, dtype\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_wrong_initial_value_is_refused_by_the_name_of_the_parameter(name: str) -> None:
    initializer, message = INITIALIZERS[name]
    net = cr.Network([nn.Dense(2, initializer=initializer)])
    with pytest.raises(cr.ChainruleError, match=rf"layer 'dense'.*'weight'.*{message}"):
        net(X)
    with pytest.raises(cr.ChainruleError, match="expected a name or a function, got a ndarray"):
        nn.Dense(2, initializer=np.ones((4, 2)))  # pyright: ignore[reportArgumentType]
