"""Steps of a loop: values are those of the recurrence, derivatives parts of the whole."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_step_has_the_values_and_derivatives_of_the_recurrence(reverse):
    xs, U, h = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(3, 3)), RANDOM.normal(size=3)

    def step(state, x):
        z = state @ U
        a = np.tanh(z + x)
        return a, a * x

    def f(U, h, xs):
        def step(state, x):
            z = state @ U
            a = np.tanh(z + x)
            return a, a * x

        last, rows = cr.scan(step, h, xs, reverse=reverse)
        return np.sum(last**2) + np.sum(rows**3)

    session = cr.debug(f, U, h, xs)
    stop = next(each for each in session.stops if each.loop is not None)
    session.goto(stop.number)
    total, state = 0.0, h
    for t in reversed(range(4)) if reverse else range(4):
        inner = session.enter(t)
        np.testing.assert_allclose(inner.value("z"), state @ U, rtol=1e-12)
        state, _ = step(state, xs[t])
        np.testing.assert_allclose(inner.value("a"), state, rtol=1e-12)
        shared, row = (find(inner, each) for each in (U, xs[t]))
        np.testing.assert_allclose(row.gradient, session.gradient("xs")[t], rtol=1e-10)
        total = total + shared.gradient
    np.testing.assert_allclose(total, session.gradient("U"), rtol=1e-10)


def find(session, value):
    return next(
        each for each in session.stops if each.kind == "input" and np.array_equal(each.value, value)
    )


@pytest.mark.parametrize("layer", [nn.LSTM(4), nn.Bidirectional(nn.GRU(4, return_sequences=True))])
def test_derivatives_by_weights_of_steps_add_up_to_that_of_a_layer(layer, capsys):
    net = cr.Network([layer, nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse")
    X = RANDOM.normal(size=(2, 5, 3))
    y = np.zeros((2, 1)) if isinstance(layer, nn.LSTM) else np.zeros((2, 5, 1))
    session = net.debug(X, y)
    loops = [
        each for each in session.stops if each.loop is not None and each.direction == "forward"
    ]
    for stop in loops:
        session.goto(stop.number)
        steps = [session.enter(t) for t in range(-5, 0)]
        names = [each.name for each in steps[0].stops if each.kind == "parameter"]
        for name in set(names) & {each.name for each in session.stops}:
            total = sum(each.gradient(name) for each in steps)
            np.testing.assert_allclose(total, session.gradient(name), rtol=1e-9, atol=1e-14)
    session.interact([f"g {loops[0].number}", "o", "e 9", "e 2", "n", "o", "q"])
    text = capsys.readouterr().out
    assert "step 2 of 5 of a loop in a network of 2 layers" in text
    assert "no loop is entered" in text
    assert "from 0 to 4" in text
    with pytest.raises(ArgumentError, match=f"those of loops are {loops[0].name}"):
        net.debug(X, y).enter(0)
