"""Native train steps, many in one call, match those of the NumPy evaluator."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from chainrule import Callback, LambdaCallback, Network, nn, optim
from chainrule.errors import DataError
from chainrule.train.fit import step_runner
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.history import History
from chainrule.train.network import model_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(120, 4)), RNG.integers(0, 3, 120)


def network(optimizer="adam", dtype="float64", **settings):
    net = Network([nn.Dense(8, activation="tanh"), nn.Dropout(0.2), nn.Dense(3)], 1, dtype)
    net.compile("cross_entropy", optimizer, metrics=["accuracy"], **settings)
    return net


def trained(backend, monkeypatch, callbacks=None, **arguments):
    monkeypatch.setenv("CHAINRULE_BACKEND", backend)
    net = network()
    return net, net.fit(X, Y, verbose=0, callbacks=callbacks, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"epochs": 5, "batch_size": 16},
        {"epochs": 7, "batch_size": 20},
        {"epochs": 9, "batch_size": None},
        {"epochs": 3, "batch_size": 30, "shuffle": False},
        {"epochs": 3, "batch_size": 30, "sample_weight": np.linspace(0, 2, 120)},
    ],
)
def test_native_training_matches_the_numpy_evaluator(arguments, monkeypatch):
    native, course_of_native = trained("llvm", monkeypatch, **arguments)
    evaluated, course_of_evaluated = trained("numpy", monkeypatch, **arguments)
    for name in ("loss", "accuracy", "learning_rate"):
        np.testing.assert_allclose(course_of_native[name], course_of_evaluated[name], rtol=1e-10)
    for name, array in native.params.items():
        np.testing.assert_allclose(array, evaluated.params[name], rtol=1e-9, atol=1e-12)


class Silent(Callback):
    """Overrides nothing that is called between steps."""

    def on_fit_end(self, net):
        self.ended = True

    def state(self):
        return None


def test_a_callback_that_looks_at_nothing_leaves_the_native_calls_as_they_are(monkeypatch):
    """Calls of the compiled program are counted, by a clock that stands still."""
    monkeypatch.setattr(step_runner, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    run_steps, calls = StepRunner.run_steps, []

    def counted(self, state, samples, first, end):
        calls.append((first, end))
        return run_steps(self, state, samples, first, end)

    monkeypatch.setattr(StepRunner, "run_steps", counted)
    found = {}
    for name, callbacks in {
        "none": None,
        "base": [Callback(), Callback()],
        "silent": [Silent()],
        "empty": [LambdaCallback(), LambdaCallback(on_fit_start=lambda net: None)],
        "epoch": [lambda net, epoch, logs: None],
        "step": [LambdaCallback(on_step_end=lambda net, step, logs: None)],
    }.items():
        calls.clear()
        trained("llvm", monkeypatch, callbacks, epochs=12, batch_size=20)
        found[name] = list(calls)
    assert found["none"] == [(0, 1), (1, 9), (9, 72)]
    assert found["base"] == found["silent"] == found["empty"] == found["none"]
    assert len(found["epoch"]) >= 12
    assert len(found["step"]) == 72


@pytest.mark.parametrize("size", [20, None])
def test_epochs_in_one_call_equal_single_epochs_bit_for_bit(size, monkeypatch):
    many, history = trained("llvm", monkeypatch, epochs=9, batch_size=size)
    losses = []
    watch = [lambda net, epoch, logs: losses.append(logs["loss"]) or False]
    single, _ = trained("llvm", monkeypatch, epochs=9, batch_size=size, callbacks=watch)
    assert losses == history["loss"]
    for name, array in many.params.items():
        assert array.tobytes() == single.params[name].tobytes()


def test_the_number_of_steps_in_a_call_does_not_change_the_bits(monkeypatch):
    monkeypatch.setattr(step_runner, "_FIRST_CHUNK", 1)
    slow, slow_history = trained("llvm", monkeypatch, epochs=3, batch_size=20)
    monkeypatch.setattr(step_runner, "_FIRST_CHUNK", 10_000)
    quick, quick_history = trained("llvm", monkeypatch, epochs=3, batch_size=20)
    assert slow_history["loss"] == quick_history["loss"]
    for name, array in slow.params.items():
        assert array.tobytes() == quick.params[name].tobytes()


def test_a_schedule_sets_the_rate_of_each_native_step(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    net, other = (network(optim.SGD(rate)) for rate in (optim.cosine(0.5, steps=40), 0.5))
    history = net.fit(X, Y, epochs=4, batch_size=12, verbose=0)
    other.fit(X, Y, epochs=4, batch_size=12, verbose=0)
    assert history["learning_rate"][-1] < 0.01
    assert not np.array_equal(net.params["dense.weight"], other.params["dense.weight"])


def test_a_diverging_native_loss_restores_the_last_finite_step(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    net = Network([nn.Dense(8, activation="relu"), nn.Dense(1)], dtype="float32")
    net.compile("sse", optim.SGD(1e3))
    with pytest.raises(DataError, match="last step that was finite"):
        net.fit(X, Y[:, None].astype(float), epochs=20, batch_size=10, verbose=0)
    assert all(np.isfinite(array).all() for array in net.params.values())


TRAIN = """
import hashlib
import numpy as np
from chainrule import Network, nn
rng = np.random.default_rng(0)
X, y = rng.normal(size=(512, 100)).astype("f4"), rng.integers(0, 10, 512)
net = Network([nn.Dense(300, activation="relu"), nn.Dense(10)])
net.compile("cross_entropy", metrics=["accuracy"])
net.fit(X, y, epochs=2, batch_size=128, verbose=0)
print(hashlib.sha256(b"".join(each.tobytes() for each in net.params.values())).hexdigest())
"""


def test_the_number_of_threads_does_not_change_the_bits():
    def digest(threads):
        environment = {**os.environ, "CHAINRULE_NUM_THREADS": str(threads)}
        command = [sys.executable, "-W", "error", "-c", TRAIN]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert len({digest(threads) for threads in (1, 2, 5)}) == 1


def test_epochs_before_a_diverging_one_are_in_the_history(monkeypatch):
    def run(callbacks):
        net = Network([nn.Dense(1)], dtype="float32")
        net.compile("mse", optim.SGD(1e9))
        with pytest.raises(DataError, match=r"of epoch [1-9]") as caught:
            net.fit(X[:20], Y[:20, None], epochs=20, batch_size=10, verbose=0, callbacks=callbacks)
        return net, str(caught.value)

    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    (at_once, message), (singly, single_message) = run(None), run([lambda net, epoch, logs: False])
    assert at_once.history["loss"] == singly.history["loss"]
    assert message == single_message
    for name, array in at_once.params.items():
        assert array.tobytes() == singly.params[name].tobytes()


class SlowProgram:
    """A program that takes some seconds a step, and some a call, on a simulated clock."""

    is_multithreaded, threads_now = False, 1

    def __init__(self, seconds, of_a_call=1e-5):
        self.seconds, self.of_a_call, self.now, self.calls = seconds, of_a_call, 0.0, []

    def __call__(self, inputs, steps, buffers):
        self.calls.append(steps[1] - steps[0])
        self.now += self.of_a_call + self.seconds * self.calls[-1]
        return [np.zeros(1), np.zeros(10**6)]


def state_of(size):
    """Return what a runner reads of a state of some bytes."""
    return SimpleNamespace(values=[], spare_buffers=list, copied_bytes=size)


@pytest.mark.parametrize("seconds", [1e-7, 1e-4, 0.012, 0.3])
@pytest.mark.parametrize("lengths", [[10**6], [1, 10**6], [3] * 5 + [10**6]])
def test_a_call_takes_at_most_about_a_tenth_of_a_second(monkeypatch, seconds, lengths):
    """So that Ctrl-C is handled soon, although the time of a step is unknown at first."""
    program = SlowProgram(seconds)
    monkeypatch.setattr(step_runner.time, "perf_counter", lambda: program.now)
    step_inputs, state = SimpleNamespace(columns=[]), state_of(0)
    runner = step_runner.StepRunner(program, 1, step_inputs)
    for length in lengths:
        for _ in runner.run(state, [], length):
            if len(program.calls) > 60:
                break
    assert max(program.calls) * seconds <= max(seconds, 0.15)
    assert max(program.calls) >= min(0.05 / seconds, 10**5)


@pytest.mark.parametrize("seconds", [1e-4, 0.012, 3.0])
def test_the_copy_of_a_large_state_is_a_tenth_of_a_call_of_at_most_a_second(monkeypatch, seconds):
    program = SlowProgram(seconds, of_a_call=0.05)
    monkeypatch.setattr(step_runner.time, "perf_counter", lambda: program.now)
    state = state_of(int(0.05 * step_runner._COPIED_BYTES_PER_SECOND))
    runner = step_runner.StepRunner(program, 1, SimpleNamespace(columns=[]))
    for _ in runner.run(state, [], 10**6):
        if len(program.calls) > 60:
            break
    own = max(program.calls) * seconds
    assert own == pytest.approx(0.5, rel=0.05) if seconds < 0.5 else max(program.calls) == 1


def test_a_call_on_more_threads_than_the_last_one_is_short(monkeypatch):
    """They may have to wait for cores that other processes hold."""
    program = SlowProgram(1e-3)
    monkeypatch.setattr(step_runner.time, "perf_counter", lambda: program.now)
    step_inputs, state = SimpleNamespace(columns=[]), state_of(0)
    runner = step_runner.StepRunner(program, 1, step_inputs)

    def steps_of_calls(count, threads):
        program.threads_now, before = threads, len(program.calls)
        for _ in runner.run(state, [], count):
            pass
        return program.calls[before:]

    settled = steps_of_calls(2000, threads=1)[-2]
    assert settled == pytest.approx(100, rel=0.1)
    trial, after, later, *_ = steps_of_calls(2000, threads=2)
    assert trial == max(1, settled // step_runner._CHUNK_DIVISOR)
    assert after == 8 * trial
    assert later == pytest.approx(min(8 * after, settled), rel=0.1)
    assert steps_of_calls(2000, threads=1)[0] == pytest.approx(settled, rel=0.1)


def interrupted(net, steps, monkeypatch, **arguments):
    """Train until the native call after some steps, which Ctrl-C interrupts."""
    run_steps, calls = step_runner.StepRunner.run_steps, []

    def run(*call):
        if len(calls) == steps:
            raise KeyboardInterrupt
        calls.append(call)
        return run_steps(*call)

    with monkeypatch.context() as patched:
        patched.setattr(step_runner, "REPORT_SECONDS", 0.0)  # a step a call
        patched.setattr(step_runner.StepRunner, "run_steps", run)
        with pytest.raises(KeyboardInterrupt):
            net.fit(X, Y, epochs=99, verbose=0, **arguments)


@pytest.mark.parametrize("callbacks", [None, [lambda net, epoch, logs: None]])
def test_after_an_interrupt_training_goes_on_with_the_epoch_that_is_not_finished(
    callbacks, monkeypatch
):
    """The epochs of one native call count as those that are observed do."""
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    for steps in (0, 1, 5, 6, 11, 12, 18):  # an epoch has 6
        settings = {"batch_size": 20, "callbacks": callbacks}
        net, other, epochs = network(), network(), steps // 6
        interrupted(net, steps, monkeypatch, **settings)
        assert (model_of(net).counter.epoch, model_of(net).counter.steps) == (epochs, steps)
        assert net.history.epochs == epochs
        (note,) = (each for each in net.history.notes if "interrupted" in each)
        if steps % 6:
            again = f"after {steps % 6} of its 6 steps, which are kept; the next fit begins epoch"
            assert f"in epoch {epochs}, {again} {epochs} anew" in note
            interrupted(other, steps, monkeypatch, **settings)
            net.fit(X, Y, epochs=1, verbose=0, batch_size=20)
            assert model_of(net).counter.epoch == epochs + 1
            other.fit(X, Y, epochs=1, verbose=0, **settings)
        else:
            assert note == f"interrupted in epoch {epochs}, before its first step"
            net.fit(X, Y, epochs=4 - epochs, verbose=0, **settings)
            other.fit(X, Y, epochs=4, verbose=0, **settings)
        for name, array in net.params.items():
            assert array.tobytes() == other.params[name].tobytes(), steps


def test_an_interrupt_while_the_history_is_written_loses_no_epoch(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    write_from, calls = History.write_from, []

    def write(history, first, columns):
        calls.append(first)
        if len(calls) in (1, 2):
            write_from(history, first, dict([*columns.items()][:1]))
            raise KeyboardInterrupt
        write_from(history, first, columns)

    monkeypatch.setattr(History, "write_from", write)
    net = network()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=99, batch_size=20, verbose=0)
    assert {len(column) for column in net.history.values()} == {model_of(net).counter.epoch}
    assert [each for each in net.history.notes if "lacks" in each] == []
