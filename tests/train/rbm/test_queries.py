"""Queries of a Boltzmann machine, and refusal of invalid input."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ChainruleError, DataError, ShapeError
from tests.train.rbm.enumeration import all_states, joint
from tests.train.rbm.states import X, assert_same, parameters


def test_frequencies_of_samples_are_their_probabilities():
    machine = cr.RBM(3, learning_rate=0.2, dtype="float64")
    machine.fit(X[:, :4], epochs=40, verbose=0)
    count = 20_000
    result = machine.sample(count, steps=150, seed=2)
    frequencies = np.array([(result == each).all(axis=1).mean() for each in all_states(4)])
    expected = joint(machine.params)[0].sum(axis=1)
    spread = np.sqrt(expected * (1 - expected) / count)
    assert np.all(np.abs(frequencies - expected) < 4.5 * spread)


def test_blocks_of_a_long_chain_draw_different_random_numbers():
    machine = cr.RBM(5)
    machine.transform(X)
    machine.params["weight"][:] = 0
    machine.params["visible_bias"][:] = 0
    ends = [machine.gibbs(X[:8], steps=steps, seed=3) for steps in (1, 2, 100, 101, 102, 201)]
    assert len({each.tobytes() for each in ends[2:]}) == 4
    assert all(set(np.unique(each)) <= {0.0, 1.0} for each in ends)
    assert np.array_equal(ends[3], machine.gibbs(X[:8], steps=101, seed=3))
    assert not np.array_equal(ends[3], machine.gibbs(X[:8], steps=101, seed=4))


def test_results_of_a_sample_do_not_depend_on_the_batch():
    machine = cr.RBM(5)
    machine.fit(X, epochs=1, verbose=0)
    many = np.resize(X, (1500, 12))
    for query in (machine.transform, machine.reconstruct, machine.free_energy):
        result = query(many)
        assert len(result) == 1500
        np.testing.assert_allclose(result[1024:], query(many[1024:]), rtol=1e-6)


def test_pseudo_likelihoods_of_different_seeds_flip_different_units():
    machine = cr.RBM(5)
    machine.fit(X, epochs=5, verbose=0)
    first, again, other = (machine.pseudo_likelihood(X, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.all(first < 0)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (X * 255, DataError, r"X goes from 0 to 255.*pass X / 255, or X > 127"),
        (X - 1, DataError, r"X goes from -1 to 0.*X\.min\(\)"),
        (np.where(X > 0, np.nan, X), DataError, "NaN or infinite, first nan at"),
        (X[:, :5], ShapeError, r"built for 12 visible units; give the same columns"),
        (X[0], ShapeError, r"a single sample; pass X\[None\]"),
        (X.reshape(90, 3, 4), ShapeError, r"pass X\.reshape\(len\(X\), -1\)"),
        (X[:0], DataError, "X is empty"),
        ([[0, 1], [1]], DataError, "X is ragged"),
        (None, DataError, "X is None"),
    ],
)
def test_data_other_than_states_are_refused_and_change_nothing(wrong, error, words):
    machine = cr.RBM(4)
    machine.fit(X, epochs=1, verbose=0)
    before, energies = parameters(machine), machine.free_energy(X)
    with pytest.raises(error, match=f"fit: .*{words}"):
        machine.fit(wrong, epochs=1, verbose=0)
    with pytest.raises(error, match="transform: "):
        machine.transform(wrong)
    assert_same(before, parameters(machine))
    assert np.array_equal(energies, machine.free_energy(X))


def test_refused_data_do_not_fix_the_number_of_visible_units():
    machine = cr.RBM(4)
    with pytest.raises(DataError, match="goes from 0 to 3"):
        machine.fit([[3, 0]], verbose=0)
    with pytest.raises(ArgumentError, match="epochs is -1"):
        machine.fit(X, epochs=-1)
    assert not machine.params
    machine.fit(X, verbose=0)
    assert machine.params["weight"].shape == (12, 4)


def test_a_diverging_step_is_reported_and_leaves_finite_parameters():
    machine = cr.RBM(4, learning_rate=1e38)
    with pytest.raises(DataError, match="last step that was finite"):
        machine.fit(X, epochs=50, verbose=0)
    assert all(np.isfinite(each).all() for each in machine.params.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hidden": 0}, "hidden is 0; it must be an integer, 1 or more"),
        ({"k": 1.5}, "k is 1.5"),
        ({"persistent": "no"}, "persistent is 'no'; it must be True or False"),
        ({"batch_size": None}, "batch_size is None"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"momentum": 1}, "momentum is 1"),
        ({"l2": -1}, "l2 is -1; it must be a number, 0 or more"),
        ({"seed": -1}, "seed is -1"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"n_components": 4}, "here it is `hidden`"),
        ({"random_state": 4}, "here it is `seed`"),
        ({"n_iter": 4}, r"fit\(X, epochs=10\)"),
        ({"weight_decay": 4}, "here it is `l2`"),
    ],
)
def test_invalid_and_foreign_arguments_are_refused_with_a_suggestion(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        cr.RBM(**arguments)


def test_queries_that_need_a_built_or_small_machine_are_refused():
    machine = cr.RBM(40)
    for query in (machine.log_partition, lambda: machine.sample(3)):
        with pytest.raises(ArgumentError, match="does not know yet how many visible units"):
            query()
    machine.transform(np.zeros((1, 30)))
    with pytest.raises(ArgumentError, match=r"30 visible and 40 hidden units.*2\^30 terms"):
        machine.log_partition()
    with pytest.raises(ArgumentError, match="optimizer is 'sgd'"):
        machine.optimizer = "sgd"
    with pytest.raises(ArgumentError, match="needs its name"):
        machine.fit(X, 10)
    with pytest.raises(ArgumentError, match="here it is `epochs`"):
        machine.fit(X, n_iter=10)


def test_the_repr_names_units_algorithm_and_optimizer():
    text = repr(cr.RBM(4, 0.1, k=3, persistent=True))
    assert text == ("<RBM of 4 hidden units, persistent divergence, k=3, SGD(learning_rate=0.1)>")
    assert issubclass(DataError, ChainruleError)
