"""Laws of `Network.fit`."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, ChainruleWarning
from chainrule.train.network import Network
from tests.train.small_network import copy_of, same, samples, small

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", optim.SGD(0.1, momentum=0.9)])
@pytest.mark.parametrize("dropout", [False, True])
def test_twice_one_epoch_is_two_epochs_bit_for_bit(optimizer, dropout):
    X, y = samples()
    once, twice = small(optimizer, dropout=dropout), small(optimizer, dropout=dropout)
    whole = once.fit(X, y, epochs=2, batch_size=16, verbose=0)
    parts = [twice.fit(X, y, epochs=1, batch_size=16, verbose=0) for _ in range(2)]
    assert same(once.params, twice.params)
    assert whole["loss"] == [part["loss"][0] for part in parts]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    X, y = samples()
    nets = [small("adam", seed=seed, dropout=True) for seed in (3, 3, 4)]
    for net in nets:
        net.fit(X, y, epochs=3, batch_size=7, verbose=0)
    assert same(nets[0].params, nets[1].params)
    assert not same(nets[0].params, nets[2].params)


def test_progress_output_does_not_change_the_training(capsys):
    X, y = samples()
    silent, shown = small("adam"), small("adam")
    a = silent.fit(X, y, epochs=3, batch_size=7, verbose=0)
    b = shown.fit(X, y, epochs=3, batch_size=7, verbose=2)
    assert same(silent.params, shown.params)
    assert a["loss"] == b["loss"]
    assert "epoch 3/3" in capsys.readouterr().out


def test_full_batch_gradient_descent_matches_its_formula():
    X, y = samples()
    net = small(optim.SGD(0.1))
    net(X)
    w1, b1, w2, b2 = (array.copy() for array in net.params.values())
    net.fit(X, y, epochs=25, batch_size=None, shuffle=False, verbose=0)
    for _ in range(25):
        hidden = np.tanh(X @ w1 + b1)
        gradient = 2 * (hidden @ w2 + b2 - y) / y.size
        back = (gradient @ w2.T) * (1 - hidden**2)
        w2, b2 = w2 - 0.1 * hidden.T @ gradient, b2 - 0.1 * gradient.sum(axis=0)
        w1, b1 = w1 - 0.1 * X.T @ back, b1 - 0.1 * back.sum(axis=0)
    for mine, theirs in zip(net.params.values(), (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)


def test_the_partial_batch_of_an_epoch_is_a_step():
    X, y = samples(10)
    net, by_hand = small(optim.SGD(0.1)), small(optim.SGD(0.1))
    net.fit(X, y, batch_size=4, shuffle=False, verbose=0)
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        by_hand.fit(X[rows], y[rows], batch_size=None, verbose=0)
    for name, array in net.params.items():  # the odd batch is NumPy's, whose sums round otherwise
        np.testing.assert_allclose(array, by_hand.params[name], rtol=1e-12)


def test_the_loss_of_an_epoch_weights_samples_equally():
    X, y = samples(10)
    net = small(optim.SGD(1e-30), metrics=["mae"])
    history = net.fit(X, y, batch_size=4, verbose=0)
    after = net.evaluate(X, y)
    assert history["loss"][0] == pytest.approx(after["loss"], rel=1e-12)
    assert history["mae"][0] == pytest.approx(after["mae"], rel=1e-12)


def test_weight_two_equals_the_sample_twice():
    X, y = samples(6)
    weighted, doubled = small(optim.SGD(0.01), "sse"), small(optim.SGD(0.01), "sse")
    weighted.fit(X, y, epochs=5, batch_size=None, verbose=0, sample_weight=[2, 1, 1, 1, 1, 1])
    X2, y2 = np.vstack([X[:1], X]), np.vstack([y[:1], y])
    doubled.fit(X2, y2, epochs=5, batch_size=None, verbose=0)
    for name, array in weighted.params.items():
        np.testing.assert_allclose(array, doubled.params[name], rtol=1e-12, atol=1e-14)


def test_class_weights_are_sample_weights_by_class():
    X, _ = samples(12)
    y = np.array([0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1])
    by_class, by_sample, balanced = (small("adam", "cross_entropy") for _ in range(3))
    by_class.fit(X, y, verbose=0, class_weight={0: 3.0, 1: 1.0})
    by_sample.fit(X, y, verbose=0, sample_weight=np.where(y == 0, 3.0, 1.0))
    assert same(by_class.params, by_sample.params)
    balanced.fit(X, y, verbose=0, class_weight="balanced")
    weights = np.where(y == 0, 12 / (2 * 3), 12 / (2 * 9))
    other = small("adam", "cross_entropy")
    other.fit(X, y, verbose=0, sample_weight=weights)
    assert same(balanced.params, other.params)


def test_the_validation_split_holds_out_the_last_samples():
    X, y = samples(20)
    split, explicit = small("adam"), small("adam")
    a = split.fit(X, y, epochs=3, batch_size=4, validation_split=0.25, verbose=0)
    b = explicit.fit(
        X[:15], y[:15], epochs=3, batch_size=4, validation_data=(X[15:], y[15:]), verbose=0
    )
    assert same(split.params, explicit.params)
    assert a["val_loss"] == b["val_loss"]
    assert a["val_loss"][-1] == split.evaluate(X[15:], y[15:])["loss"]


def test_the_loss_contains_the_penalty_once():
    X, y = samples()
    net = Network([nn.Dense(2, l2=0.5)], dtype="float64")
    net.compile(loss="sse", optimizer=optim.SGD(1e-30))
    weight = (net(X), net.params["dense.weight"])[1]
    history = net.fit(X, y, batch_size=8, verbose=0)
    expected = np.sum((net.predict(X) - y) ** 2) + 0.25 * np.sum(weight**2)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert net.evaluate(X, y)["loss"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("convert", [np.uint8, np.int64, ">f4", np.float32, list])
def test_inputs_of_any_dtype_are_converted_batch_by_batch_and_never_written_to(convert):
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 9, (20, 3))
    X = numbers.tolist() if convert is list else numbers.astype(convert)
    y = generator.normal(size=(20, 2))
    if convert is not list:
        X.flags.writeable = False
    y.flags.writeable = False
    plain, other = small("adam"), small("adam")
    plain.fit(numbers.astype(float), y, epochs=2, batch_size=8, verbose=0)
    other.fit(X, y, epochs=2, batch_size=8, verbose=0)
    assert same(plain.params, other.params)
    assert np.array_equal(np.asarray(X), numbers)


def test_a_memory_map_is_read_as_an_array(tmp_path):
    X, y = samples()
    np.save(tmp_path / "X.npy", X)
    mapped, plain = small(), small()
    mapped.fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y, verbose=0)
    plain.fit(X, y, verbose=0)
    assert same(mapped.params, plain.params)


def test_a_table_is_read_as_an_array():
    pandas = pytest.importorskip("pandas")
    X, y = samples()
    table, plain = small(), small()
    table.fit(pandas.DataFrame(X, columns=["a", "b", "c"]), pandas.DataFrame(y), verbose=0)
    plain.fit(X, y, verbose=0)
    assert same(table.params, plain.params)


def test_compiling_again_restarts_training_from_the_current_parameters():
    X, y = samples()
    net, other = small("adam"), small("adam")
    net.fit(X, y, verbose=0)
    before = copy_of(net.params)
    net.compile(loss="mse", optimizer="adam")
    assert same(net.params, before)
    other(X)
    other.params.update(before)
    net.fit(X, y, verbose=0)
    other.fit(X, y, verbose=0)
    assert same(net.params, other.params)


def test_a_schedule_is_called_before_every_step():
    X, y = samples(10)
    net = small(optim.SGD(optim.exponential(0.5, factor=0.5, epochs=1)))
    history = net.fit(X, y, epochs=3, batch_size=5, verbose=0)
    assert history["learning_rate"][0] > history["learning_rate"][1] > history["learning_rate"][2]


def test_a_plain_function_of_the_epoch_sets_the_rate_also_of_a_later_fit(tmp_path):
    X, y = samples(10)

    def decayed(epoch):
        return 0.1 / (1 + epoch)

    net, parted = (small(learning_rate=decayed) for _ in range(2))
    other = small(learning_rate=optim.inverse_time(0.1, rate=1.0, epochs=1))
    rates = net.fit(X, y, epochs=3, batch_size=4, verbose=0)["learning_rate"]
    assert rates == pytest.approx([0.1, 0.05, 0.1 / 3])
    other.fit(X, y, epochs=3, batch_size=4, verbose=0)
    for epochs in (1, 2):
        parted.fit(X, y, epochs=epochs, batch_size=4, verbose=0)
    assert same(net.params, parted.params)
    assert same(net.params, other.params)
    with pytest.warns(ChainruleWarning, match="rate is the function decayed, which a file cannot"):
        net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net")
    assert same(again.params, net.params)
    again.compile("mse", learning_rate=decayed)
    again.fit(X, y, verbose=0)
    machine = cr.RBM(2, learning_rate=decayed)
    assert machine.fit(X > 0, epochs=2, verbose=0)["learning_rate"] == pytest.approx([0.1, 0.05])
    with pytest.warns(ChainruleWarning, match="rate is the function decayed, which a file cannot"):
        machine.save(tmp_path / "machine")


def test_a_plateau_lowers_the_rate_of_later_epochs():
    X, y = samples()
    net = small(optim.SGD(optim.reduce_on_plateau(1e-9, factor=0.5, patience=1)))
    rates = net.fit(X, y, epochs=8, verbose=0)["learning_rate"]
    assert rates[-1] < rates[0]
    assert net.fit(X, y, verbose=0)["learning_rate"][0] <= rates[-1]


def test_zero_epochs_are_refused_before_the_network_is_built():
    X, y = samples()
    net = small()
    with pytest.raises(ArgumentError, match="epochs is 0; it must be an integer, 1 or more"):
        net.fit(X, y, epochs=0, verbose=0)
    assert not net.params
