"""Random numbers drawn while a trace is kept are refused, and the generators are restored."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import normal

import chainrule as cr
from chainrule import nn
from chainrule.errors import TraceError

generator, legacy, own = np.random.default_rng(1), np.random.RandomState(3), random.Random(4)
uniform = generator.uniform
bits = np.random.PCG64(5)


class Holder:
    source = np.random.default_rng(2)


DRAWS: dict[str, list[Callable[[], Any]]] = {
    r"np\.random": [
        lambda: np.random.rand(2),
        lambda: normal(size=2),
        lambda: np.random.permutation(2),
        lambda: np.random.seed(0),
    ],
    "random": [random.random, lambda: random.gauss(0, 1), lambda: __import__("random").random()],
    "generator": [lambda: generator.normal()],
    "legacy": [lambda: legacy.normal()],
    "own": [lambda: own.random()],
    "bits": [lambda: bits.random_raw() % 7, lambda: np.random.Generator(bits).normal()],
    "uniform": [lambda: uniform()],
    r"Holder\.source": [lambda: Holder.source.integers(9)],
    "an unseeded generator of NumPy's": [
        lambda: np.random.default_rng().normal(),
        lambda: np.random.RandomState().rand(),
        lambda: np.random.Generator(np.random.PCG64()).normal(),
    ],
}
CASES = [(name, draw) for name, draws in DRAWS.items() for draw in draws]


def states() -> Any:
    return repr(np.random.get_state()), random.getstate(), own.getstate(), repr(legacy.get_state())


@pytest.mark.parametrize(("name", "draw"), CASES)
def test_a_draw_in_a_kept_trace_is_refused_by_name_and_not_consumed(
    name: str, draw: Callable[[], Any]
) -> None:
    before = repr(states()), repr(generator.bit_generator.state)
    with pytest.raises(TraceError, match=f"jit: random numbers are drawn from {name}.*cr\\.random"):
        cr.jit(lambda x: (x, draw()))(2.0)
    assert (repr(states()), repr(generator.bit_generator.state)) == before


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.default_rng(0).normal(),
        lambda: np.random.RandomState(0).rand(),
        lambda: random.Random(5).random(),
    ],
)
def test_draws_from_a_seeded_generator_of_the_function_are_repeated(
    draw: Callable[[], float],
) -> None:
    assert cr.jit(lambda x: x + draw())(1.0) == 1.0 + draw()


def test_draws_in_scan_and_in_custom_layers_are_refused() -> None:
    with pytest.raises(TraceError, match=r"scan: random numbers are drawn from np\.random"):
        cr.scan(lambda c, x: (c, c + np.random.normal()), 0.0, np.zeros(4))

    class Drop(nn.Layer):
        def forward(self, x: Any) -> Any:
            return x * (np.random.rand(*x.shape) > 0.5)

    X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    net = cr.Network([Drop(), nn.Dense(1)], seed=0)
    with pytest.raises(TraceError, match=r"predict: random numbers.*training=False, random=None"):
        net.predict(X)
    net.compile(loss="mse", optimizer="sgd", learning_rate=0.1)
    with pytest.raises(TraceError, match=r"fit: random numbers"):
        net.fit(X, X[:, :1], epochs=1, verbose=0)


def test_grad_draws_anew_at_each_call() -> None:
    gradient = cr.grad(lambda x: x * np.random.normal())
    assert gradient(1.0) != gradient(1.0)
