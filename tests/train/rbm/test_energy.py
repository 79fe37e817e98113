"""Energies, conditional probabilities and Gibbs chains against enumeration of all states."""

import numpy as np
import pytest

from chainrule.compiler.jit import jit
from chainrule.nn.random_stream import RandomStream, philox_key
from chainrule.train.rbm import energy
from chainrule.train.rbm.partition import log_partition
from tests.train.rbm.enumeration import all_states, joint, small_machine

COUPLINGS = small_machine()
VISIBLE, HIDDEN = all_states(4), all_states(3)
P, LOG_Z = joint(COUPLINGS)


def test_hidden_probabilities_are_those_of_the_joint_distribution():
    conditional = P / P.sum(axis=1, keepdims=True)
    result = energy.hidden_probabilities(COUPLINGS, VISIBLE)
    np.testing.assert_allclose(result, conditional @ HIDDEN, rtol=1e-12)


def test_visible_probabilities_are_those_of_the_joint_distribution():
    conditional = (P / P.sum(axis=0)).T
    result = energy.visible_probabilities(COUPLINGS, HIDDEN)
    np.testing.assert_allclose(result, conditional @ VISIBLE, rtol=1e-12)


def test_probabilities_are_proportional_to_exp_of_minus_the_free_energy():
    result = np.exp(-energy.free_energy(COUPLINGS, VISIBLE) - LOG_Z)
    np.testing.assert_allclose(result, P.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("visible", "hidden"), [(4, 3), (3, 5), (1, 1), (11, 2)])
def test_the_partition_function_sums_over_all_pairs_of_states(visible, hidden):
    couplings = small_machine(visible, hidden, seed=visible)
    assert log_partition(couplings) == pytest.approx(joint(couplings)[1], rel=1e-13)


def test_the_partition_function_of_many_states_is_summed_in_blocks_without_overflow():
    # Without couplings, units are independent Bernoulli variables; exp(900) overflows float64.
    independent = {
        "weight": np.zeros((12, 14)),
        "visible_bias": np.full(12, 900.0),
        "hidden_bias": np.full(14, -900.0),
    }
    assert log_partition(independent) == pytest.approx(12 * 900.0, rel=1e-14)
    biases = small_machine(12, 14) | {"weight": np.zeros((12, 14))}
    expected = sum(np.logaddexp(0, biases[side]).sum() for side in ("visible_bias", "hidden_bias"))
    assert log_partition(biases) == pytest.approx(expected, rel=1e-13)


def test_flipping_one_unit_estimates_the_pseudo_likelihood():
    state, count = VISIBLE[9], 20_000
    total = P.sum(axis=1)
    exact = []
    for unit in range(4):
        other = state.copy()
        other[unit] = 1 - other[unit]
        probability, flipped = (total[(each == VISIBLE).all(axis=1)][0] for each in (state, other))
        exact.append(np.log(probability / (probability + flipped)))
    result = energy.pseudo_likelihood_estimate(
        COUPLINGS, np.tile(state, (count, 1)), RandomStream(0)
    )
    assert set(result.round(9)) == set((4 * np.array(exact)).round(9))
    error = 4 * np.std(exact) / np.sqrt(count)
    assert result.mean() == pytest.approx(np.sum(exact), abs=5 * error)


def test_rounding_of_the_drawn_unit_stays_within_the_last_unit():
    """The largest float32 below 1, times 784, rounds to 784, beyond the last unit."""

    class Largest:
        def uniform(self, shape, dtype):
            return np.full(shape, np.float32(1 - 2**-24), dtype)

    couplings = {name: each.astype("float32") for name, each in small_machine(784, 2).items()}
    visible = np.zeros((1, 784), np.float32)
    visible[0, 783] = 1
    result = energy.pseudo_likelihood_estimate(couplings, visible, Largest())
    other = visible.copy()
    other[0, 783] = 0
    gap = energy.free_energy(couplings, other) - energy.free_energy(couplings, visible)
    np.testing.assert_allclose(result, -784 * np.logaddexp(0, -gap), rtol=1e-3)


def test_the_joint_distribution_is_invariant_under_gibbs_sampling():
    count = 40_000
    generator = np.random.default_rng(1)
    start = HIDDEN[generator.choice(8, size=count, p=P.sum(axis=0))]
    end = energy.gibbs_sampling(COUPLINGS, start, 3, RandomStream(5))
    result = np.array([(end == each).all(axis=1).mean() for each in HIDDEN])
    expected = P.sum(axis=0)
    spread = np.sqrt(expected * (1 - expected) / count)
    assert np.all(np.abs(result - expected) < 4.5 * spread)
    assert np.mean(np.any(start != end, axis=1)) > 0.5  # the chains have moved


def test_gibbs_sampling_converges_from_any_state():
    count = 40_000
    end = energy.gibbs_sampling(COUPLINGS, np.zeros((count, 3)), 60, RandomStream(6))
    expected = P.sum(axis=0)
    result = np.array([(end == each).all(axis=1).mean() for each in HIDDEN])
    assert np.all(np.abs(result - expected) < 4.5 * np.sqrt(expected * (1 - expected) / count))


def test_a_chain_equals_its_single_gibbs_steps():
    start = HIDDEN[:5]
    by_hand, stream = start, RandomStream(3, epoch=2, step=1)
    for _ in range(4):
        visible = energy.sample_units(energy.visible_probabilities(COUPLINGS, by_hand), stream)
        by_hand = energy.sample_units(energy.hidden_probabilities(COUPLINGS, visible), stream)
    at_once = RandomStream(3, epoch=2, step=1)
    np.testing.assert_array_equal(energy.gibbs_sampling(COUPLINGS, start, 4, at_once), by_hand)
    # The stream advances past the draws of the loop.
    assert np.all(at_once.uniform((9,)) == stream.uniform((9,)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_native_chains_draw_the_same_bits_as_numpy(dtype):
    """Without couplings all probabilities are one half: results depend on the draws only."""
    none = {name: np.zeros_like(each, dtype) for name, each in small_machine(40, 24).items()}
    start = np.zeros((16, 24), dtype)

    def run(couplings, hidden, key, step):
        return energy.gibbs_sampling(couplings, hidden, 5, RandomStream(key, 1, step))

    key, step = philox_key(2**40 + 3), np.int64(7)
    result = jit(run)(none, start, key, step)
    np.testing.assert_array_equal(result, run(none, start, key, step))
    assert 0.4 < result.mean() < 0.6
