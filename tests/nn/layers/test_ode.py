"""Laws of `nn.ODE`: solutions, training through `fit`, files and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError


def decay(t: Any, y: Any) -> Any:
    return -y


def spiral(count: int = 16) -> tuple[Any, Any]:
    starts = np.random.default_rng(0).normal(size=(count, 2))
    times = np.linspace(0, 1, 5)
    turns = [
        np.exp(-0.1 * t)
        * np.array([[np.cos(2 * t), np.sin(2 * t)], [-np.sin(2 * t), np.cos(2 * t)]])
        for t in times
    ]
    return starts, np.stack([starts @ turn for turn in turns], axis=1)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"rtol": 1e-9, "atol": 1e-9}, 1e-8), ({"method": "dop853", "rtol": 1e-9, "atol": 1e-9}, 1e-7)]
    + [({"method": name, "steps": 20}, bound) for name, bound in
       (("euler", 2e-2), ("midpoint", 2e-4), ("heun", 2e-4), ("rk4", 1e-7), ("tsit5", 1e-9))],
)  # fmt: skip
def test_outputs_are_the_solution_at_all_times(options: dict[str, Any], error: float) -> None:
    x, times = np.array([[1.0, 2.0], [3.0, -1.0]]), [0.0, 0.5, 1.0]
    found = nn.ODE(decay, times, return_sequences=True, **options)(x)
    expected = x[:, None] * np.exp(-np.array(times))[:, None]
    np.testing.assert_allclose(found, expected, atol=3 * error)
    back = nn.ODE(decay, times[::-1], **options)(x)
    np.testing.assert_allclose(back, x * np.e, atol=10 * error)


def test_a_neural_ode_learns_a_flow_with_either_gradient_and_is_loaded_as_it_was(
    tmp_path: Path,
) -> None:
    x, y = spiral()
    times = np.linspace(0, 1, 5).tolist()
    found: list[dict[str, Any]] = []
    for gradient in ("discrete", "adjoint"):
        layer = nn.ODE(
            [nn.Dense(16, "tanh"), nn.Dense(2)], times, rtol=1e-9, atol=1e-9,
            return_sequences=True, gradient=gradient,
        )  # fmt: skip
        net = cr.Network([layer], seed=1, dtype="float64")
        net.compile(optimizer="adam", learning_rate=0.01, loss="mse")
        history = net.fit(x, y, epochs=40, batch_size=16, shuffle=False, verbose=0)
        assert history["loss"][-1] < 0.2 * history["loss"][0]
        net.save(tmp_path / "flow.cr")
        loaded: Any = cr.load(tmp_path / "flow.cr")
        assert loaded.layers[0].gradient == gradient
        np.testing.assert_array_equal(loaded.predict(x), net.predict(x))
        found.append(dict(net.params))
    for name, value in found[0].items():
        np.testing.assert_allclose(found[1][name], value, rtol=1e-6, atol=1e-7)


def test_gradients_of_adaptive_steps_are_those_of_the_solution() -> None:
    layer = nn.ODE(nn.Dense(2, "tanh"), rtol=1e-10, atol=1e-10)
    x = np.array([[0.3, -0.2]])
    layer(x)

    def end(x: Any) -> Any:
        return np.sum(layer(x) ** 2)

    gradient, h = cr.jit(cr.grad(end))(x), 1e-6
    expected = [(end(x + h * e) - end(x - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-6)


def test_time_can_be_a_feature() -> None:
    layer = nn.ODE(nn.Dense(2), with_time=True, steps=5, method="rk4")
    layer(np.ones((3, 2)))
    (dense,) = layer.dynamics
    dense.weight.value = np.array([[0.0, 0], [0, 0], [1, 2]])
    np.testing.assert_allclose(layer(np.zeros((1, 2))), [[0.5, 1.0]], rtol=1e-6)


def test_wrong_arguments_are_refused_with_a_remedy() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"method": "rk4"}, r"steps=10"),
        ({"method": "lsoda"}, "method"),
        ({"t": [0, 2, 1]}, "increasing"),
        ({"t": 0.0}, "other than 0"),
        ({"gradient": "adjoint", "steps": 3}, "steps=3"),
        ({"gradient": "exact"}, "adjoint"),
    ]
    for options, match in cases:
        with pytest.raises(ArgumentError, match=match):
            nn.ODE(decay, **options)
    with pytest.raises(ArgumentError, match="a layer, a list of layers"):
        nn.ODE(3.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ShapeError, match=r"nn.Dense\(2\)"):
        nn.ODE(nn.Dense(3))(np.ones((4, 2)))
    assert nn.ODE(nn.Dense(2))(np.ones((4, 2))).shape == (4, 2)
