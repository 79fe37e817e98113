"""The laws of what a machine learns by: gradients of free energies are those of the likelihood."""

import numpy as np
import pytest

from chainrule.autodiff.derivative import value_and_grad
from chainrule.nn.parameter import bound
from chainrule.nn.random_stream import RandomStream
from chainrule.train.rbm.contrastive_divergence import Contrast
from chainrule.train.rbm.energy import hidden_probabilities
from tests.train.rbm.enumeration import all_states, joint, likelihood_slopes, small_machine

NAMES = ("weight", "visible_bias", "hidden_bias")


def built(couplings, k=1, chains=0):
    visible, hidden = couplings["weight"].shape
    layer = Contrast(hidden, k, chains, l2=0.0)
    layer.bind("rbm", 0, (0,), "float64")
    layer(np.zeros((1, visible)))
    for name in NAMES:
        layer.parameters()[name].value[:] = couplings[name]
    return layer


def slopes(layer, data, stream):
    own = [layer.parameters()[name] for name in NAMES]

    def loss(values):
        with bound(own, values):
            return np.mean(layer(data, random=stream)[:, 0])

    return dict(zip(NAMES, value_and_grad(loss)([each.value for each in own])[1], strict=True))


def samples_of(couplings, count, seed=0):
    """Independent states of the machine itself: visible and hidden."""
    p, _ = joint(couplings)
    v, h = (all_states(n) for n in couplings["weight"].shape)
    pairs = np.random.default_rng(seed).choice(p.size, size=count, p=p.ravel())
    return v[pairs // len(h)], h[pairs % len(h)]


def test_a_step_is_the_difference_of_correlations_in_hintons_rule():
    """Positive less negative phase, with probabilities for the hidden units: equation 9 of 2010."""
    couplings = small_machine()
    layer, data = built(couplings, chains=6), all_states(4)[3:9]
    layer.chains.value[:] = 1
    found = slopes(layer, data, RandomStream(1))
    again = built(couplings, chains=6)
    again.chains.value[:] = 1
    dreamed = again._sample_model(data, RandomStream(1))
    on, off = (hidden_probabilities(couplings, each) for each in (data, dreamed))
    np.testing.assert_allclose(found["weight"], (dreamed.T @ off - data.T @ on) / 6, atol=1e-13)
    np.testing.assert_allclose(found["visible_bias"], np.mean(dreamed - data, axis=0), atol=1e-13)
    np.testing.assert_allclose(found["hidden_bias"], np.mean(off - on, axis=0), atol=1e-13)


@pytest.mark.parametrize("k", [1, 3])
def test_with_chains_at_rest_the_mean_step_is_the_gradient_of_the_likelihood(k):
    couplings, count = small_machine(seed=2), 30_000
    data = all_states(4)[[1, 1, 6, 11, 15]]
    layer = built(couplings, k=k, chains=count)
    layer.chains.value[:] = samples_of(couplings, count)[1]
    found, wanted = slopes(layer, data, RandomStream(4)), likelihood_slopes(couplings, data)
    for name in NAMES:
        # Each entry is a mean over chains of numbers between 0 and 1: deviation 1/2 at most.
        np.testing.assert_allclose(found[name], wanted[name], atol=4.5 * 0.5 / np.sqrt(count))


def test_many_sweeps_from_the_data_give_the_gradient_of_the_likelihood():
    couplings = small_machine(scale=0.7, seed=3)
    states = all_states(4)[[0, 5, 12]]
    data = np.repeat(states, 10_000, axis=0)
    wanted = likelihood_slopes(couplings, states)
    far = slopes(built(couplings, k=25), data, RandomStream(5))
    for name in NAMES:
        np.testing.assert_allclose(far[name], wanted[name], atol=4.5 * 0.5 / np.sqrt(len(data)))
    # One sweep is known to be biased: the test above would notice chains that do not move.
    near = slopes(built(couplings, k=1), data, RandomStream(5))
    assert np.abs(near["weight"] - wanted["weight"]).max() > 0.05


def test_the_chains_go_on_from_where_they_are():
    layer = built(small_machine(), k=2, chains=8)
    stands = [layer.chains.value.copy()]
    for step in range(3):
        with bound([layer.chains], [layer.chains.value]):
            layer(all_states(4), random=RandomStream(0, step=step))
            stands.append(np.asarray(layer.chains.value))
        layer.chains.value = stands[-1]
    assert all(each.shape == (8, 3) and set(np.unique(each)) <= {0.0, 1.0} for each in stands)
    assert not np.array_equal(stands[1], stands[2])


def test_nothing_is_learned_through_the_samples_of_the_machine():
    """Were they not held fixed, the gradient would be that of a function without one."""
    couplings = small_machine()
    layer, data = built(couplings, chains=4), all_states(4)
    own = [layer.parameters()[name] for name in NAMES]
    first = [each.value for each in own]

    def loss(values):
        with bound(own, values), bound([layer.chains], [layer.chains.value]):
            return np.mean(layer(data, random=RandomStream(9))[:, 0])

    _, found = value_and_grad(loss)(first)
    dreamed = built(couplings, chains=4)._sample_model(data, RandomStream(9))
    width = 1e-6
    for place in [(0, 0), (2, 1), (3, 2)]:
        ends = []
        for sign in (1, -1):
            moved = couplings["weight"].copy()
            moved[place] += sign * width
            held = couplings | {"weight": moved}
            ends.append(_contrast(held, data, dreamed))
        assert found[0][place] == pytest.approx((ends[0] - ends[1]) / (2 * width), abs=1e-8)


def _contrast(couplings, data, dreamed):
    def energy(v):
        fields = v @ couplings["weight"] + couplings["hidden_bias"]
        return -v @ couplings["visible_bias"] - np.logaddexp(0, fields).sum(axis=1)

    return energy(data).mean() - energy(dreamed).mean()
