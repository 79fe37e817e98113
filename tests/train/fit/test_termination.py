"""SIGTERM ends ``fit`` after a whole step; handlers of others stay; forked children die of it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.train.fit.termination import (
    ends_on_termination,
    raise_if_terminated,
    run_to_its_end,
)
from chainrule.train.network import model_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")

X = np.random.default_rng(0).random((64, 10), np.float32)


def network(seed=0):
    net = cr.Network([nn.Dense(20, activation="tanh"), nn.Dense(10)], seed=seed)
    net.compile(loss="mse", optimizer="adam", learning_rate=0.01)
    return net


def in_child(work):
    """Run a function in a forked child; return its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            signal.alarm(60)  # a child that hangs has failed
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
            work()
            code = 0
        except SystemExit as error:
            code = error.code
        except BaseException:  # noqa: BLE001 - shown, as the parent sees the code only
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def send_after(seconds):
    """Send SIGTERM some time after a handler of it is set, be it by ``fit``."""

    def send():
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            time.sleep(0.01)
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=send).start()


def ended_by_signal(net, **settings):
    """Train without end; return the exception and for how long it was awaited after the signal."""
    sent = []

    def send():
        while model_of(net).counter.steps <= 3:
            time.sleep(0.02)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=send).start()
    with pytest.raises(SystemExit) as ended:
        net.fit(X, X, epochs=10**9, verbose=0, **settings)
    return ended.value, time.monotonic() - sent[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": None},
        {"batch_size": 64, "callbacks": [lambda net, epoch, logs: None]},
        {"batch_size": 64, "validation_data": (X[:5], X[:5])},
    ],
)
def test_sigterm_ends_fit_after_a_whole_step(settings):
    network().fit(X, X, epochs=1, verbose=0, **settings)  # compiles

    def check():
        net = network()
        error, seconds = ended_by_signal(net, **settings)
        assert error.code == 143
        assert seconds < 5  # a tenth, on an idle machine
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert any("interrupted in epoch" in note for note in net.history.notes)
        counter = model_of(net).counter  # an epoch is one step
        assert counter.steps > 3
        other = network()
        other.fit(X, X, epochs=counter.steps, verbose=0, **settings)
        for name, value in net.params.items():
            np.testing.assert_array_equal(value, other.params[name])
        net.fit(X, X, epochs=2, verbose=0, **settings)
        other.fit(X, X, epochs=2, verbose=0, **settings)
        for name, value in net.params.items():
            np.testing.assert_array_equal(value, other.params[name])

    assert in_child(check) == 0


def test_what_the_caller_does_not_catch_ends_the_process_with_143():
    def check():
        send_after(0.2)
        network().fit(X, X, epochs=10**9, verbose=0)

    assert in_child(check) == 143


def test_a_machine_of_boltzmann_ends_with_a_checkpoint_and_goes_on(tmp_path):
    def train(folder, epochs, ended_by=None):
        machine = cr.RBM(5, persistent=True, batch_size=4, seed=1)

        def end(machine, epoch, logs):
            if ended_by is not None and epoch == 3:
                os.kill(os.getpid(), ended_by)

        machine.fit(X, epochs=epochs, checkpoint=folder, callbacks=end, verbose=0)
        return machine

    expected = train(None, 6)
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        folder = tmp_path / str(code)
        assert in_child(lambda at=folder, by=number: train(at, 10**9, by)) == code
        if code == 143:
            assert cr.load(folder).history.epochs == 4
        machine = train(folder, 6)
        assert machine.history["loss"] == expected.history["loss"]
        for name, value in expected.params.items():
            np.testing.assert_array_equal(machine.params[name], value)


@pytest.mark.parametrize("optimizer", ["adam", "cg"])
def test_a_signal_is_not_lost_where_python_drops_what_its_handler_raises(optimizer):
    class Finalized:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    def receive(net, epoch, logs):
        if epoch == 1:
            Finalized()

    def check():
        sys.unraisablehook = lambda *_: None  # it would print what is dropped
        net = network()
        net.optimizer = optimizer
        with pytest.raises(SystemExit) as ended:
            net.fit(X, X, epochs=10**9, verbose=0, callbacks=[receive])
        assert ended.value.code == 143
        assert net.history.epochs == 2
        net.fit(X, X, epochs=1, verbose=0)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert in_child(check) == 0


def test_another_handler_is_not_replaced_and_a_callback_may_set_one():
    def check():
        called = []
        signal.signal(signal.SIGTERM, lambda *_: called.append(1))
        send_after(0.1)
        stop = [lambda net, epoch, logs: bool(called)]
        network().fit(X, X, epochs=10**9, verbose=0, callbacks=stop)
        assert called == [1]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        network().fit(X, X, epochs=2, verbose=0)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        def own(*_):
            pass

        change = [lambda net, epoch, logs: signal.signal(signal.SIGTERM, own) and None]
        network().fit(X, X, epochs=2, verbose=0, callbacks=change)
        assert signal.getsignal(signal.SIGTERM) is own

    assert in_child(check) == 0


def test_the_handler_is_restored_after_an_error_and_after_a_fit_within_a_fit():
    def check():
        with pytest.raises(cr.errors.ArgumentError):
            network().fit(X, X, epochs=2, batch_size=-1)
        inner = [lambda net, epoch, logs: network(1).fit(X, X, epochs=1, verbose=0) and None]
        network().fit(X, X, epochs=2, verbose=0, callbacks=inner)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert in_child(check) == 0


def test_a_signal_in_an_inner_fit_ends_both_with_whole_steps():
    def check():
        outer, nested = network(), network(1)

        def train_nested(net, epoch, logs):
            send_after(0.1)
            nested.fit(X, X, epochs=10**9, verbose=0)

        with pytest.raises(SystemExit):
            outer.fit(X, X, epochs=5, batch_size=None, verbose=0, callbacks=[train_nested])
        other = network()
        other.fit(X, X, epochs=1, batch_size=None, verbose=0)
        for name, value in outer.params.items():
            np.testing.assert_array_equal(value, other.params[name])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert in_child(check) == 0


def test_fit_in_another_thread_sets_no_handler():
    def check():
        seen = []
        note = [lambda net, epoch, logs: seen.append(signal.getsignal(signal.SIGTERM))]
        settings = {"epochs": 1, "verbose": 0, "callbacks": note}
        thread = threading.Thread(target=network().fit, args=(X, X), kwargs=settings)
        thread.start()
        thread.join()
        assert seen == [signal.SIG_DFL]

    assert in_child(check) == 0


def test_a_child_forked_during_fit_dies_of_the_signal_as_any_process():
    def check():
        codes = []

        def fork(net, epoch, logs):
            if not (child := os.fork()):
                time.sleep(60)
                os._exit(0)
            time.sleep(0.01 * (epoch % 2))
            os.kill(child, signal.SIGTERM)  # perhaps before its first instruction
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

        network().fit(X, X, epochs=10, verbose=0, callbacks=[fork])
        assert codes == [-signal.SIGTERM] * 10
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()

    assert in_child(check) == 0


def test_what_must_not_be_left_half_way_is_repeated_before_the_signal_is_raised():
    def check():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, error in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)):
            started, ended = [], []

            def work(number=number, started=started, ended=ended):
                started.append(number)
                if len(started) < 4:
                    signal.raise_signal(number)
                ended.append(number)

            with pytest.raises(error), ends_on_termination():
                run_to_its_end(work)
            assert (len(started), len(ended)) == (4, 1)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert in_child(check) == 0


def test_a_ctrl_c_that_arrives_in_a_finalizer_ends_the_training():
    """Python drops what is raised there; as it is what the callback's own code handles."""

    class Interrupted:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def handle(net, epoch, logs):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    def check():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        warnings.simplefilter("ignore", pytest.PytestUnraisableExceptionWarning)
        assert network().fit(X, X, epochs=2, verbose=0, callbacks=[handle]).epochs == 2
        with ends_on_termination():
            Interrupted()
            with pytest.raises(KeyboardInterrupt):
                network().fit(X, X, epochs=10**9, verbose=0)
        with ends_on_termination():
            Interrupted()
        raise_if_terminated()
        assert network().fit(X, X, epochs=2, verbose=0).epochs == 2

    assert in_child(check) == 0


def test_the_command_line_exits_with_143_and_one_line(tmp_path):
    command = [sys.executable, "-m", "chainrule", "train", "moons", "--epochs", "1000000"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("moons")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 143
    assert errors.endswith("chainrule: error: terminated\n")
    assert "Traceback" not in errors
