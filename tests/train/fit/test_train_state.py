"""Double buffering of the train state, and rollback to a finite one."""

import numpy as np
import pytest

from chainrule import Network, nn, optim
from chainrule.errors import DataError
from chainrule.train.fit import step_runner
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.network import model_of

RNG = np.random.default_rng(0)
SLOT = 8  # behind six parameters
X, Y = RNG.normal(size=(96, 6)), RNG.integers(0, 3, 96)


@pytest.fixture(autouse=True)
def natively(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    monkeypatch.setattr(
        step_runner, "REPORT_SECONDS", 0.0
    )  # a native call for each step: many of them


def network(optimizer="adam"):
    net = Network([nn.Dense(5, activation="tanh"), nn.BatchNorm(), nn.Dense(3)], 1, "float64")
    net.compile("cross_entropy", optimizer)
    return net


@pytest.fixture
def written(monkeypatch):
    """The arrays that each native call wrote the state into."""
    written, run_steps = [], StepRunner.run_steps

    def watched(self, state, samples, first, end):
        values, columns = run_steps(self, state, samples, first, end)
        assert not {id(each) for each in values} & {id(each) for each in state.values}
        written.append(values)
        return values, columns

    monkeypatch.setattr(StepRunner, "run_steps", watched)
    return written


@pytest.mark.parametrize("size", [8, 9])  # 96 = 12 · 8 = 10 · 9 + 6: the last one by NumPy
def test_native_calls_alternate_between_two_sets_of_arrays(written, size):
    network().fit(X, Y, epochs=3, batch_size=size, callbacks=lambda *arguments: None, verbose=0)
    assert len(written) >= 30
    # A callback may have written into parameters, which are read anew; not so Adam's means.
    assert len({id(values[SLOT]) for values in written}) == 2


@pytest.mark.parametrize("size", [8, 9])
def test_callbacks_read_the_parameters_of_the_numpy_evaluator(monkeypatch, size):
    def watched(backend):
        monkeypatch.setenv("CHAINRULE_BACKEND", backend)
        snapshots = []

        def watch(net, epoch, logs):
            snapshots.append([each.copy() for each in net.params.values()])

        network().fit(X, Y, epochs=3, batch_size=size, callbacks=watch, verbose=0)
        return snapshots

    for native, evaluated in zip(watched("llvm"), watched("numpy"), strict=True):
        for one, other in zip(native, evaluated, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_training_continues_from_what_a_callback_writes():
    def reset(net, epoch, logs):
        for name, first in start.items():
            net.params[name][...] = first

    net, other = network("sgd"), network("sgd")
    net(X), other(X)
    start = {name: each.copy() for name, each in net.params.items()}
    net.fit(X, Y, epochs=3, batch_size=8, shuffle=False, callbacks=reset, verbose=0)
    losses = net.history["loss"]
    assert losses[0] == losses[1] == losses[2]
    assert all(np.array_equal(net.params[name], first) for name, first in start.items())


class Explosion(optim.Schedule):
    """A learning rate that diverges from one step on."""

    def __init__(self, step):
        self.step = step

    def __call__(self, step, epoch):
        return 1e200 if step >= self.step else 0.1


def exploding(step, steps_a_call, monkeypatch):
    """Train until a step overflows; return the network."""
    monkeypatch.setattr(step_runner, "_FIRST_CHUNK", steps_a_call)
    net = Network([nn.Dense(3)], 1, "float64")
    net.compile("sse", optim.SGD(Explosion(step)))
    with pytest.raises(DataError, match="last step that was finite"):
        net.fit(X, 1e150 * np.eye(3)[Y], epochs=2, batch_size=8, shuffle=False, verbose=0)
    return net


@pytest.mark.parametrize("step", [0, 3, 10, 11])  # of 12 in the first epoch
@pytest.mark.parametrize("steps_a_call", [1, 5, 12])
def test_an_infinite_update_restores_the_step_before_it_at_any_position(
    step, steps_a_call, monkeypatch
):
    net = exploding(step, steps_a_call, monkeypatch)
    other = Network([nn.Dense(3)], 1, "float64")
    other.compile("sse", optim.SGD(0.1))
    other(X)
    if step:
        targets = 1e150 * np.eye(3)[Y]
        other.fit(X[: 8 * step], targets[: 8 * step], batch_size=8, shuffle=False, verbose=0)
    for name, each in net.params.items():
        assert np.array_equal(each, other.params[name])
    assert model_of(net).counter.steps == step
