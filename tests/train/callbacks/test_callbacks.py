"""Laws of callbacks."""

import numpy as np
import pytest

from chainrule import LambdaCallback, nn, optim
from chainrule.errors import ArgumentError, DataError
from chainrule.train.callbacks import Callback, EarlyStopping, resolve_callbacks
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X[:, :1] ** 2


def network():
    net = Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], dtype="float64")
    net.compile("mse", optim.SGD(0.1, momentum=0.9))
    return net


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def on_fit_start(self, net):
        self.calls.append("start")

    def on_epoch_start(self, net, epoch):
        self.calls.append(epoch)

    def on_epoch_end(self, net, epoch, logs):
        self.calls.append(sorted(logs))

    def on_fit_end(self, net):
        self.calls.append("end")


def test_callbacks_are_called_in_order_with_continuous_epoch_numbers():
    net, recorder = network(), Recorder()
    net.fit(X, Y, epochs=1, verbose=0)
    net.fit(X, Y, epochs=2, verbose=0, callbacks=[recorder], validation_split=0.5)
    logs = ["learning_rate", "loss", "seconds", "val_loss"]
    assert recorder.calls == ["start", 1, logs, 2, logs, "end"]


def test_methods_may_be_assigned_to_an_instance_and_are_called_as_those_of_its_class():
    called, callback = [], Callback()
    callback.on_epoch_start = lambda net, epoch: called.append(epoch)
    network().fit(X, Y, epochs=3, verbose=0, callbacks=[Callback(), callback])
    assert called == [0, 1, 2]


def test_a_function_is_called_after_each_epoch_and_true_stops_the_training():
    history = network().fit(
        X, Y, epochs=9, verbose=0, callbacks=lambda net, epoch, logs: epoch == 3
    )
    assert history.epochs == 4


def test_a_callback_reads_the_finished_epoch_and_its_writes_take_effect():
    net, losses = network(), []

    def meddle(net, epoch, logs):
        losses.append(net.evaluate(X, Y)["loss"])
        net.params["dense_1.bias"] = [100.0]

    history = net.fit(X, Y, epochs=2, batch_size=None, verbose=0, callbacks=meddle)
    assert losses[0] < 100
    assert history["loss"][1] > 5000
    assert net.params["dense_1.bias"] == 100


def test_an_exception_of_a_callback_propagates_and_the_network_stays_trained():
    def fail(net, epoch, logs):
        raise ZeroDivisionError

    net, other = network(), network()
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=3, verbose=0, callbacks=fail)
    other.fit(X, Y, epochs=1, verbose=0)
    assert np.array_equal(net.params["dense.weight"], other.params["dense.weight"])


def scripted(values, name="val_loss", **arguments):
    """Pass values to early stopping; return the last epoch, the callback and a parameter."""
    stopper = EarlyStopping(name, **arguments)
    net = network()
    net(X)
    stopper.on_fit_start(net)
    for epoch, value in enumerate(values):
        net.params["dense_1.bias"] = [float(epoch)]
        if stopper.on_epoch_end(net, epoch, {name: value}):
            break
    stopper.on_fit_end(net)
    return epoch, stopper, float(net.params["dense_1.bias"][0])


def test_early_stopping_exhausts_its_patience_and_restores_the_best_epoch():
    assert scripted([3, 2, 1, 2, 2, 2, 0], patience=3)[0] == 5
    _, stopper, bias = scripted([3, 2, 1, 2, 2, 2, 0], patience=3)
    assert (stopper.best, stopper.best_epoch, bias) == (1, 2, 2.0)
    assert scripted([3, 2, 1, 2, 2, 2, 0], patience=3, restore_best=False)[2] == 5.0


def test_early_stopping_maximizes_accuracy():
    assert scripted([0.1, 0.5, 0.4], "val_accuracy", patience=1)[1].best == 0.5
    assert scripted([0.1, 0.5, 0.4], "score", patience=1, mode="max")[1].best == 0.5


def test_an_improvement_below_min_delta_does_not_count():
    assert scripted([1.0, 0.99, 0.98], patience=2, min_delta=0.1)[1].best_epoch == 0


def test_early_stopping_resets_in_another_fit():
    net = network()
    stopper = EarlyStopping("loss", patience=1)
    net.fit(X, Y, epochs=3, verbose=0, callbacks=stopper)
    net.fit(X, Y, epochs=1, verbose=0, callbacks=stopper)
    assert stopper.best_epoch == 3


def test_early_stopping_on_an_unknown_quantity_names_the_reported_ones():
    with pytest.raises(ArgumentError, match=r"loss, .*validation_data"):
        network().fit(X, Y, verbose=0, callbacks=EarlyStopping())


@pytest.mark.parametrize(
    "arguments",
    [
        {"patience": -1},
        {"patience": 1.5},
        {"min_delta": -1},
        {"mode": "up"},
        {"restore_best_weights": True},
    ],
)
def test_a_bad_argument_of_early_stopping_is_refused(arguments):
    with pytest.raises(ArgumentError, match="EarlyStopping"):
        EarlyStopping(**arguments)


@pytest.mark.parametrize("callbacks", [3, [EarlyStopping], "loss"])
def test_objects_other_than_callbacks_are_refused(callbacks):
    with pytest.raises(ArgumentError, match="callbacks"):
        resolve_callbacks(callbacks)


def test_none_resolves_to_no_callbacks():
    assert resolve_callbacks(None) == []


class Keras(Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


class Misnamed(Callback):
    def on_epoch_begin(self, net, epoch):
        pass


class Misspelt(Callback):
    def on_epochs_end(self, net, epoch, logs):
        pass


class OfBatches(Callback):
    def on_train_batch_end(self, net, batch, logs):
        pass


class Coroutine(Callback):
    async def on_epoch_end(self, net, epoch, logs):
        pass


class NotPlainMethod(Callback):
    def on_fit_start(self):
        pass


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (Keras(), r"Keras.on_epoch_end\(epoch, logs=None\) is called with \(net, epoch, logs\)"),
        (Misnamed(), r"on_epoch_begin, which is never called; here it is 'on_epoch_start'"),
        (Misspelt(), r"on_epochs_end, which is never called; did you mean 'on_epoch_end'"),
        (OfBatches(), r"on_train_batch_end, which is never called; here it is 'on_step_end'"),
        (Coroutine(), r"Coroutine.on_epoch_end is a coroutine"),
        (NotPlainMethod(), r"on_fit_start\(\) is called with \(net\)"),
        (lambda epoch, logs: None, r"<lambda>\(epoch, logs\) is called with \(net, epoch, logs\)"),
        (EarlyStopping("val_loss"), r"monitor is 'val_loss', but the epochs report loss, "),
        ([EarlyStopping("accuracy")], r"give metrics to net.compile"),
    ],
)
def test_a_callback_is_checked_before_anything_changes(callback, message):
    net = network()
    net(X)
    before = net.params["dense.weight"].copy()
    with pytest.raises(ArgumentError, match=message):
        net.fit(X, Y, epochs=2, verbose=0, callbacks=callback)
    assert net.history is None
    assert np.array_equal(net.params["dense.weight"], before)


def test_a_method_of_its_own_and_further_defaults_are_fine():
    class Own(Callback):
        def on_improvement(self):
            pass

        def on_epoch_end(self, net, epoch, logs=None, *others, verbose=False):
            self.on_improvement()

    network().fit(X, Y, verbose=0, callbacks=Own())


def test_true_of_numpy_stops_as_pythons_does_and_other_results_do_not():
    for result, epochs in ((np.True_, 1), (True, 1), (np.False_, 3), (1, 3), ("stop", 3)):
        history = network().fit(
            X, Y, epochs=3, verbose=0, callbacks=lambda net, epoch, logs, result=result: result
        )
        assert history.epochs == epochs


def test_what_a_callback_adds_to_the_logs_is_monitored_and_recorded():
    class Score(Callback):
        def on_epoch_end(self, net, epoch, logs):
            logs["score"] = -abs(epoch - 1)

    score = Score()

    def function(net, epoch, logs):
        score.on_epoch_end(net, epoch, logs)

    for first in (score, function):
        stopper = EarlyStopping("score", patience=2, mode="max")
        history = network().fit(X, Y, epochs=9, verbose=0, callbacks=[first, stopper])
        assert history["score"] == [-1, 0, -1, -2]
        assert stopper.best_epoch == 1


def test_early_stopping_asks_for_the_mode_of_a_quantity_it_does_not_know():
    with pytest.raises(ArgumentError, match=r"mode='max' or mode='min'"):
        EarlyStopping("val_score")
    assert scripted([0.1, 0.5, 0.4], "val_top_3", patience=1)[1].best == 0.5


def test_nan_is_no_improvement_and_every_number_is_one_on_it():
    assert scripted([np.nan, 2.0, 1.0, np.nan, np.nan], patience=2)[:2][0] == 4
    assert scripted([np.nan, np.nan, np.nan, 1.0], patience=2)[0] == 2


def test_a_callback_that_leaves_nan_in_the_parameters_is_named():
    def spoil(net, epoch, logs):
        net.params["dense_1.bias"][:] = np.nan

    with pytest.raises(DataError, match=r"callback spoil has written NaN .*'dense_1.bias'"):
        network().fit(X, Y, epochs=3, verbose=0, callbacks=spoil)


def test_each_step_has_its_parameters_and_its_loss():
    seen = []

    def look(net, step, logs):
        seen.append((step, logs["loss"], net.params["dense.weight"].copy()))

    net, other = network(), network()
    history = net.fit(
        X, Y, epochs=2, batch_size=8, callbacks=LambdaCallback(on_step_end=look), verbose=0
    )
    unobserved = other.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    assert history["loss"] == unobserved["loss"]
    assert [step for step, *_ in seen] == list(range(6))
    sizes = np.array([8, 8, 4])
    np.testing.assert_allclose(sizes @ [loss for _, loss, _ in seen[:3]] / 20, history["loss"][0])
    np.testing.assert_array_equal(seen[-1][2], net.params["dense.weight"])
    assert len({weights.tobytes() for *_, weights in seen}) == 6


def test_what_is_written_after_a_step_takes_effect_in_the_next():
    def freeze(net, step, logs):
        net.params["dense.weight"] = np.zeros((3, 4))

    net = network()
    net.fit(X, Y, epochs=1, batch_size=4, callbacks=LambdaCallback(on_step_end=freeze), verbose=0)
    assert not net.params["dense.weight"].any()


def test_a_callback_of_the_fit_alone_lets_many_epochs_be_one_native_call(monkeypatch):
    from chainrule.train.fit.trainer import Trainer

    calls = []
    run_epochs = Trainer.run_epochs
    monkeypatch.setattr(
        Trainer, "run_epochs", lambda self, *rest: calls.append(1) or run_epochs(self, *rest)
    )
    ends = LambdaCallback(on_fit_end=lambda net: calls.append("end"))
    network().fit(X, Y, epochs=50, callbacks=ends, verbose=0)
    assert calls[-1] == "end"
    assert 0 < len(calls) < 50
