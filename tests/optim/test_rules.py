"""Each update rule against the algorithm of its paper, for scalars."""

from math import isclose, sqrt

import numpy as np
import pytest

from chainrule import optim

GRADIENTS = [0.5, -1.5, 0.25, 3.0, -0.125, 0.0, 2.0]
RATE = 0.1


def run(rule, start=1.0, gradients=GRADIENTS):
    w = np.array(start)
    slots, path = rule.slots(w), []
    for count, gradient in enumerate(gradients, 1):
        w, slots = rule.update(w, np.array(gradient), slots, RATE, count)
        path.append(float(w))
    return path


def sgd(w, mu=0.0, nesterov=False):
    v = 0.0
    for g in GRADIENTS:
        v = mu * v - RATE * g
        w = w + mu * v - RATE * g if nesterov else w + v
        yield w


def nesterov_of_sutskever(w, mu):
    """Equations 3 and 4, which take the gradient at w + μ·v: the rule's parameter is that point."""
    v = 0.0
    for g in GRADIENTS:
        following = mu * v - RATE * g
        w, v = w + following, following
        yield w + mu * v


def adagrad(w, start, epsilon):
    s = start
    for g in GRADIENTS:
        s += g * g
        w -= RATE * g / (sqrt(s) + epsilon)
        yield w


def rmsprop(w, rho, mu, centered, epsilon):
    v = m = u = 0.0
    for g in GRADIENTS:
        v = rho * v + (1 - rho) * g * g
        m = rho * m + (1 - rho) * g
        u = mu * u + RATE * g / (sqrt(v - m * m if centered else v) + epsilon)
        w -= u
        yield w


def adadelta(w, rho, epsilon):
    square = moved = 0.0
    for g in GRADIENTS:
        square = rho * square + (1 - rho) * g * g
        move = -sqrt(moved + epsilon) / sqrt(square + epsilon) * g
        moved = rho * moved + (1 - rho) * move * move
        w += RATE * move
        yield w


def adam(w, b1, b2, epsilon, decay=0.0):
    m = v = 0.0
    for t, g in enumerate(GRADIENTS, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        w = w - RATE * (m / (1 - b1**t) / (sqrt(v / (1 - b2**t)) + epsilon) + decay * w)
        yield w


def nadam(w, b1, b2, epsilon, psi):
    def momentum(t):
        return b1 * (1 - 0.5 * 0.96 ** (t * psi))

    m = v = 0.0
    product = 1.0
    for t, g in enumerate(GRADIENTS, 1):
        product *= momentum(t)
        following = product * momentum(t + 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        ahead = momentum(t + 1) * m / (1 - following) + (1 - momentum(t)) * g / (1 - product)
        w -= RATE * ahead / (sqrt(v / (1 - b2**t)) + epsilon)
        yield w


def lion(w, b1, b2, decay):
    m = 0.0
    for g in GRADIENTS:
        c = b1 * m + (1 - b1) * g
        w = w - RATE * ((c > 0) - (c < 0) + decay * w)
        m = b2 * m + (1 - b2) * g
        yield w


PAPERS = [
    (optim.SGD(), sgd(1.0)),
    (optim.SGD(momentum=0.9), sgd(1.0, 0.9)),
    (optim.SGD(momentum=0.9, nesterov=True), sgd(1.0, 0.9, nesterov=True)),
    (optim.SGD(momentum=0.9, nesterov=True), nesterov_of_sutskever(1.0, 0.9)),
    (optim.Adagrad(), adagrad(1.0, 0.1, 1e-7)),
    (optim.Adagrad(initial_accumulator=0, epsilon=0.5), adagrad(1.0, 0.0, 0.5)),
    (optim.RMSprop(), rmsprop(1.0, 0.9, 0.0, False, 1e-7)),
    (optim.RMSprop(momentum=0.5), rmsprop(1.0, 0.9, 0.5, False, 1e-7)),
    (optim.RMSprop(rho=0.5, centered=True), rmsprop(1.0, 0.5, 0.0, True, 1e-7)),
    (optim.Adadelta(), adadelta(1.0, 0.95, 1e-6)),
    (optim.Adam(), adam(1.0, 0.9, 0.999, 1e-8)),
    (optim.Adam(beta_1=0.5, beta_2=0.75, epsilon=0.1), adam(1.0, 0.5, 0.75, 0.1)),
    (optim.AdamW(), adam(1.0, 0.9, 0.999, 1e-8, 0.004)),
    (optim.AdamW(weight_decay=0.5), adam(1.0, 0.9, 0.999, 1e-8, 0.5)),
    (optim.Nadam(), nadam(1.0, 0.9, 0.999, 1e-8, 0.004)),
    (optim.Nadam(momentum_decay=1.0), nadam(1.0, 0.9, 0.999, 1e-8, 1.0)),
    (optim.Lion(), lion(1.0, 0.9, 0.99, 0.0)),
    (optim.Lion(beta_1=0.5, weight_decay=0.1), lion(1.0, 0.5, 0.99, 0.1)),
]


@pytest.mark.parametrize(("rule", "paper"), PAPERS, ids=[str(rule) for rule, _ in PAPERS])
def test_a_rule_equals_the_algorithm_of_its_paper(rule, paper):
    expected = list(paper)
    assert len(set(expected)) > 4
    # Bias corrections are taken by expm1 here and by subtraction in the papers.
    np.testing.assert_allclose(run(rule), expected, rtol=1e-11)


BY_HAND = [
    # w = 1, g = 2, η = 0.1, worked out on paper.
    (optim.SGD(), 1 - 0.1 * 2),
    (optim.SGD(momentum=0.5, nesterov=True), 1 - 0.1 * 2 - 0.5 * 0.2),
    (optim.Adagrad(initial_accumulator=5.0), 1 - 0.1 * 2 / 3),
    (optim.RMSprop(rho=0.75), 1 - 0.1 * 2 / 1),
    (optim.Adadelta(rho=0.0, epsilon=5.0), 1 - 0.1 * 2 * sqrt(5) / 3),
    (optim.Adam(), 1 - 0.1),
    (optim.AdamW(weight_decay=0.5), 1 - 0.1 - 0.1 * 0.5),
    (optim.Lion(), 1 - 0.1),
]


@pytest.mark.parametrize(("rule", "expected"), BY_HAND, ids=[str(rule) for rule, _ in BY_HAND])
def test_the_first_step_equals_the_one_computed_by_hand(rule, expected):
    assert isclose(run(rule, gradients=[2.0])[0], expected, rel_tol=1e-6)


def test_the_first_step_of_adam_is_exact_in_single_precision():
    w, gradient = np.zeros(3, np.float32), np.array([1e-3, 1.0, -1e3], np.float32)
    rule = optim.Adam()
    after, _ = rule.update(w, gradient, rule.slots(w), np.float32(0.5), np.float32(1))
    np.testing.assert_allclose(after, -0.5 * np.sign(gradient), rtol=2e-5)
    np.testing.assert_allclose(after[1:], -0.5 * np.sign(gradient[1:]), rtol=3e-7)


def test_zero_gradients_change_a_parameter_only_by_weight_decay():
    for kind in optim.OPTIMIZERS.values():
        decay = {"weight_decay": 0.0} if kind is optim.AdamW else {}
        assert run(kind(**decay), gradients=[0.0, 0.0]) == [1.0, 1.0]
    assert run(optim.AdamW(weight_decay=0.5), gradients=[0.0]) == [1 - 0.1 * 0.5]


def test_adaptive_steps_are_invariant_to_the_scale_of_the_loss():
    for kind in (optim.Adam, optim.Nadam, optim.Lion, optim.RMSprop):
        scaled = run(kind(), gradients=[1e6 * each for each in GRADIENTS])
        np.testing.assert_allclose(scaled, run(kind()), rtol=1e-5)
