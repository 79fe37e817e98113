"""Programs of well-known training tasks, as `fit` compiles them."""

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.autodiff.control_flow.scan import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.trace import trace
from chainrule.insight.training_program import training_program

DRAW = np.random.default_rng(0)


def trained(
    layers: list[Any], X: Any, y: Any, batch_size: int | None, **settings: Any
) -> NativeProgram:
    net = cr.Network(layers, seed=0)
    net.compile(**settings)
    net.fit(X, y, batch_size=batch_size, verbose=0)
    return training_program(net).program


def xor() -> NativeProgram:
    layers = [nn.Dense(3, activation="tanh"), nn.Dense(1, activation="tanh")]
    return trained(layers, *cr.datasets.xor(), 1, loss="mse", optimizer="sgd")


def moons() -> NativeProgram:
    layers = [nn.Dense(3, activation="tanh", l2=0.01), nn.Dense(2, l2=0.01)]
    return trained(layers, *cr.datasets.moons(200), None, loss="cross_entropy", optimizer="sgd")


def table() -> NativeProgram:
    layers = [nn.Dense(64, activation="relu"), nn.Dense(3)]
    X, y = DRAW.normal(size=(320, 20)).astype("f"), DRAW.integers(0, 3, 320)
    return trained(layers, X, y, 32, loss="cross_entropy", optimizer="adam", metrics=["accuracy"])


def mnist() -> NativeProgram:
    layers = [nn.Rescale(1 / 255), nn.Dense(100, activation="relu"), nn.Dense(10)]
    X, y = DRAW.integers(0, 256, (640, 784)).astype(np.uint8), DRAW.integers(0, 10, 640)
    return trained(layers, X, y, 64, loss="cross_entropy", optimizer="sgd", metrics=["accuracy"])


def wave() -> NativeProgram:
    def drive(x: Any, forces: Any) -> Any:
        return scan(lambda c, f: ((c[1], c[1] - np.sin(c[0]) * f), c[0]), (x, x), forces)

    arrays = np.ones(5), np.ones((9, 5))
    return NativeProgram(simplify(trace(drive)(*arrays)))
