"""Native code under test runs in child processes: a crash fails its test and nothing else."""

import ctypes
import faulthandler
import functools
import os
import sys
import traceback
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel import emit_kernel, scratch_size
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.backends.llvm.vector_math import emit_function

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def run_in_child(check):
    """Run a check in a forked child; raise here what it raised there."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # forking with threads alive is what we test
        child = os.fork()
    if child == 0:
        message = b""
        faulthandler.dump_traceback_later(120, exit=True)  # a child that hangs has failed
        try:
            check()
        except BaseException:  # noqa: BLE001 - everything is reported to the parent
            message = traceback.format_exc().encode()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(message)
        sys.stdout.flush()
        os._exit(1 if message else 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        message = pipe.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, message or f"the child ended with code {code}"


@pytest.fixture
def in_child():
    return run_in_child


def native(module, name, arguments, unit=None):
    """Compile a module; return a callable that keeps the code in memory."""
    module.triple = host_target(unit).triple
    library = load_object(compile_module(str(module), host_target(unit)), (name,))
    function = ctypes.CFUNCTYPE(None, *arguments)(library.address(name))

    @functools.wraps(function)
    def call(*values):
        assert library
        return function(*values)

    return call


def compiled_function(name, dtype, width, unit=None):
    """Return a function of the vector library as a function of arrays."""
    module, scalar = ir.Module(), width == 0
    kinds = [emit.POINTER, emit.POINTER, emit.POINTER, emit.INDEX]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), "map")
    builder = ir.IRBuilder(function.append_basic_block())
    out, first, second, count = function.args
    lanes = max(width, 1)
    with emit.counted_loop(builder, emit.index(0), count, "i") as i:
        at = builder.mul(i, emit.index(lanes))
        kind = emit.FLOATS[dtype] if scalar else emit.vector_type(dtype, lanes)
        inputs = [first, second] if name == "pow" else [first]
        values = [
            builder.load(emit.address(builder, x, at, dtype), align=4, typ=kind) for x in inputs
        ]
        result = emit_function(builder, name, *values)
        builder.store(result, emit.address(builder, out, at, dtype), align=4)
    builder.ret_void()
    call = native(module, "map", [ctypes.c_void_p] * 3 + [ctypes.c_int64], unit)

    def apply(x, y=None):
        size = len(x)
        x = np.resize(np.asarray(x, dtype), -(-size // lanes) * lanes)
        y = x if y is None else np.resize(np.asarray(y, dtype), x.size)
        result = np.empty_like(x)
        call(result.ctypes.data, x.ctypes.data, y.ctypes.data, x.size // lanes)
        return result[:size]

    return apply


def aligned(count, dtype):
    """Return memory of some numbers that begins on a cache line."""
    memory = np.full(count + 64, np.nan, dtype)
    return memory[-memory.ctypes.data % 64 // memory.itemsize :][:count]


def compiled_contraction(shape, unit=None, epilogue=None):
    """Return a contraction kernel as a function of arrays, with its trip counts."""
    target = host_target(unit)
    module = ir.Module()
    kernel = emit_kernel(module, "kernel", shape, target, epilogue)
    kernel.function.linkage = ""
    call = native(module, "kernel", [ctypes.c_void_p] * 5 + [ctypes.c_int64] * 6, unit)
    scratch = aligned(scratch_size(shape, target), shape.dtype)

    def apply(out, left, right, tiles=None, panels=None, batches=None, context=0):
        ranges = [
            bound
            for count, part in zip(kernel.trip_counts, (batches, tiles, panels), strict=True)
            for bound in part or (0, count)
        ]
        addresses = [x.ctypes.data for x in (out, left, right, scratch)]
        call(*addresses, context, *ranges)
        return out

    trip_counts, swapped = kernel.trip_counts, kernel.roles.swapped
    return SimpleNamespace(call=apply, trip_counts=trip_counts, swapped=swapped, kernel=kernel)


@pytest.fixture
def vector_function():
    return compiled_function


@pytest.fixture
def contraction_kernel():
    return compiled_contraction


@pytest.fixture
def native_function():
    return native
