"""The laws of Boltzmann machines as users have them."""

import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError, ChainruleError, DataError, ShapeError
from tests.train.boltzmann.enumeration import all_states, joint

X = (np.random.default_rng(0).random((90, 12)) < 0.4).astype("float32")


def bars_and_stripes(side=3):
    """Return the pictures whose rows are all black or white, or whose columns are."""
    bars = np.repeat(all_states(side), side, axis=1).reshape(-1, side, side)
    pictures = np.concatenate([bars, bars.transpose(0, 2, 1)]).reshape(-1, side * side)
    return np.unique(pictures, axis=0)


def parameters(machine):
    return {name: each.copy() for name, each in machine.params.items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


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


def test_samples_come_as_often_as_they_are_probable():
    machine = cr.RBM(3, learning_rate=0.2, dtype="float64")
    machine.fit(X[:, :4], epochs=40, verbose=0)
    count = 20_000
    found = machine.sample(count, steps=150, seed=2)
    frequencies = np.array([(found == each).all(axis=1).mean() for each in all_states(4)])
    wanted = joint(machine.params)[0].sum(axis=1)
    spread = np.sqrt(wanted * (1 - wanted) / count)
    assert np.all(np.abs(frequencies - wanted) < 4.5 * spread)


def test_long_chains_are_run_in_blocks_that_draw_different_numbers():
    machine = cr.RBM(5)
    machine.transform(X)
    machine.params["weight"][:] = 0
    machine.params["visible_bias"][:] = 0
    ends = [machine.gibbs(X[:8], steps=steps, seed=3) for steps in (1, 2, 100, 101, 102, 201)]
    assert len({each.tobytes() for each in ends[2:]}) == 4
    assert all(set(np.unique(each)) <= {0.0, 1.0} for each in ends)
    assert np.array_equal(ends[3], machine.gibbs(X[:8], steps=101, seed=3))
    assert not np.array_equal(ends[3], machine.gibbs(X[:8], steps=101, seed=4))


def test_rows_do_not_depend_on_how_many_are_asked_about():
    machine = cr.RBM(5)
    machine.fit(X, epochs=1, verbose=0)
    many = np.resize(X, (1500, 12))
    for question in (machine.transform, machine.reconstruct, machine.free_energy):
        found = question(many)
        assert len(found) == 1500
        np.testing.assert_allclose(found[1024:], question(many[1024:]), rtol=1e-6)


def test_pseudo_likelihoods_of_different_seeds_turn_different_units():
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
def test_data_that_cannot_be_states_are_refused_and_change_nothing(wrong, error, words):
    machine = cr.RBM(4)
    machine.fit(X, epochs=1, verbose=0)
    before, told = parameters(machine), machine.free_energy(X)
    with pytest.raises(error, match=f"fit: .*{words}"):
        machine.fit(wrong, epochs=1, verbose=0)
    with pytest.raises(error, match="transform: "):
        machine.transform(wrong)
    assert_same(before, parameters(machine))
    assert np.array_equal(told, machine.free_energy(X))


def test_refused_data_do_not_decide_how_many_visible_units_there_are():
    machine = cr.RBM(4)
    with pytest.raises(DataError, match="goes from 0 to 3"):
        machine.fit([[3, 0]], verbose=0)
    with pytest.raises(ArgumentError, match="epochs is -1"):
        machine.fit(X, epochs=-1)
    assert not machine.params
    machine.fit(X, verbose=0)
    assert machine.params["weight"].shape == (12, 4)


def test_steps_that_are_far_too_long_are_told_of_and_leave_finite_numbers():
    machine = cr.RBM(4, learning_rate=1e38)
    with pytest.raises(DataError, match="last step that was finite"):
        machine.fit(X, epochs=50, verbose=0)
    assert all(np.isfinite(each).all() for each in machine.params.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hidden": 0}, "hidden is 0; it must be a whole number, 1 or more"),
        ({"k": 1.5}, "k is 1.5"),
        ({"persistent": "no"}, "persistent must be True or False"),
        ({"batch_size": None}, "batch_size is None"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"momentum": 1}, "momentum is 1"),
        ({"l2": -1}, "l2 must be at least 0"),
        ({"seed": -1}, "seed is -1"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"n_components": 4}, "here it is `hidden`"),
        ({"random_state": 4}, "here it is `seed`"),
        ({"n_iter": 4}, r"fit\(X, epochs=10\)"),
        ({"weight_decay": 4}, "here it is `l2`"),
    ],
)
def test_arguments_out_of_range_or_of_other_libraries_are_answered(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        cr.RBM(**arguments)


def test_what_needs_samples_or_few_units_says_so():
    machine = cr.RBM(40)
    for question in (machine.log_partition, lambda: machine.sample(3)):
        with pytest.raises(ArgumentError, match="does not know yet how many visible units"):
            question()
    machine.transform(np.zeros((1, 30)))
    with pytest.raises(ArgumentError, match=r"30 visible and 40 hidden units.*2\^30 terms"):
        machine.log_partition()
    with pytest.raises(ArgumentError, match="optimizer is 'sgd'"):
        machine.optimizer = "sgd"
    with pytest.raises(ArgumentError, match="needs its name"):
        machine.fit(X, 10)
    with pytest.raises(ArgumentError, match="here it is `epochs`"):
        machine.fit(X, n_iter=10)


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


def test_a_machine_says_what_it_is():
    told = repr(cr.RBM(4, 0.1, k=3, persistent=True))
    assert told == ("<RBM of 4 hidden units, persistent divergence, k=3, SGD(learning_rate=0.1)>")
    assert issubclass(DataError, ChainruleError)
