"""The laws of energies and conditional draws, against machines with all states written down."""

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
    given = P / P.sum(axis=1, keepdims=True)
    found = energy.hidden_probabilities(COUPLINGS, VISIBLE)
    np.testing.assert_allclose(found, given @ HIDDEN, rtol=1e-12)


def test_visible_probabilities_are_those_of_the_joint_distribution():
    given = (P / P.sum(axis=0)).T
    found = energy.visible_probabilities(COUPLINGS, HIDDEN)
    np.testing.assert_allclose(found, given @ VISIBLE, rtol=1e-12)


def test_probabilities_are_proportional_to_exp_of_minus_the_free_energy():
    found = np.exp(-energy.free_energy(COUPLINGS, VISIBLE) - LOG_Z)
    np.testing.assert_allclose(found, P.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("visible", "hidden"), [(4, 3), (3, 5), (1, 1), (11, 2)])
def test_the_partition_function_is_the_sum_over_all_pairs_of_states(visible, hidden):
    couplings = small_machine(visible, hidden, seed=visible)
    assert log_partition(couplings) == pytest.approx(joint(couplings)[1], rel=1e-13)


def test_the_partition_function_of_many_states_is_summed_in_pieces_without_overflow():
    # Units that do not see each other are a product of coins; exp(900) overflows a float64.
    alone = {
        "weight": np.zeros((12, 14)),
        "visible_bias": np.full(12, 900.0),
        "hidden_bias": np.full(14, -900.0),
    }
    assert log_partition(alone) == pytest.approx(12 * 900.0, rel=1e-14)
    biases = small_machine(12, 14) | {"weight": np.zeros((12, 14))}
    wanted = sum(np.logaddexp(0, biases[side]).sum() for side in ("visible_bias", "hidden_bias"))
    assert log_partition(biases) == pytest.approx(wanted, rel=1e-13)


def test_turning_one_unit_estimates_the_pseudo_likelihood():
    state, count = VISIBLE[9], 20_000
    total = P.sum(axis=1)
    exact = []
    for unit in range(4):
        other = state.copy()
        other[unit] = 1 - other[unit]
        mine, its = (total[(each == VISIBLE).all(axis=1)][0] for each in (state, other))
        exact.append(np.log(mine / (mine + its)))
    found = energy.pseudo_likelihood_estimate(
        COUPLINGS, np.tile(state, (count, 1)), RandomStream(0)
    )
    assert set(found.round(9)) == set((4 * np.array(exact)).round(9))
    error = 4 * np.std(exact) / np.sqrt(count)
    assert found.mean() == pytest.approx(np.sum(exact), abs=5 * error)


def test_the_last_unit_is_drawn_though_its_number_is_rounded_up():
    """The largest float32 below 1, times 784, is 784 in float32: no unit has that number."""

    class Largest:
        def uniform(self, shape, dtype):
            return np.full(shape, np.float32(1 - 2**-24), dtype)

    couplings = {name: each.astype("float32") for name, each in small_machine(784, 2).items()}
    visible = np.zeros((1, 784), np.float32)
    visible[0, 783] = 1
    found = energy.pseudo_likelihood_estimate(couplings, visible, Largest())
    other = visible.copy()
    other[0, 783] = 0
    gap = energy.free_energy(couplings, other) - energy.free_energy(couplings, visible)
    np.testing.assert_allclose(found, -784 * np.logaddexp(0, -gap), rtol=1e-3)


def test_gibbs_sampling_leaves_the_distribution_of_the_machine_as_it_is():
    count = 40_000
    generator = np.random.default_rng(1)
    start = HIDDEN[generator.choice(8, size=count, p=P.sum(axis=0))]
    end = energy.gibbs_sampling(COUPLINGS, start, 3, RandomStream(5))
    found = np.array([(end == each).all(axis=1).mean() for each in HIDDEN])
    wanted = P.sum(axis=0)
    spread = np.sqrt(wanted * (1 - wanted) / count)
    assert np.all(np.abs(found - wanted) < 4.5 * spread)
    assert np.mean(np.any(start != end, axis=1)) > 0.5  # and yet the chains have moved


def test_gibbs_sampling_forgets_where_it_began():
    count = 40_000
    end = energy.gibbs_sampling(COUPLINGS, np.zeros((count, 3)), 60, RandomStream(6))
    wanted = P.sum(axis=0)
    found = np.array([(end == each).all(axis=1).mean() for each in HIDDEN])
    assert np.all(np.abs(found - wanted) < 4.5 * np.sqrt(wanted * (1 - wanted) / count))


def test_a_chain_draws_what_its_sweeps_draw_one_by_one():
    start = HIDDEN[:5]
    by_hand, stream = start, RandomStream(3, epoch=2, step=1)
    for _ in range(4):
        seen = energy.sample_units(energy.visible_probabilities(COUPLINGS, by_hand), stream)
        by_hand = energy.sample_units(energy.hidden_probabilities(COUPLINGS, seen), stream)
    at_once = RandomStream(3, epoch=2, step=1)
    np.testing.assert_array_equal(energy.gibbs_sampling(COUPLINGS, start, 4, at_once), by_hand)
    # What is drawn after the loop is not what was drawn in it.
    assert np.all(at_once.uniform((9,)) == stream.uniform((9,)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_native_chains_draw_the_bits_that_numpy_draws(dtype):
    """Without couplings all probabilities are one half, so that the draws alone decide."""
    none = {name: np.zeros_like(each, dtype) for name, each in small_machine(40, 24).items()}
    start = np.zeros((16, 24), dtype)

    def run(couplings, hidden, key, step):
        return energy.gibbs_sampling(couplings, hidden, 5, RandomStream(key, 1, step))

    key, step = philox_key(2**40 + 3), np.int64(7)
    found = jit(run)(none, start, key, step)
    np.testing.assert_array_equal(found, run(none, start, key, step))
    assert 0.4 < found.mean() < 0.6
