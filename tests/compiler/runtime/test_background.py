"""Background tasks: results and errors are waited for, and forks are delayed."""

import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.backends.llvm.object_code import compile_module
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.errors import GraphError
from chainrule.graph.trace import trace

MODULE = "define i32 @f{0}(i32 %x) {{\n  %y = mul i32 %x, {0}\n  ret i32 %y\n}}\n"


def test_the_result_is_waited_for_and_returned_each_time():
    event = threading.Event()
    task = BackgroundTask(lambda: event.wait(10) and "result")
    event.set()
    assert task.result() == task.result() == "result"


def test_an_error_is_raised_each_time_the_result_is_read():
    def fail():
        raise OSError("disk full")

    task = BackgroundTask(fail)
    task.wait()
    for _ in range(2):
        with pytest.raises(OSError, match="disk full"):
            task.result()


@pytest.mark.parametrize("how", ["call", "bind"])
def test_the_first_call_waits_for_the_code(how, tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(40, 40))
    program = NativeProgram(trace(lambda x: np.tanh(x) @ x)(x), in_background=True)
    result = program([x])[0] if how == "call" else program.bind([])(x)
    np.testing.assert_allclose(result, np.tanh(x) @ x, rtol=1e-12)
    assert program.compile_seconds > 0
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_concurrent_first_calls_return_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(50, 50))
    program = NativeProgram(trace(lambda x: np.exp(x) @ x)(x), in_background=True)
    results = []
    calls = [lambda: program([x])[0], lambda: program.bind([])(x)] * 2
    threads = [threading.Thread(target=lambda f=f: results.append(f())) for f in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(results) == 4
    for each in results:
        np.testing.assert_array_equal(each, results[0])


def test_concurrent_compilation_gives_the_same_object_code():
    texts = [MODULE.format(number) for number in range(1, 9)]
    sequential = [compile_module(text, host_target()) for text in texts]
    tasks = [
        BackgroundTask(lambda text=text: compile_module(text, host_target())) for text in texts
    ]
    assert [each.result() for each in tasks] == sequential


def test_the_error_of_an_invalid_module_is_raised_by_the_result():
    task = BackgroundTask(lambda: compile_module("define void @f() { ret i32 1 }", host_target()))
    with pytest.raises(GraphError, match="not well-formed"):
        task.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_waits_for_running_tasks_and_the_child_can_compile():
    ended = threading.Event()

    def make():
        time.sleep(0.2)
        ended.set()

    task = BackgroundTask(make)
    child = multiprocessing.get_context("fork").Process(target=_compile_and_run)
    child.start()
    assert ended.is_set()
    child.join(60)
    assert child.exitcode == 0
    task.result()


def _compile_and_run():
    np.testing.assert_allclose(cr.jit(lambda x: np.sin(x) + 3.75)(np.ones(9)), np.sin(1) + 3.75)
