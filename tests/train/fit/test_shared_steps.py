"""Networks of one structure share traced steps and code, and have the bits of a network alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.compiler import native_program, shared_programs
from chainrule.train.fit import shared_steps

X, y = cr.datasets.moons(50, noise=0.1, seed=0)


def forget() -> None:
    shared_steps._known.clear()  # pyright: ignore[reportPrivateUsage]
    shared_programs._families.clear()  # pyright: ignore[reportPrivateUsage]


def network(layers: list[Any], optimizer: Any, seed: int) -> cr.Network:
    net = cr.Network([*layers, nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", optimizer)
    return net


def trained(net: cr.Network) -> list[Any]:
    history = net.fit(X, y, epochs=3, batch_size=12, verbose=0)
    return [history["loss"], *net.params.values()]


def dense(rate: float, l2: float, optimizer: Callable[[float], Any]) -> Callable[[int], Any]:
    def build(seed: int) -> Any:
        layers = [nn.Dense(4, activation="relu", l2=l2), nn.Dropout(rate)]
        return network(layers, optimizer(rate), seed)

    return build


CASES: dict[str, Callable[[float], Callable[[int], Any]]] = {
    "adam": lambda x: dense(x, x / 9, lambda b: optim.Adam(0.01, beta_1=b, clip_value=b)),
    "sgd": lambda x: dense(x, x / 7, lambda m: optim.SGD(m / 9, momentum=m)),
    "rmsprop": lambda x: dense(0.2, x, lambda r: optim.RMSprop(0.01, rho=x, clip_norm=x)),
    "lion": lambda x: dense(x, 0.01, lambda _: optim.Lion(0.001, beta_1=x)),
    "norms": lambda x: lambda seed: network(
        [nn.Dense(6), nn.BatchNorm(momentum=1 - x / 3), nn.LayerNorm(epsilon=x / 100),
         nn.Activation("elu"), nn.GaussianNoise(x)],
        optim.Adagrad(x), seed,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_settings_and_seeds_as_inputs_give_the_bits_of_constants(name: str) -> None:
    forget()
    trained(CASES[name](0.3)(0))
    shared = trained(CASES[name](0.15)(7))
    forget()
    alone = trained(CASES[name](0.15)(7))
    for one, other in zip(shared, alone, strict=True):
        assert np.array_equal(one, other)


def test_a_sweep_of_settings_and_seeds_compiles_each_shape_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget()
    compiled: list[Any] = []
    original = native_program.GraphCompiler.compile

    def compile(self: Any, is_timed: bool) -> Any:
        compiled.append(self.graph)
        return original(self, is_timed)

    monkeypatch.setattr(native_program.GraphCompiler, "compile", compile)
    for units in (3, 5):
        for number, l2 in enumerate((0.31, 0.43, 0.17)):
            layers = [nn.Dense(units, l2=l2), nn.Dropout(0.12 + l2)]
            net = network(layers, optim.SGD(l2, momentum=0.9 - l2), number)
            net.fit(X, y, batch_size=25, verbose=0)
    assert [each.name for each in compiled] == ["steps"] * 4


def test_a_change_of_a_layer_during_training_is_seen_by_shared_programs() -> None:
    def build(rate: float) -> Any:
        return network([nn.Dense(4), nn.Dropout(rate)], optim.SGD(0.1), 3)

    trained(build(0.25))  # whose traced step the next one has
    changed = build(0.25)
    changed.fit(X, y, epochs=1, batch_size=12, verbose=0)
    changed.layers[1].rate = 0.7
    changed.fit(X, y, epochs=1, batch_size=12, verbose=0)
    forget()
    alone = build(0.25)
    alone.fit(X, y, epochs=1, batch_size=12, verbose=0)
    alone.layers[1].rate = 0.7
    alone.fit(X, y, epochs=1, batch_size=12, verbose=0)
    for name, value in alone.params.items():
        assert np.array_equal(changed.params[name], value), name


def test_code_of_the_users_is_traced_for_each_network() -> None:
    factors: list[float] = []

    def build(factor: float) -> Any:
        def scaled(x: Any) -> Any:
            factors.append(factor)
            return x * factor

        return network([nn.Dense(4), nn.Lambda(scaled)], optim.SGD(0.1), 0)

    outputs = [trained(build(factor))[1] for factor in (0.3, 0.7, 0.9)]
    assert len({each.tobytes() for each in outputs}) == 3
    assert {0.3, 0.7, 0.9} <= set(factors)
