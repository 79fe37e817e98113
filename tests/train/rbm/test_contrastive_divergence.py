"""Contrastive divergence: gradients of free-energy differences against the likelihood's."""

import numpy as np
import pytest

from chainrule.autodiff.derivative import value_and_grad
from chainrule.nn.binding import Binding
from chainrule.nn.parameter import substituted
from chainrule.nn.random_stream import RandomStream
from chainrule.train.rbm.contrastive_divergence import Contrast
from chainrule.train.rbm.energy import hidden_probabilities
from tests.train.rbm.enumeration import all_states, joint, likelihood_gradient, small_machine

NAMES = ("weight", "visible_bias", "hidden_bias")


def built(couplings, k=1, chains=0):
    visible, hidden = couplings["weight"].shape
    layer = Contrast(hidden, k, chains, l2=0.0)
    layer.bind("rbm", Binding(0, (0,)), "float64")
    layer(np.zeros((1, visible)))
    for name in NAMES:
        layer.parameters()[name].value[:] = couplings[name]
    return layer


def contrast_gradient(layer, data, stream):
    trained = [layer.parameters()[name] for name in NAMES]

    def loss(values):
        with substituted(trained, values):
            return np.mean(layer(data, random=stream)[:, 0])

    return dict(zip(NAMES, value_and_grad(loss)([each.value for each in trained])[1], strict=True))


def samples_of(couplings, count, seed=0):
    """Draw independent visible and hidden states from the exact distribution."""
    p, _ = joint(couplings)
    v, h = (all_states(n) for n in couplings["weight"].shape)
    pairs = np.random.default_rng(seed).choice(p.size, size=count, p=p.ravel())
    return v[pairs // len(h)], h[pairs % len(h)]


def test_the_gradient_is_the_difference_of_correlations_of_both_phases():
    """Positive minus negative phase with hidden probabilities: Hinton (2010), equation 9."""
    couplings = small_machine()
    layer, data = built(couplings, chains=6), all_states(4)[3:9]
    layer.chains.value[:] = 1
    gradient = contrast_gradient(layer, data, RandomStream(1))
    again = built(couplings, chains=6)
    again.chains.value[:] = 1
    negative = again._sample_model(data, RandomStream(1))
    on, off = (hidden_probabilities(couplings, each) for each in (data, negative))
    expected = {
        "weight": (negative.T @ off - data.T @ on) / 6,
        "visible_bias": np.mean(negative - data, axis=0),
        "hidden_bias": np.mean(off - on, axis=0),
    }
    for name in NAMES:
        np.testing.assert_allclose(gradient[name], expected[name], atol=1e-13)


def test_sparsity_adds_the_excess_of_activation_to_the_gradient_of_hidden_biases_alone():
    couplings, data = small_machine(), all_states(4)[3:9]
    gradients = []
    for target, cost in ((None, 10.0), (0.05, 10.0), (0.05, 0.0)):
        layer = built(couplings)
        layer.sparsity, layer.sparsity_cost = target, cost
        gradients.append(contrast_gradient(layer, data, RandomStream(1)))
    without, sparse, free = gradients
    excess = hidden_probabilities(couplings, data).mean(axis=0) - 0.05
    np.testing.assert_allclose(
        sparse["hidden_bias"] - without["hidden_bias"], 10 * excess, atol=1e-13
    )
    for name in NAMES:
        assert np.array_equal(free[name], without[name])
        assert name == "hidden_bias" or np.array_equal(sparse[name], without[name])


@pytest.mark.parametrize("k", [1, 3])
def test_with_chains_in_equilibrium_the_mean_gradient_is_the_likelihoods(k):
    couplings, count = small_machine(seed=2), 30_000
    data = all_states(4)[[1, 1, 6, 11, 15]]
    layer = built(couplings, k=k, chains=count)
    layer.chains.value[:] = samples_of(couplings, count)[1]
    gradient, expected = (
        contrast_gradient(layer, data, RandomStream(4)),
        likelihood_gradient(couplings, data),
    )
    for name in NAMES:
        # Each entry is a mean over chains of values in [0, 1]: standard deviation at most 1/2.
        np.testing.assert_allclose(gradient[name], expected[name], atol=4.5 * 0.5 / np.sqrt(count))


def test_many_gibbs_steps_from_the_data_approach_the_likelihoods_gradient():
    couplings = small_machine(scale=0.7, seed=3)
    states = all_states(4)[[0, 5, 12]]
    data = np.repeat(states, 10_000, axis=0)
    expected = likelihood_gradient(couplings, states)
    far = contrast_gradient(built(couplings, k=25), data, RandomStream(5))
    for name in NAMES:
        np.testing.assert_allclose(far[name], expected[name], atol=4.5 * 0.5 / np.sqrt(len(data)))
    # CD-1 is biased: chains that do not move would fail the comparison above.
    near = contrast_gradient(built(couplings, k=1), data, RandomStream(5))
    assert np.abs(near["weight"] - expected["weight"]).max() > 0.05


def test_persistent_chains_continue_from_their_last_states():
    layer = built(small_machine(), k=2, chains=8)
    states = [layer.chains.value.copy()]
    for step in range(3):
        with substituted([layer.chains], [layer.chains.value]):
            layer(all_states(4), random=RandomStream(0, step=step))
            states.append(np.asarray(layer.chains.value))
        layer.chains.value = states[-1]
    assert all(each.shape == (8, 3) and set(np.unique(each)) <= {0.0, 1.0} for each in states)
    assert not np.array_equal(states[1], states[2])


def test_no_gradient_flows_through_the_samples_of_the_machine():
    """Samples are constants of the loss: discrete draws have no derivative."""
    couplings = small_machine()
    layer, data = built(couplings, chains=4), all_states(4)
    trained = [layer.parameters()[name] for name in NAMES]
    first = [each.value for each in trained]

    def loss(values):
        with substituted(trained, values), substituted([layer.chains], [layer.chains.value]):
            return np.mean(layer(data, random=RandomStream(9))[:, 0])

    _, gradient = value_and_grad(loss)(first)
    negative = built(couplings, chains=4)._sample_model(data, RandomStream(9))
    width = 1e-6
    for index in [(0, 0), (2, 1), (3, 2)]:
        ends = []
        for sign in (1, -1):
            moved = couplings["weight"].copy()
            moved[index] += sign * width
            shifted = couplings | {"weight": moved}
            ends.append(_contrast(shifted, data, negative))
        assert gradient[0][index] == pytest.approx((ends[0] - ends[1]) / (2 * width), abs=1e-8)


def _contrast(couplings, data, negative):
    def energy(v):
        fields = v @ couplings["weight"] + couplings["hidden_bias"]
        return -v @ couplings["visible_bias"] - np.logaddexp(0, fields).sum(axis=1)

    return energy(data).mean() - energy(negative).mean()
