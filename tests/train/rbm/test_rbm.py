"""The laws of Boltzmann machines as users have them."""

import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from tests.train.rbm.enumeration import all_states
from tests.train.rbm.states import X, assert_same, bars_and_stripes, parameters

WAYS = [
    {"learning_rate": 0.1},
    {"learning_rate": 0.1, "momentum": 0.5, "k": 3, "l2": 1e-4},
    {"learning_rate": 0.05, "persistent": True, "k": 2},
]


@pytest.mark.parametrize("way", WAYS)
def test_learning_raises_the_exact_likelihood(way):
    pictures = bars_and_stripes()
    data = np.tile(pictures, (16, 1))
    machine = cr.RBM(10, batch_size=28, seed=1, **way)
    courses = []
    for epochs in (1, 200, 400):
        machine.fit(data, epochs=epochs, verbose=0)
        courses.append(machine.log_likelihood(pictures).mean())
    assert courses[0] < courses[1] < courses[2] <= -np.log(len(pictures))
    alone = pictures.mean(axis=0)  # the best that units without couplings could do
    coins = pictures * np.log(alone) + (1 - pictures) * np.log(1 - alone)
    assert courses[2] > coins.sum(axis=1).mean() + 1


def test_probabilities_of_all_states_add_up_to_one():
    machine = cr.RBM(5, learning_rate=0.2, dtype="float64")
    machine.fit(X[:, :6], epochs=30, verbose=0)
    total = np.exp(machine.log_likelihood(all_states(6))).sum()
    assert total == pytest.approx(1, abs=1e-12)


def test_the_first_call_of_fit_gives_units_the_log_odds_of_their_means():
    machine = cr.RBM(3)
    machine.fit(X, epochs=0, verbose=0)
    counts = X.sum(axis=0)
    wanted = np.log((counts + 1) / (len(X) - counts + 1))
    np.testing.assert_allclose(machine.params["visible_bias"], wanted, rtol=1e-6)
    machine.params["visible_bias"][:] = 0.5
    machine.fit(X, epochs=0, verbose=0)  # the next call takes what there is
    assert np.all(machine.params["visible_bias"] == 0.5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [90, 96])  # with and without an odd batch
def test_twice_one_epoch_is_two(way, count):
    data = np.resize(X, (count, 12))
    one, other = (cr.RBM(7, batch_size=32, **way) for _ in range(2))
    first = one.fit(data, epochs=2, verbose=0)
    rows = [other.fit(data, epochs=1, verbose=0)["pseudo_likelihood"][0] for _ in range(2)]
    assert_same(parameters(one), parameters(other))
    assert rows == first["pseudo_likelihood"]


def test_the_seed_decides_everything():
    machines = [cr.RBM(7, seed=seed) for seed in (3, 3, 4)]
    for machine in machines:
        machine.fit(X, epochs=3, verbose=0)
    one, same, other = map(parameters, machines)
    assert_same(one, same)
    assert not np.array_equal(one["weight"], other["weight"])


@pytest.mark.parametrize("kind", [bool, "uint8", "int64", "float64", ">f4"])
def test_the_kind_of_the_data_changes_nothing_but_the_order_of_sums(kind):
    one, other = cr.RBM(7), cr.RBM(7)
    one.fit(X, epochs=2, verbose=0)
    other.fit(X.astype(kind), epochs=2, verbose=0)
    for name, each in one.params.items():
        np.testing.assert_allclose(each, other.params[name], atol=1e-7, err_msg=name)
    np.testing.assert_allclose(one.transform(X), other.transform(X.astype(kind)), atol=1e-6)


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
digest = hashlib.sha256()
for way in ({}, {"persistent": True, "k": 3, "momentum": 0.5}):
    machine = cr.RBM(96, batch_size=96, **way)
    machine.fit(X, epochs=2, verbose=0)
    for each in (*machine.params.values(), machine.gibbs(X, 3), machine.sample(40, 20)):
        digest.update(each.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_any_number_of_threads_gives_the_same_bits():
    def digest(threads):
        environment = {**os.environ, "CHAINRULE_NUM_THREADS": str(threads)}
        command = [sys.executable, "-W", "error", "-c", TRAIN]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert len({digest(threads) for threads in (1, 2, 3, 4, 8)}) == 1


def test_numpy_and_native_code_learn_alike(monkeypatch):
    """Not bit by bit: a draw beside a probability that differs in its last bit may turn over."""
    courses = []
    for backend in ("llvm", "numpy"):
        monkeypatch.setenv("CHAINRULE_BACKEND", backend)
        machine = cr.RBM(6, dtype="float64", persistent=True, k=2)
        machine.fit(X, epochs=2, verbose=0)
        courses.append(parameters(machine))
    for name, each in courses[0].items():
        np.testing.assert_allclose(each, courses[1][name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_momentum_can_rise_while_the_velocities_go_on():
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
    one.optimizer = optim.Adam(0.001)  # remembers other things: it begins anew
    one.fit(X, epochs=1, verbose=0)


def test_weight_decay_shrinks_weights_only():
    machines = [cr.RBM(5, 0.3, l2=l2) for l2 in (0.0, 1.0)]
    for machine in machines:
        machine.fit(np.tile(bars_and_stripes(), (16, 1)), epochs=40, verbose=0)
    free, held = (np.abs(machine.params["weight"]).mean() for machine in machines)
    assert held < 0.1 * free


def test_a_callback_can_watch_and_end():
    seen = []

    def watch(machine, epoch, logs):
        seen.append((epoch, set(logs)))
        machine.params["hidden_bias"][:] = 0.25
        return epoch == 2

    machine = cr.RBM(4)
    history = machine.fit(X, epochs=9, callbacks=watch, verbose=0)
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    assert seen[0][1] == {"loss", "pseudo_likelihood", "learning_rate", "seconds"}
    assert history is machine.history
    assert np.all(machine.params["hidden_bias"] == 0.25)


def test_early_stopping_knows_that_a_pseudo_likelihood_grows():
    stop = cr.EarlyStopping("pseudo_likelihood", patience=2)
    cr.RBM(4, 0.2).fit(X, epochs=60, callbacks=stop, verbose=0)
    assert stop.best == pytest.approx(max(stop.best, -12))
    assert stop.best_epoch > 0


def test_receptive_fields_are_drawn():
    pytest.importorskip("matplotlib")
    machine = cr.RBM(9)
    machine.transform(np.zeros((1, 64)))
    figure = cr.plot.weights(machine, "weight")
    assert figure.axes[0].get_title() == "weight: 9 units, each on 8 × 8 inputs"


@pytest.mark.slow
def test_digits_are_learned_as_well_as_by_scikit_learn():
    """Both by persistent chains; its pseudo-likelihood is also estimated by one unit a row."""
    network = pytest.importorskip("sklearn.neural_network")
    digits, _ = cr.datasets.digits()
    data = (digits > digits.max() / 2).astype("float32")
    drawn = np.random.RandomState(0)
    shared = {"learning_rate": 0.05, "batch_size": 20}
    theirs = network.BernoulliRBM(32, n_iter=30, random_state=drawn, **shared).fit(data)
    ours = cr.RBM(32, persistent=True, **shared)
    ours.fit(data, epochs=30, verbose=0)
    found = np.mean([ours.pseudo_likelihood(data, seed).mean() for seed in range(30)])
    wanted = np.mean([theirs.score_samples(data).mean() for _ in range(30)])
    assert found > wanted - 1
    # And they mean the same by it: our estimate for their parameters is theirs.
    names = {"weight": "components_", "visible_bias": "intercept_visible_"}
    for name, its in (names | {"hidden_bias": "intercept_hidden_"}).items():
        ours.params[name] = getattr(theirs, its).T
    again = np.mean([ours.pseudo_likelihood(data, seed).mean() for seed in range(30)])
    assert again == pytest.approx(wanted, abs=0.8)  # each mean of 30 is known to about 0.13
    np.testing.assert_allclose(ours.transform(data), theirs.transform(data), atol=1e-5)
