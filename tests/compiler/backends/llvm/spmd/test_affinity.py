import ctypes
import os
import sys

import pytest

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.spmd.affinity import emit_current_core, emit_migration
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.runtime.thread_count import available_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="affinity masks are Linux's")


def leaving_core():
    """A function that leaves the core it is given and returns the one it runs on afterwards."""
    module = ir.Module()
    module.triple = host_target().triple
    core = ir.IntType(32)
    function = ir.Function(module, ir.FunctionType(core, [core]), "leave")
    builder = ir.IRBuilder(function.append_basic_block())
    emit_migration(builder, function.args[0])
    builder.ret(emit_current_core(builder))
    library = load_object(compile_module(str(module), host_target()), ("leave",))
    native = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32)(library.address("leave"))
    return lambda number: (native(number), library)[0]


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_a_thread_leaves_the_core_and_keeps_its_affinity_mask(in_child):
    def check():
        leave, allowed = leaving_core(), os.sched_getaffinity(0)
        # The scheduler may migrate a thread back at any time: one attempt that succeeds is enough.
        attempts = [(taken, leave(taken)) for taken in sorted(allowed) for _ in range(20)]
        assert any(now != taken for taken, now in attempts if taken == min(allowed))
        assert any(now != taken for taken, now in attempts if taken == max(allowed))
        assert {now for _, now in attempts} <= allowed
        assert os.sched_getaffinity(0) == allowed

    in_child(check)


@pytest.mark.parametrize("taken", [-1, 1023, 1024, 2**31 - 1])
def test_a_thread_on_another_core_stays(in_child, taken):
    def check():
        leave, allowed = leaving_core(), os.sched_getaffinity(0)
        assert leave(taken) in allowed
        assert os.sched_getaffinity(0) == allowed

    in_child(check)


def test_a_thread_bound_to_one_core_stays(in_child):
    def check():
        leave, only = leaving_core(), min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {only})
        assert leave(only) == only
        assert os.sched_getaffinity(0) == {only}

    in_child(check)
