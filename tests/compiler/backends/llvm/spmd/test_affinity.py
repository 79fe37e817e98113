import ctypes
import os
import sys

import pytest

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.spmd.affinity import write_current_core, write_leave_core
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.runtime.thread_count import available_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells cores apart")


def stepping_aside():
    """A function that leaves the core it is given; it returns where it runs afterwards."""
    module = ir.Module()
    module.triple = host_target().triple
    core = ir.IntType(32)
    function = ir.Function(module, ir.FunctionType(core, [core]), "step")
    builder = ir.IRBuilder(function.append_basic_block())
    write_leave_core(builder, function.args[0])
    builder.ret(write_current_core(builder))
    library = load_object(compile_module(str(module), host_target()), ("step",))
    native = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32)(library.address("step"))
    return lambda number: (native(number), library)[0]


@pytest.mark.skipif(available_cores() < 2, reason="there is nowhere to go")
def test_a_thread_leaves_the_core_that_is_taken_and_may_come_back(in_child):
    def check():
        step, allowed = stepping_aside(), os.sched_getaffinity(0)
        # The system may move a thread back at any time, so one attempt that succeeds is enough.
        attempts = [(taken, step(taken)) for taken in sorted(allowed) for _ in range(20)]
        assert any(now != taken for taken, now in attempts if taken == min(allowed))
        assert any(now != taken for taken, now in attempts if taken == max(allowed))
        assert {now for _, now in attempts} <= allowed
        assert os.sched_getaffinity(0) == allowed

    in_child(check)


@pytest.mark.parametrize("taken", [-1, 1023, 1024, 2**31 - 1])
def test_a_core_that_is_not_this_threads_moves_nobody(in_child, taken):
    def check():
        step, allowed = stepping_aside(), os.sched_getaffinity(0)
        assert step(taken) in allowed
        assert os.sched_getaffinity(0) == allowed

    in_child(check)


def test_a_thread_with_one_core_stays(in_child):
    def check():
        step, only = stepping_aside(), min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {only})
        assert step(only) == only
        assert os.sched_getaffinity(0) == {only}

    in_child(check)
