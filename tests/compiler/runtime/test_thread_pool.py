"""Thread pool: barriers, concurrent callers, forks, interrupts, exit."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.spmd.barrier import barrier_function
from chainrule.compiler.backends.llvm.spmd.worker_code import program_type
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.runtime.thread_count import available_cores
from chainrule.compiler.runtime.thread_pool import run_program

ROUNDS = 500


def relay():
    """Each round, every thread sets its counter to its neighbour's plus one, between barriers."""
    module = ir.Module()
    module.triple = host_target().triple
    function = ir.Function(module, program_type(), "relay")
    builder = ir.IRBuilder(function.append_basic_block())
    block, thread, threads, barrier = function.args

    def slot(number):
        index = builder.add(number, emit.index(1))
        return builder.gep(block, [index], source_etype=emit.INDEX)

    rounds = builder.load(block, typ=emit.INDEX)
    with emit.counted_loop(builder, emit.index(0), rounds, "round"):
        neighbour = builder.srem(builder.add(thread, emit.index(1)), threads)
        counter = builder.load(slot(neighbour), typ=emit.INDEX)
        builder.call(barrier_function(module), [barrier, threads])
        builder.store(builder.add(counter, emit.index(1)), slot(thread))
        builder.call(barrier_function(module), [barrier, threads])
    builder.ret_void()
    return load_object(compile_module(str(module), host_target()), ("relay",))


def run_relay(library, threads, rounds=ROUNDS):
    block = np.zeros(threads + 1, np.int64)
    block[0] = rounds
    run_program(library.address("relay"), block.ctypes.data, threads)
    assert (block[1:] == rounds).all()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_no_thread_passes_a_barrier_before_the_last_one_arrives(in_child, threads):
    def check():
        library = relay()
        for _ in range(2):
            run_relay(library, threads)

    in_child(check)


def test_concurrent_callers_run_one_after_the_other(in_child):
    def check():
        library = relay()
        callers = [
            threading.Thread(target=run_relay, args=(library, 1 + number % 3))
            for number in range(6)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(600)
            assert not caller.is_alive()

    in_child(check)


def test_a_forked_child_starts_its_own_workers(in_child):
    def check():
        library = relay()
        run_relay(library, 3)
        child = os.fork()
        if child == 0:
            run_relay(library, 2)
            os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        run_relay(library, 3)

    in_child(check)


def test_the_interpreter_lock_is_released_during_a_program(in_child):
    def check():
        library, counted = relay(), []
        stop = threading.Event()

        def count():
            while not stop.is_set():
                counted.append(1)
                time.sleep(0.0005)

        counter = threading.Thread(target=count)
        counter.start()
        begin = time.monotonic()
        while time.monotonic() - begin < 0.2:
            run_relay(library, 1, rounds=10**6)
        stop.set()
        counter.join()
        assert len(counted) > 10

    in_child(check)


@pytest.mark.parametrize("attempt", range(2))
def test_an_interrupt_leaves_no_thread_at_a_barrier(in_child, attempt):
    def check():
        library = relay()
        run_relay(library, 2)  # compiles the pool, which is not to be interrupted here
        # An interrupt within a finaliser of llvmlite can make it free memory twice.
        gc.disable()
        armed, interrupts = [], 0

        def interrupt(*_):
            if armed:
                armed.clear()
                raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        begin = time.monotonic()
        while interrupts <= 100 and time.monotonic() - begin < 20:
            try:
                armed.append(True)
                run_relay(library, 2, rounds=20)
                armed.clear()
            except KeyboardInterrupt:
                interrupts += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        run_relay(library, 3)
        assert interrupts > 5

    in_child(check)


@pytest.mark.parametrize("ending", ["", "import os; os.wait() if os.fork() else None\n"])
def test_the_interpreter_ends_while_workers_sleep(ending):
    program = (
        "import ctypes\n"
        "from chainrule.compiler.runtime.thread_pool import run_program\n"
        "from chainrule.compiler.backends.llvm.object_code import *\n"
        "from chainrule.compiler.backends.llvm.target import *\n"
        "text = 'define void @f(ptr %a, i64 %t, i64 %n, ptr %b) {\\nret void\\n}'\n"
        "library = load_object(compile_module(text, host_target()), ('f',))\n"
        "run_program(library.address('f'), 0, 4)\n" + ending
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=600)


def test_at_least_one_core_is_available():
    assert available_cores() >= 1
