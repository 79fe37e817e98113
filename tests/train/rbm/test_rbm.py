"""Restricted Boltzmann machines: likelihood, determinism, momentum and callbacks."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import datasets, optim
from chainrule.errors import ArgumentError
from tests.prepared_python import run_program
from tests.train.rbm.enumeration import all_states
from tests.train.rbm.states import X, assert_same, bars_and_stripes, parameters

SETTINGS = [
    {"learning_rate": 0.1},
    {"learning_rate": 0.1, "momentum": 0.5, "k": 3, "l2": 1e-4},
    {"learning_rate": 0.05, "persistent": True, "k": 2},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_training_raises_the_exact_likelihood(settings):
    images = bars_and_stripes()
    data = np.tile(images, (16, 1))
    machine = cr.RBM(10, batch_size=28, seed=1, **settings)
    trained = []
    for epochs in (1, 200, 400):
        machine.fit(data, epochs=epochs, verbose=0)
        trained.append(machine.log_likelihood(images).mean())
    assert trained[0] < trained[1] < trained[2] <= -np.log(len(images))
    means = images.mean(axis=0)  # the best model of independent units
    independent = images * np.log(means) + (1 - images) * np.log(1 - means)
    assert trained[2] > independent.sum(axis=1).mean() + 1


def test_probabilities_of_all_states_add_up_to_one():
    machine = cr.RBM(5, learning_rate=0.2, dtype="float64")
    machine.fit(X[:, :6], epochs=30, verbose=0)
    total = np.exp(machine.log_likelihood(all_states(6))).sum()
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.usefixtures("numpy_backend")
def test_fit_initializes_visible_biases_to_the_log_odds_of_the_means():
    machine = cr.RBM(3, learning_rate=1e-30)  # too small a rate to change anything else
    machine.fit(X, epochs=1, verbose=0)
    counts = X.sum(axis=0)
    expected = np.log((counts + 1) / (len(X) - counts + 1))
    np.testing.assert_allclose(machine.params["visible_bias"], expected, rtol=1e-6)
    machine.params["visible_bias"][:] = 0.5
    machine.fit(X, epochs=1, verbose=0)  # later calls leave them
    assert np.all(machine.params["visible_bias"] == 0.5)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("count", [90, 96])  # with and without an odd batch
def test_twice_one_epoch_is_two_epochs_bit_for_bit(settings, count):
    data = np.resize(X, (count, 12))
    one, other = (cr.RBM(7, batch_size=32, **settings) for _ in range(2))
    first = one.fit(data, epochs=2, verbose=0)
    rows = [other.fit(data, epochs=1, verbose=0)["pseudo_likelihood"][0] for _ in range(2)]
    assert_same(parameters(one), parameters(other))
    assert rows == first["pseudo_likelihood"]


def test_training_is_deterministic_given_the_seed():
    machines = [cr.RBM(7, seed=seed) for seed in (3, 3, 4)]
    for machine in machines:
        machine.fit(X, epochs=3, verbose=0)
    one, same, other = map(parameters, machines)
    assert_same(one, same)
    assert not np.array_equal(one["weight"], other["weight"])


@pytest.mark.usefixtures("numpy_backend")
@pytest.mark.parametrize("dtype", [bool, "uint8", "int64", "float64", ">f4"])
def test_the_dtype_of_the_data_changes_at_most_rounding(dtype):
    one, other = cr.RBM(7), cr.RBM(7)
    one.fit(X, epochs=2, verbose=0)
    other.fit(X.astype(dtype), epochs=2, verbose=0)
    for name, each in one.params.items():
        np.testing.assert_allclose(each, other.params[name], atol=1e-7, err_msg=name)
    np.testing.assert_allclose(one.transform(X), other.transform(X.astype(dtype)), atol=1e-6)


@pytest.mark.usefixtures("numpy_backend")
def test_batches_may_be_larger_than_the_data():
    for persistent in (False, True):
        machine = cr.RBM(4, persistent=persistent, batch_size=500)
        history = machine.fit(X, epochs=3, verbose=0)
        assert history.epochs == 3


TRAIN = """
import hashlib
import numpy as np
import chainrule as cr
X = (np.random.default_rng(0).random((400, 300)) < 0.3)
for threads in (1, 2, 5):
    cr.set_num_threads(threads)
    digest = hashlib.sha256()
    for settings in ({}, {"persistent": True, "k": 3, "momentum": 0.5}):
        machine = cr.RBM(96, batch_size=96, **settings)
        machine.fit(X, epochs=2, verbose=0)
        for each in (*machine.params.values(), machine.gibbs(X, 3), machine.sample(40, 20)):
            digest.update(each.tobytes())
    print(digest.hexdigest())
"""


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_the_bits():
    done = run_program(["-c", TRAIN])
    assert done.returncode == 0, done.stderr
    digests = done.stdout.split()
    assert len(digests) == 3
    assert len(set(digests)) == 1


def test_native_training_matches_the_numpy_evaluator(monkeypatch):
    """Up to rounding: a draw next to a probability that differs in its last bit may flip."""
    trained = []
    for backend in ("llvm", "numpy"):
        monkeypatch.setenv("CHAINRULE_BACKEND", backend)
        machine = cr.RBM(6, dtype="float64", persistent=True, k=2)
        machine.fit(X, epochs=2, verbose=0)
        trained.append(parameters(machine))
    for name, each in trained[0].items():
        np.testing.assert_allclose(each, trained[1][name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.usefixtures("numpy_backend")
def test_momentum_can_change_while_velocities_are_retained():
    one, other = (cr.RBM(5, 0.05, momentum=0.5) for _ in range(2))
    for machine in (one, other):
        machine.fit(X, epochs=2, verbose=0)
    other.optimizer = optim.SGD(0.05, momentum=0.5)
    assert other.optimizer == one.optimizer
    for machine in (one, other):
        machine.fit(X, epochs=1, verbose=0)
    assert_same(parameters(one), parameters(other))
    one.optimizer = optim.SGD(0.05, momentum=0.9)
    for machine in (one, other):
        machine.fit(X, epochs=1, verbose=0)
    assert not np.array_equal(one.params["weight"], other.params["weight"])
    one.optimizer = optim.Adam(0.001)  # has another state, which starts from zero
    one.fit(X, epochs=1, verbose=0)


@pytest.mark.usefixtures("numpy_backend")
def test_weight_decay_shrinks_weights_only():
    machines = [cr.RBM(5, 0.3, l2=l2) for l2 in (0.0, 1.0)]
    for machine in machines:
        machine.fit(np.tile(bars_and_stripes(), (16, 1)), epochs=40, verbose=0)
    free, decayed = (np.abs(machine.params["weight"]).mean() for machine in machines)
    assert decayed < 0.1 * free


def test_sparsity_leaves_no_hidden_unit_without_a_receptive_field():
    digits = datasets.digits()[0].reshape(-1, 64)
    alive = {}
    for sparsity in (None, 0.05):
        machine = cr.RBM(50, 0.1, batch_size=10, sparsity=sparsity, seed=0)
        machine.fit(digits, epochs=60, verbose=0)
        features = machine.transform(digits)
        alive[sparsity] = np.mean(features.std(axis=0) > 0.05)
    assert alive[None] < 0.8
    assert alive[0.05] > 0.95
    np.testing.assert_allclose(features.mean(axis=0), 0.05, atol=0.02)


@pytest.mark.usefixtures("numpy_backend")
def test_a_callback_can_read_write_and_stop_training():
    calls = []

    def watch(machine, epoch, logs):
        calls.append((epoch, set(logs)))
        machine.params["hidden_bias"][:] = 0.25
        return epoch == 2

    machine = cr.RBM(4)
    history = machine.fit(X, epochs=9, callbacks=watch, verbose=0)
    assert [epoch for epoch, _ in calls] == [0, 1, 2]
    assert calls[0][1] == {"loss", "pseudo_likelihood", "learning_rate", "seconds"}
    assert history is machine.history
    assert np.all(machine.params["hidden_bias"] == 0.25)


@pytest.mark.usefixtures("numpy_backend")
def test_early_stopping_maximizes_the_pseudo_likelihood():
    stop = cr.EarlyStopping("pseudo_likelihood", patience=2)
    cr.RBM(4, 0.2).fit(X, epochs=60, callbacks=stop, verbose=0)
    assert stop.best == pytest.approx(max(stop.best, -12))
    assert stop.best_epoch > 0


def test_receptive_fields_are_plotted():
    pytest.importorskip("matplotlib")
    machine = cr.RBM(9)
    machine.transform(np.zeros((1, 64)))
    figure = cr.plot.weights(machine, "weight")
    assert figure.axes[0].get_title() == "weight: 9 units, each on 8 × 8 inputs"


@pytest.mark.slow
def test_the_pseudo_likelihood_of_digits_reaches_scikit_learns():
    """Both use persistent chains and estimate the pseudo-likelihood by one flipped unit a row."""
    network = pytest.importorskip("sklearn.neural_network")
    digits, _ = cr.datasets.digits()
    data = (digits > digits.max() / 2).astype("float32")
    drawn = np.random.RandomState(0)
    shared = {"learning_rate": 0.05, "batch_size": 20}
    theirs = network.BernoulliRBM(32, n_iter=30, random_state=drawn, **shared).fit(data)
    ours = cr.RBM(32, persistent=True, **shared)
    ours.fit(data, epochs=30, verbose=0)
    reached = np.mean([ours.pseudo_likelihood(data, seed).mean() for seed in range(30)])
    expected = np.mean([theirs.score_samples(data).mean() for _ in range(30)])
    assert reached > expected - 1
    # The estimates agree: ours for their parameters is theirs.
    names = {"weight": "components_", "visible_bias": "intercept_visible_"}
    for name, its in (names | {"hidden_bias": "intercept_hidden_"}).items():
        ours.params[name] = getattr(theirs, its).T
    again = np.mean([ours.pseudo_likelihood(data, seed).mean() for seed in range(30)])
    assert again == pytest.approx(expected, abs=0.8)  # each mean of 30 is known to about 0.13
    np.testing.assert_allclose(ours.transform(data), theirs.transform(data), atol=1e-5)


@pytest.mark.usefixtures("numpy_backend")
def test_settings_take_effect_in_the_next_fit_or_are_refused():
    plain, changed = (cr.RBM(4, seed=0, dtype="float64") for _ in range(2))
    for machine in (plain, changed):
        machine.fit(X, verbose=0)
    changed.k, changed.l2 = 3, 0.1
    for machine in (plain, changed):
        machine.fit(X, verbose=0)
    assert not np.array_equal(plain.params["weight"], changed.params["weight"])
    other = cr.RBM(4, k=3, l2=0.1, seed=0, dtype="float64")
    other.fit(X, epochs=2, verbose=0)
    assert (changed.k, changed.l2) == (other.k, other.l2) == (3, 0.1)
    for name in ("hidden", "batch_size", "persistent", "seed", "learning_rate", "momentum", "K"):
        with pytest.raises(AttributeError, match=f"RBM: {name} cannot be assigned; "):
            setattr(changed, name, 2)
    changed.sparsity = 0.05
    before = changed.params["hidden_bias"].copy()
    changed.fit(X, verbose=0)
    assert np.all(changed.params["hidden_bias"] < before - 0.1)
    refused = ("k", 0), ("sparsity", 0), ("sparsity", 1.0), ("sparsity_cost", -1.0)
    for name, value in refused:
        with pytest.raises(ArgumentError, match=f"RBM: {name} is {value}; it must be"):
            setattr(changed, name, value)
    assert (changed.k, changed.sparsity, changed.sparsity_cost) == (3, 0.05, 10.0)
