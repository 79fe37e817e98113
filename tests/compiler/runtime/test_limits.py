"""Threads and memory that the system refuses: an error or a warning, never an abort or a hang."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.compiler.backends.llvm_library import check_headroom
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.runtime import background, thread_pool
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.compiler.runtime.executable import Executable
from chainrule.compiler.runtime.program_memory import ProgramMemory
from chainrule.graph.trace import trace

pytestmark = pytest.mark.filterwarnings("ignore:compiled programs are not kept")

resource = pytest.importorskip("resource", reason="needs limits of resources")

X = np.random.default_rng(0).random((512, 300), np.float32)
NO_USER = 54321


def network():
    """Return a network that is large enough for several threads."""
    net = cr.Network([nn.Dense(256, activation="relu"), nn.Dense(10)], seed=0)
    net.compile(loss="mse", optimizer="adam")
    return net


def train(net):
    net.fit(X, X[:, :10], epochs=2, batch_size=64, verbose=0)
    return net.predict(X)


@pytest.fixture
def four_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    before = cr.get_num_threads()
    cr.set_num_threads(4)
    yield
    cr.set_num_threads(before)


def allow_no_threads():
    if os.getuid() == 0:  # whom this limit does not bind
        os.setgroups([])
        os.setgid(NO_USER)
        os.setuid(NO_USER)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


def test_without_further_threads_one_computes_the_same_with_a_warning(in_child, four_threads):
    expected = train(network())

    def check():
        allow_no_threads()
        thread_pool._pools.clear()
        with pytest.warns(cr.ChainruleWarning, match="refuses more threads: programs run on 1 ins"):
            result = train(network())
        assert np.array_equal(result, expected)
        assert np.array_equal(train(network()), expected)  # warns once

    in_child(check)


def test_the_number_that_the_warning_names_ends_it(in_child, four_threads):
    train(network())

    def check():
        allow_no_threads()
        thread_pool._pools.clear()
        cr.set_num_threads(1)
        train(network())

    in_child(check)


def test_threads_are_requested_again_later(in_child, four_threads, monkeypatch):
    def check():
        monkeypatch.setattr(thread_pool, "REQUEST_PAUSE", 0.0)
        start = thread_pool.threading.Thread.start
        program = NativeProgram(trace(lambda x: x @ x)(np.ones((300, 300))))

        def refuse(thread):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(thread_pool.threading.Thread, "start", refuse)
        with pytest.warns(cr.ChainruleWarning, match="refuses more threads"):
            program([np.ones((300, 300))])
        assert len(thread_pool._pool()._workers) == 0
        monkeypatch.setattr(thread_pool.threading.Thread, "start", start)
        program([np.ones((300, 300))])
        assert len(thread_pool._pool()._workers) == 3

    in_child(check)


@pytest.mark.parametrize("is_limited", [True, False])
def test_a_background_task_without_a_thread_runs_at_once(monkeypatch, is_limited):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(background.threading.Thread, "start", refuse)
    monkeypatch.setattr(background, "_is_address_space_limited", lambda: is_limited)
    task = BackgroundTask(lambda: 6 * 7)
    task.wait()
    assert task.result() == 42
    with pytest.raises(ZeroDivisionError):
        BackgroundTask(lambda: 1 // 0).result()


def test_little_memory_is_an_error_and_never_an_abort(in_child, four_threads):
    """Programs are compiled anew, as nothing is cached, and run, or the error says what lacks."""
    train(network())
    for megabytes in (20, 60, 75, 90, 110, 220, 900):

        def check(megabytes=megabytes):
            with open("/proc/self/statm") as file:
                used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            os.environ["CHAINRULE_CACHE"] = "/proc/none"
            resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20,) * 2)
            with contextlib.suppress(MemoryError) if megabytes < 900 else contextlib.nullcontext():
                train(network())

        in_child(check)


def test_memory_that_the_system_refuses_is_told_with_its_size():
    for megabytes in (2**34, 2**44, 2**90):
        with pytest.raises(MemoryError, match=f"compiling may take {megabytes:,} MB more"):
            check_headroom(megabytes * 2**20, "compiling")


def test_a_program_whose_memory_is_refused_names_what_it_needs():
    executable = Executable(b"code", (), 2**55, 2**40, True, 0, ())
    for threads in (4, 2**30):
        with pytest.raises(MemoryError, match=r"needs [0-9,]+ bytes for intermediate results, of"):
            ProgramMemory(executable, 3, threads)


EXIT = """
import atexit, os, sys, threading, time
import numpy as np, chainrule as cr
X = np.random.default_rng(0).random((512, 300)).astype("float32")
def network():
    net = cr.Network([cr.nn.Dense(256), cr.nn.Dense(10)], seed=0)
    net.compile(loss="mse", optimizer="adam")
    return net
def late():
    net.fit(X, X[:, :10], epochs=2, batch_size=64, verbose=0)
    print(net.predict(X).shape, flush=True)
    raise ValueError("in an exit handler")
atexit.register(late)
cr.set_num_threads(3)
net = network()
net.fit(X, X[:, :10], epochs=1, batch_size=64, verbose=0)
settings = dict(epochs=10**9, batch_size=None, verbose=0)
threading.Thread(target=network().fit, args=(X, X[:, :10]), kwargs=settings, daemon=True).start()
time.sleep(0.3)
sys.exit(7)
"""


def test_the_interpreter_ends_while_a_daemon_thread_trains_and_an_exit_handler_does():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", EXIT], env=environment, timeout=600, capture_output=True, text=True
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout == "(512, 10)\n"
    assert done.stderr.count("Traceback") == 1  # of the handler's own error
