"""Laws of the callbacks that set the learning rate."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X[:, :1] ** 2


def network(rate=0.5, optimizer="sgd"):
    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile("mse", optimizer, learning_rate=rate)
    return net


def rates(net, epochs, *callbacks):
    return net.fit(X, Y, epochs=epochs, callbacks=list(callbacks), verbose=0)["learning_rate"]


def test_a_schedule_of_the_epoch_gives_the_bits_of_one_of_the_optimiser() -> None:
    nets = network(), network(rate=lambda epoch: 0.1 / (1 + epoch))
    callback = cr.LearningRateSchedule(lambda epoch: 0.1 / (1 + epoch))
    assert rates(nets[0], 4, callback) == rates(nets[1], 4)
    for name, array in nets[0].params.items():
        np.testing.assert_array_equal(array, nets[1].params[name])


def test_a_schedule_may_depend_on_the_rate_before() -> None:
    halving = cr.LearningRateSchedule(lambda epoch, rate: rate / 2)
    net = network()
    assert rates(net, 3, halving) == [0.25, 0.125, 0.0625]
    assert net.optimizer.learning_rate == 0.0625


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf, None, "0.1", [0.1]])
def test_a_schedule_that_returns_no_rate_is_refused(wrong) -> None:
    with pytest.raises(ArgumentError, match="for epoch 0 it is"):
        rates(network(), 1, cr.LearningRateSchedule(lambda epoch: wrong))


def test_optimisers_without_a_rate_and_with_a_schedule_are_refused() -> None:
    for callback in (cr.LearningRateSchedule(lambda epoch: 0.1), cr.ReduceOnPlateau("loss")):
        with pytest.raises(ArgumentError, match="follows a schedule already"):
            rates(network(optim.cosine(0.1, epochs=3)), 1, callback)
        with pytest.raises(ArgumentError, match="has no learning rate"):
            rates(network(None, "lbfgs"), 1, callback)


def test_plateaus_reduce_the_rate_after_patience_and_a_pause() -> None:
    values = iter([3.0, 2.0, 2.0, 1.99995, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])

    def report(net, epoch, logs):
        logs["val_score"] = next(values)

    plateau = cr.ReduceOnPlateau("val_score", factor=0.1, patience=2, cooldown=1, mode="min")
    found = rates(network(1.0), 10, report, plateau)
    # Two values without improvement, a pause of one epoch, then two again.
    np.testing.assert_allclose(found, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    assert plateau.best == 1.0


def test_plateaus_stop_at_the_least_rate_and_begin_anew_in_another_fit() -> None:
    plateau = cr.ReduceOnPlateau("loss", patience=1, min_delta=1e9, min_learning_rate=0.2)
    net = network()
    assert rates(net, 4, plateau) == pytest.approx([0.5, 0.5, 0.2, 0.2])
    net.optimizer = optim.SGD(0.5)
    assert rates(net, 3, plateau) == pytest.approx([0.5, 0.5, 0.2])


def test_bad_arguments_are_refused() -> None:
    for arguments in ({"factor": 1.0}, {"factor": 0}, {"patience": 0}, {"monitor": "val_x"}):
        with pytest.raises(ArgumentError):
            cr.ReduceOnPlateau(**arguments)
    with pytest.raises(ArgumentError):
        cr.LearningRateSchedule(0.1)
    for wrong in (lambda: 0.1, lambda epoch, rate, step: 0.1):
        with pytest.raises(ArgumentError, match="a function of the epoch, or of the epoch and"):
            cr.LearningRateSchedule(wrong)
