import threading

import numpy as np
import pytest

from chainrule import Network, nn, optim
from chainrule.errors import DataError
from chainrule.train.callbacks import Callback
from chainrule.train.fit import finite_steps, step_runner
from chainrule.train.network import model_of

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(70, 6)).astype("f4"), RNG.integers(0, 3, 70)
WORDS = RNG.integers(0, 50, (70, 4))


@pytest.fixture(autouse=True)
def native(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")


@pytest.fixture
def in_place(monkeypatch):
    """Update arrays of any size in place."""
    monkeypatch.setattr(finite_steps, "IN_PLACE_BYTES", 1)


def dense(optimizer="adam"):
    net = Network([nn.Dense(8, activation="tanh"), nn.Dropout(0.2), nn.BatchNorm(), nn.Dense(3)])
    net.compile("cross_entropy", optimizer)
    return net


def lookup(optimizer="sgd"):
    net = Network([nn.Embedding(50, 3), nn.Flatten(), nn.Dense(3)])
    net.compile("cross_entropy", optimizer)
    return net


def values(net):
    model = model_of(net)
    slots = {f"{name}.{slot}": x for name, each in model.optimizer_slots.items()
             for slot, x in each.items()}  # fmt: skip
    return {name: each.array.copy() for name, each in model.stack.parameters().items()} | slots


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, each in one.items():
        np.testing.assert_array_equal(each, other[name], err_msg=name)


@pytest.mark.parametrize(
    ("make", "inputs", "optimizer", "batch_size"),
    [
        (dense, X, "adam", 10),
        (dense, X, "sgd", 32),  # the last batch is not whole
        (lookup, WORDS, "sgd", 10),
        (lookup, WORDS, "adam", 10),
    ],
)
def test_steps_in_place_have_the_bits_of_steps_that_write_copies(
    make, inputs, optimizer, batch_size, monkeypatch
):
    nets = make(optimizer), make(optimizer)
    nets[0].fit(inputs, Y, epochs=3, batch_size=batch_size, verbose=0)
    monkeypatch.setattr(finite_steps, "IN_PLACE_BYTES", 1)
    if batch_size == 10:  # all arrays are as large ones
        monkeypatch.setattr(finite_steps, "_CHECKED_BYTES", 1)
    nets[1].fit(inputs, Y, epochs=2, batch_size=batch_size, verbose=0)
    before = {name: each.array for name, each in model_of(nets[1]).stack.parameters().items()}
    slots = model_of(nets[1]).optimizer_slots
    nets[1].fit(inputs, Y, batch_size=batch_size, verbose=0)
    assert_equal(values(nets[0]), values(nets[1]))
    after = model_of(nets[1]).stack.parameters()
    assert all(each is after[name].array for name, each in before.items())
    for name, each in model_of(nets[1]).optimizer_slots.items():
        assert all(x is slots[name][slot] for slot, x in each.items() if x.ndim)
    assert nets[0].history["loss"][-1] == nets[1].history["loss"][-1]


class Spoil(Callback):
    """Write a bad value into the samples of step 4, which have been checked before."""

    def __init__(self, inputs, value):
        self.inputs, self.value = inputs, value

    def on_epoch_start(self, net, epoch):
        self.inputs[45, 1] = self.value


@pytest.mark.parametrize("steps_a_call", [1, 5])
def test_a_step_that_is_not_finite_changes_nothing(steps_a_call, in_place, monkeypatch):
    monkeypatch.setattr(step_runner, "_FIRST_CHUNK", steps_a_call)
    spoilt = X.copy()
    good, bad = dense(), dense()
    good.fit(X[:40], Y[:40], batch_size=10, shuffle=False, verbose=0)
    with pytest.raises(DataError, match="step 4 of epoch 0"):
        bad.fit(
            spoilt, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[Spoil(spoilt, np.nan)]
        )
    assert_equal(values(good), values(bad))
    assert model_of(bad).counter.steps == 4


def test_the_last_update_is_looked_at_where_it_is_large(in_place, monkeypatch):
    monkeypatch.setattr(finite_steps, "_CHECKED_BYTES", 1)
    net = Network([nn.Dense(3, use_bias=False)])
    net.compile(loss=lambda y, p: np.sqrt(np.sum((0 * p) ** 2)), optimizer="sgd")
    with pytest.raises(DataError, match=r"not finite[\s\S]*which is not undone"):
        net.fit(X[:4], X[:4, :3], verbose=0)


def test_a_lookup_out_of_range_changes_nothing(in_place):
    words, good, bad = WORDS.copy(), lookup(), lookup()
    good.fit(words[:40], Y[:40], batch_size=10, shuffle=False, verbose=0)
    with pytest.raises(DataError, match=r"50 at \[45, 1\] is not a valid index"):
        bad.fit(words, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[Spoil(words, 50)])
    assert_equal(values(good), values(bad))


def test_another_thread_reads_finished_steps_and_is_not_kept_out(in_place):
    net, states, failures = dense(optim.SGD(0.1)), [], []
    net.fit(X, Y, batch_size=10, verbose=0)
    done = threading.Event()

    def read():
        try:
            while not done.is_set():
                state = net.state()
                states.append((state.steps, state.params["dense.weight"].tobytes()))
        except BaseException as error:  # noqa: BLE001 (raised in the other thread)
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()

    class UntilRead(Callback):
        def on_epoch_end(self, net, epoch, logs):
            return len(states) > 40

    net.fit(X, Y, epochs=10**6, batch_size=10, verbose=0, callbacks=[UntilRead()])
    done.set()
    reader.join()
    assert not failures
    known = dense(optim.SGD(0.1))
    by_steps = {}
    known.fit(
        X, Y, epochs=max(steps for steps, _ in states) // 7 + 1, batch_size=10, verbose=0,
        callbacks=[_Recorder(by_steps)],
    )  # fmt: skip
    assert all(by_steps[steps] == weight for steps, weight in states)


class _Recorder(Callback):
    def __init__(self, by_steps):
        self.by_steps = by_steps

    def on_step_end(self, net, step, logs):
        self.by_steps[step + 1] = net.params["dense.weight"].tobytes()


def test_a_state_that_is_kept_does_not_change_with_the_training(in_place):
    net = dense()
    net.fit(X, Y, batch_size=10, verbose=0)
    state, before = net.state(), values(net)
    before = {name: each.copy() for name, each in before.items()}
    net.fit(X, Y, epochs=2, batch_size=10, verbose=0)
    net.restore(state)
    assert_equal(values(net), before)
