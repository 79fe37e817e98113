"""The laws of training."""

import _thread
import signal
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, DataError, ShapeError
from chainrule.train.network import Network

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


def samples(count=40, features=3, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(count, features))
    return X, np.sin(X @ generator.normal(size=(features, 2)))


def small(optimizer="sgd", loss="mse", seed=0, dtype="float64", dropout=False, **compiled):
    middle = [nn.Dropout(0.3)] if dropout else []
    net = Network([nn.Dense(5, activation="tanh"), *middle, nn.Dense(2)], seed=seed, dtype=dtype)
    net.compile(loss=loss, optimizer=optimizer, **compiled)
    return net


def copy_of(params):
    return {name: array.copy() for name, array in params.items()}


def same(params, others):
    return all(np.array_equal(array, others[name]) for name, array in params.items())


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


def test_showing_the_course_does_not_change_it(capsys):
    X, y = samples()
    silent, shown = small("adam"), small("adam")
    a = silent.fit(X, y, epochs=3, batch_size=7, verbose=0)
    b = shown.fit(X, y, epochs=3, batch_size=7, verbose=2)
    assert same(silent.params, shown.params)
    assert a["loss"] == b["loss"]
    assert "epoch 3/3" in capsys.readouterr().out


def test_full_batch_descent_is_that_of_the_textbook():
    X, y = samples()
    net = small(optim.SGD(0.1))
    net(X)
    w1, b1, w2, b2 = (array.copy() for array in net.params.values())
    net.fit(X, y, epochs=25, batch_size=None, shuffle=False, verbose=0)
    for _ in range(25):
        hidden = np.tanh(X @ w1 + b1)
        slope = 2 * (hidden @ w2 + b2 - y) / y.size
        back = (slope @ w2.T) * (1 - hidden**2)
        w2, b2 = w2 - 0.1 * hidden.T @ slope, b2 - 0.1 * slope.sum(axis=0)
        w1, b1 = w1 - 0.1 * X.T @ back, b1 - 0.1 * back.sum(axis=0)
    for mine, theirs in zip(net.params.values(), (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)


def test_the_rest_of_an_epoch_is_a_step_of_its_own():
    X, y = samples(10)
    net, by_hand = small(optim.SGD(0.1)), small(optim.SGD(0.1))
    net.fit(X, y, batch_size=4, shuffle=False, verbose=0)
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        by_hand.fit(X[rows], y[rows], batch_size=None, verbose=0)
    for name, array in net.params.items():  # the odd batch is NumPy's, whose sums round otherwise
        np.testing.assert_allclose(array, by_hand.params[name], rtol=1e-12)


def test_the_loss_of_an_epoch_weighs_each_sample_alike():
    X, y = samples(10)
    net = small(optim.SGD(1e-30), metrics=["mae"])
    history = net.fit(X, y, batch_size=4, verbose=0)
    after = net.evaluate(X, y)
    assert history["loss"][0] == pytest.approx(after["loss"], rel=1e-12)
    assert history["mae"][0] == pytest.approx(after["mae"], rel=1e-12)


def test_weight_two_counts_as_the_sample_twice():
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
    by_class.fit(X, y, verbose=0, class_weight={0: 3.0})
    by_sample.fit(X, y, verbose=0, sample_weight=np.where(y == 0, 3.0, 1.0))
    assert same(by_class.params, by_sample.params)
    balanced.fit(X, y, verbose=0, class_weight="balanced")
    weights = np.where(y == 0, 12 / (2 * 3), 12 / (2 * 9))
    other = small("adam", "cross_entropy")
    other.fit(X, y, verbose=0, sample_weight=weights)
    assert same(balanced.params, other.params)


def test_the_validation_split_keeps_the_last_samples_unseen():
    X, y = samples(20)
    split, given = small("adam"), small("adam")
    a = split.fit(X, y, epochs=3, batch_size=4, validation_split=0.25, verbose=0)
    b = given.fit(
        X[:15], y[:15], epochs=3, batch_size=4, validation_data=(X[15:], y[15:]), verbose=0
    )
    assert same(split.params, given.params)
    assert a["val_loss"] == b["val_loss"]
    assert a["val_loss"][-1] == split.evaluate(X[15:], y[15:])["loss"]


def test_the_penalty_is_in_the_loss_once():
    X, y = samples()
    net = Network([nn.Dense(2, l2=0.5)], dtype="float64")
    net.compile(loss="sse", optimizer=optim.SGD(1e-30))
    weight = (net(X), net.params["dense.weight"])[1]
    history = net.fit(X, y, batch_size=8, verbose=0)
    expected = np.sum((net.predict(X) - y) ** 2) + 0.25 * np.sum(weight**2)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert net.evaluate(X, y)["loss"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("convert", [np.uint8, np.int64, ">f4", np.float32, list])
def test_inputs_of_any_kind_are_converted_batch_by_batch_and_never_written_to(convert):
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


def test_compiling_again_starts_training_anew_from_the_parameters_there_are():
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


def test_a_schedule_is_asked_before_every_step():
    X, y = samples(10)
    net = small(optim.SGD(optim.exponential(0.5, factor=0.5, epochs=1)))
    history = net.fit(X, y, epochs=3, batch_size=5, verbose=0)
    assert history["learning_rate"][0] > history["learning_rate"][1] > history["learning_rate"][2]


def test_a_loss_of_ones_own_may_give_one_number_or_one_a_sample():
    X, y = samples()
    nets = [
        small(loss=loss)
        for loss in (
            "mse",
            lambda y, p: np.mean((p - y) ** 2),
            lambda y, p: np.mean((p - y) ** 2, axis=1),
            lambda y, p: (p - y) ** 2,
        )
    ]
    for net in nets:
        net.fit(X, y, epochs=2, verbose=0)
        np.testing.assert_allclose(
            net.params["dense.weight"], nets[0].params["dense.weight"], rtol=1e-12
        )


def test_a_loss_of_ones_own_gets_class_numbers_to_index_with():
    X, _ = samples()
    y = np.arange(40) % 2

    def cross_entropy(y, scores):
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -logs[np.arange(len(y)), y]

    own, ours = small(loss=cross_entropy), small(loss="cross_entropy")
    own.fit(X, y, verbose=0)
    ours.fit(X, y, verbose=0)
    np.testing.assert_allclose(own.params["dense.weight"], ours.params["dense.weight"], rtol=1e-12)


def without_return(y_true, y_pred):
    np.mean((y_true - y_pred) ** 2)


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (without_return, "the loss without_return returns None; its last line must return"),
        (lambda y_true, y_pred: (y_pred, 1), "returns a tuple"),
        (lambda y_true, y_pred: "0.5", "returns a str"),
        (lambda y_true, y_pred: np.mean(y_true**2), "does not depend on any parameter"),
        (lambda y_true, y_pred: 1.0, "does not depend on any parameter"),
        (lambda y_true, y_pred: np.mean((y_true - np.round(y_pred)) ** 2), "may cut"),
        (lambda y_true, y_pred: np.mean(cr.stop_gradient(y_pred) ** 2), "may cut"),
    ],
)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_loss_that_nothing_can_be_learned_from_changes_nothing(loss, told, l2):
    X, y = samples()
    net = Network([nn.Dense(5, l2=l2), nn.Dense(2)])
    net.compile(loss=loss, optimizer="sgd")
    before = net.predict(X)
    with pytest.raises(ArgumentError, match=told):
        net.fit(X, y, verbose=0)
    assert np.array_equal(net.predict(X), before)


def test_layers_that_cut_the_derivative_leave_nothing_to_learn():
    X, y = samples()
    net = Network([nn.Dense(2), nn.Activation(np.round)])
    net.compile(loss="mse", optimizer="sgd")
    with pytest.raises(ArgumentError, match="the loss mse does not depend on any parameter"):
        net.fit(X, y, verbose=0)
    last = Network([nn.Dense(3), nn.Activation(np.sign), nn.Dense(2)])
    last.compile(loss="mse", optimizer="sgd")
    course = last.fit(X, y, epochs=5, verbose=0)["loss"]
    assert course[-1] < course[0], "the last layer can learn"


class Scale(nn.Layer):
    def build(self, input_shape):
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

    def forward(self, x):
        self.x = x
        return x * self.gain


class HandScale(Scale):
    def backward(self, dy):
        self.gain.grad = np.sum(dy * self.x, axis=0)
        return dy * self.gain


def test_a_backward_written_by_hand_trains_as_the_derived_one():
    X, y = samples()
    nets = [
        Network([nn.Dense(4), scale, nn.Dense(2)], dtype="float64")
        for scale in (Scale(), HandScale())
    ]
    for net in nets:
        net.compile(loss="mse", optimizer=optim.SGD(0.1))
        net.fit(X, y, epochs=3, batch_size=8, verbose=0)
    derived, by_hand = (list(net.params.values()) for net in nets)
    for mine, theirs in zip(derived, by_hand, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-14)
    assert not np.allclose(derived[2], 1)


class CountingMean(nn.Layer):
    """Keeps state: the mean of what it has seen, which training does not descend on."""

    def build(self, input_shape):
        self.mean = self.parameter("mean", input_shape[-1:], "zeros", trainable=False)

    def forward(self, x):
        return x - self.mean

    def train_forward(self, x, random):
        self.mean.value = 0.5 * self.mean.value + 0.5 * np.mean(x, axis=0)
        return x - np.mean(x, axis=0)


def test_the_state_of_a_layer_moves_while_training_and_rests_otherwise():
    X, y = samples(8)
    net = Network([CountingMean(), nn.Dense(2)], dtype="float64")
    net.compile(loss="mse", optimizer="sgd")
    net.fit(X, y, epochs=2, batch_size=None, verbose=0)
    mean = net.params["counting_mean.mean"]
    np.testing.assert_allclose(mean, 0.75 * X.mean(axis=0), rtol=1e-12)
    before = mean.copy()
    net.predict(X)
    net.evaluate(X, y)
    assert np.array_equal(net.params["counting_mean.mean"], before)


def test_what_is_not_trainable_stays():
    X, y = samples()
    net = small()
    net(X)
    net.layers[0].weight.trainable = False
    before = copy_of(net.params)
    net.fit(X, y, epochs=2, verbose=0)
    assert np.array_equal(net.params["dense.weight"], before["dense.weight"])
    assert not np.array_equal(net.params["dense_1.weight"], before["dense_1.weight"])


# ------------------------------------------------------------------- what ends training early


def test_an_interrupt_leaves_the_last_finished_step_and_the_history_so_far():
    X, y = samples()

    def interrupt(net, epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    net, other = small("adam"), small("adam")
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, epochs=9, verbose=0, callbacks=interrupt)
    other.fit(X, y, epochs=2, verbose=0)
    assert same(net.params, other.params)
    assert net.history.epochs == 2
    assert "interrupted" in net.history.notes[-1]
    net.fit(X, y, epochs=1, verbose=0)
    other.fit(X, y, epochs=1, verbose=0)
    assert same(net.params, other.params)


class Failing(optim.Schedule):
    def __call__(self, step, epoch):
        if step == 5:
            raise KeyboardInterrupt
        return 0.1


def test_an_interrupt_within_an_epoch_leaves_the_steps_before_it(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")  # native steps ask for all rates beforehand
    X, y = samples(40)
    net, other = small(optim.SGD(Failing())), small(optim.SGD(0.1))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, batch_size=4, shuffle=False, verbose=0)
    other.fit(X[:20], y[:20], batch_size=4, shuffle=False, verbose=0)
    assert same(net.params, other.params)


def test_a_loss_that_explodes_stops_training_at_the_last_finite_step():
    X, y = samples()
    net = small(optim.SGD(1e3), "sse", dtype="float32")
    with pytest.raises(DataError, match=r"fit: the loss became .* learning_rate"):
        net.fit(X, y, epochs=200, batch_size=8, verbose=0)
    assert all(np.isfinite(array).all() for array in net.params.values())
    assert np.isfinite(net.predict(X)).all()


def test_a_gradient_that_is_not_finite_is_not_left_in_the_parameters():
    X, y = np.zeros((4, 2)), np.zeros((4, 1))
    net = Network([nn.Dense(1)], dtype="float64")
    net.compile(loss=lambda y, p: np.sqrt(np.sum((p - y) ** 2)), optimizer="sgd")
    net(X)
    before = copy_of(net.params)
    with pytest.raises(DataError, match="loss became nan"):
        net.fit(X, y, batch_size=None, verbose=0)
    assert same(net.params, before)


# ----------------------------------------------------------------- errors before anything changes


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"nb_epoch": 3}, ArgumentError, "epochs"),
        ({"lr": 0.1}, ArgumentError, "no argument `lr`"),
        ({"validation_freq": 2}, ArgumentError, "after every epoch"),
        ({"epochs": -1}, ArgumentError, "epochs"),
        ({"epochs": 2.5}, ArgumentError, "epochs"),
        ({"batch_size": 0}, ArgumentError, "batch_size"),
        ({"validation_split": 1.0}, ArgumentError, "validation_split"),
        ({"validation_split": 0.999}, DataError, "validation_split"),
        ({"validation_data": 3}, ArgumentError, "validation_data"),
        ({"validation_data": (np.ones((2, 4)), np.ones((2, 2)))}, ShapeError, "validation_data"),
        ({"sample_weight": np.ones(3)}, DataError, "sample_weight"),
        ({"sample_weight": -np.ones(40)}, DataError, "sample_weight"),
        ({"class_weight": {"cat": 1.0}}, ArgumentError, "class_weight"),
        ({"class_weight": "even"}, ArgumentError, "class_weight"),
        ({"callbacks": [3]}, ArgumentError, "callbacks"),
        ({"verbose": 7}, ArgumentError, "verbose"),
        ({"verbose": "loud"}, ArgumentError, "verbose"),
    ],
)  # fmt: skip
def test_a_bad_argument_of_fit_changes_nothing(arguments, error, told):
    X, y = samples()
    y = np.where(y > 0, 1.0, 0.0)
    net = small("adam")
    net(X)
    before = copy_of(net.params)
    with pytest.raises(error, match=told):
        net.fit(X, y, **{"verbose": 0} | arguments)
    assert same(net.params, before)


@pytest.mark.parametrize(
    ("X", "y", "told"),
    [
        (np.ones((4, 2)), np.ones((4, 2)), "X has shape"),
        (np.ones((4, 3)), np.ones(4), "shape"),
        (np.ones((4, 3)), np.ones((3, 2)), "samples"),
        (np.full((4, 3), np.nan), np.ones((4, 2)), "X has 12 values"),
        (np.ones((4, 3)), np.full((4, 2), np.inf), "y has 8 values"),
        (np.ones((0, 3)), np.ones((0, 2)), "empty"),
        ([[1, 2, 3], [4, 5]], np.ones((2, 2)), "ragged"),
        (np.ones((4, 3)) * 1j, np.ones((4, 2)), "complex"),
        (np.ones((4, 3)), np.array(["a", "b", "c", "d"]), "text"),
    ],
)
def test_bad_data_change_nothing(X, y, told):
    net = small("adam")
    net(samples()[0])
    before = copy_of(net.params)
    with pytest.raises((DataError, ShapeError, TypeError), match=told):
        net.fit(X, y, verbose=0)
    assert same(net.params, before)


def test_fit_before_compile_says_what_to_call():
    with pytest.raises(ArgumentError, match=r"net\.compile"):
        Network([nn.Dense(1)]).fit(np.ones((2, 1)), np.ones((2, 1)))


def test_a_network_without_layers_or_parameters_cannot_be_trained():
    X, y = samples()
    empty, nothing = Network(), Network([nn.Flatten()])
    for net in (empty, nothing):
        net.compile(loss="mse")
    with pytest.raises(ArgumentError, match="no layers"):
        empty.fit(X, y)
    with pytest.raises(ArgumentError, match="nothing to train"):
        nothing.fit(X, X)


def test_data_that_were_refused_do_not_decide_the_shape():
    pictures, y = np.random.default_rng(0).normal(size=(6, 4, 4)), np.arange(6) % 3
    net = Network([nn.Dense(5), Twice(3)])
    net.compile("cross_entropy")
    with pytest.raises(ShapeError):
        net.fit(pictures, y)
    assert len(net.params) == 0
    net.fit(pictures.reshape(6, -1), y, verbose=0)
    assert net.params["dense.weight"].shape == (16, 5)
    assert net.params["twice.inner.weight"].shape == (5, 3)


def test_names_that_were_refused_are_not_the_classes():
    net = Network([nn.Dense(2)])
    net.compile("cross_entropy")
    X = np.random.default_rng(0).normal(size=(4, 3))
    with pytest.raises(ArgumentError, match="class_weight"):
        net.fit(X, ["a", "b", "a", "b"], class_weight={"c": 1})
    assert net.classes is None
    net.fit(X, ["x", "y", "y", "x"], class_weight={"x": 2}, verbose=0)
    assert net.classes == ["x", "y"]


class Twice(nn.Layer):
    def __init__(self, units):
        self.inner = nn.Dense(units)

    def forward(self, x):
        return 2 * self.inner(x)


def test_a_layer_that_cannot_be_built_leaves_those_before_it_unbuilt():
    net = Network([nn.Dense(3), nn.Reshape((2, 2)), nn.Dense(1)])
    with pytest.raises(ShapeError):
        net(np.ones((2, 5)))
    assert len(net.params) == 0


def test_a_plateau_lowers_the_rate_of_the_epochs_to_come():
    X, y = samples()
    net = small(optim.SGD(optim.reduce_on_plateau(1e-9, factor=0.5, patience=1)))
    rates = net.fit(X, y, epochs=8, verbose=0)["learning_rate"]
    assert rates[-1] < rates[0]
    assert net.fit(X, y, verbose=0)["learning_rate"][0] <= rates[-1]


def test_a_likely_mistake_warns_at_the_line_of_the_user():
    X, y = samples()
    with pytest.warns(cr.ChainruleWarning, match="X goes from") as caught:
        small().fit(100 * X, y, verbose=0)
    assert caught[0].filename == __file__


def test_no_epochs_build_and_learn_nothing():
    X, y = samples()
    net = small()
    net(X)
    before = copy_of(net.params)
    assert net.fit(X, y, epochs=0, verbose=0).epochs == 0
    assert same(net.params, before)


def test_a_real_interrupt_leaves_exactly_the_finished_steps():
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs may ignore it
    X, y = samples()
    net, other = small("adam"), small("adam")
    net.fit(X, y, batch_size=None, verbose=0)
    timer = threading.Timer(0.15, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, epochs=10**9, batch_size=None, verbose=0)
    timer.join()
    steps = 1 + net.history.epochs
    # The interrupt may come between the step and the line of the history.
    other.fit(X, y, epochs=steps, batch_size=None, verbose=0)
    if not same(net.params, other.params):
        other.fit(X, y, batch_size=None, verbose=0)
    assert same(net.params, other.params)
