"""Code that a thread is making: whoever calls it waits, learns of errors, and may fork."""

import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.backends.llvm.object_code import compile_module
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.native_program import compile_native
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.errors import GraphError
from chainrule.graph.trace import trace

MODULE = "define i32 @f{0}(i32 %x) {{\n  %y = mul i32 %x, {0}\n  ret i32 %y\n}}\n"


def test_the_result_is_waited_for_and_given_again():
    begun = threading.Event()
    pending = BackgroundTask(lambda: begun.wait(10) and "made")
    begun.set()
    assert pending.result() == pending.result() == "made"


def test_an_error_reaches_whoever_wants_the_result():
    def fail():
        raise OSError("no room")

    pending = BackgroundTask(fail)
    pending.wait()
    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            pending.result()


@pytest.mark.parametrize("how", ["call", "bind"])
def test_the_first_call_waits_for_the_code(how, tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(40, 40))
    program = compile_native(trace(lambda x: np.tanh(x) @ x)(x), is_awaited=False)
    found = program([x])[0] if how == "call" else program.bind([])(x)
    np.testing.assert_allclose(found, np.tanh(x) @ x, rtol=1e-12)
    assert program.compile_seconds > 0
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_threads_that_call_first_at_once_get_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(50, 50))
    program = compile_native(trace(lambda x: np.exp(x) @ x)(x), is_awaited=False)
    found = []
    threads = [threading.Thread(target=lambda: found.append(program([x])[0])) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 4
    for each in found:
        np.testing.assert_array_equal(each, found[0])


def test_modules_compiled_at_once_are_those_compiled_one_by_one():
    texts = [MODULE.format(number) for number in range(1, 9)]
    alone = [compile_module(text, host_target()) for text in texts]
    together = [
        BackgroundTask(lambda text=text: compile_module(text, host_target())) for text in texts
    ]
    assert [each.result() for each in together] == alone


def test_a_module_that_is_not_well_formed_is_told_by_the_thread():
    pending = BackgroundTask(
        lambda: compile_module("define void @f() { ret i32 1 }", host_target())
    )
    with pytest.raises(GraphError, match="not well-formed"):
        pending.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_waits_for_the_compiler_and_the_child_can_compile():
    ended = threading.Event()

    def make():
        time.sleep(0.2)
        ended.set()

    pending = BackgroundTask(make)
    child = multiprocessing.get_context("fork").Process(target=_compile_and_run)
    child.start()
    assert ended.is_set()
    child.join(60)
    assert child.exitcode == 0
    pending.result()


def _compile_and_run():
    np.testing.assert_allclose(cr.jit(lambda x: np.sin(x) + 3.75)(np.ones(9)), np.sin(1) + 3.75)
