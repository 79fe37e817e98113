"""Interrupted and diverging training leaves the last finished step."""

import _thread
import signal
import threading

import numpy as np
import pytest

from chainrule import nn, optim
from chainrule.errors import DataError
from chainrule.train.network import Network
from tests.train.small_network import copy_of, same, samples, small

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


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
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")  # native steps compute all rates beforehand
    X, y = samples(40)
    net, other = small(optim.SGD(Failing())), small(optim.SGD(0.1))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, batch_size=4, shuffle=False, verbose=0)
    other.fit(X[:20], y[:20], batch_size=4, shuffle=False, verbose=0)
    assert same(net.params, other.params)


def test_a_diverging_loss_stops_training_at_the_last_finite_step():
    X, y = samples()
    net = small(optim.SGD(1e3), "sse", dtype="float32")
    with pytest.raises(DataError, match=r"fit: the loss became .* learning_rate"):
        net.fit(X, y, epochs=200, batch_size=8, verbose=0)
    assert all(np.isfinite(array).all() for array in net.params.values())
    assert np.isfinite(net.predict(X)).all()


def test_a_nonfinite_gradient_leaves_the_parameters_finite():
    X, y = np.zeros((4, 2)), np.zeros((4, 1))
    net = Network([nn.Dense(1)], dtype="float64")
    net.compile(loss=lambda y, p: np.sqrt(np.sum((p - y) ** 2)), optimizer="sgd")
    net(X)
    before = copy_of(net.params)
    with pytest.raises(DataError, match="gradient of the loss is not finite"):
        net.fit(X, y, batch_size=None, verbose=0)
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
