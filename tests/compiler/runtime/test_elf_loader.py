"""Loading without LLVM: the same code, the same results, and nothing else is loaded."""

import ctypes
import gc
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.object_code import Library, compile_module, load_object
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.runtime import elf_loader
from chainrule.compiler.runtime.code_loader import load_code
from chainrule.compiler.runtime.elf_loader import load_elf

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not host_target().triple.startswith("x86_64"),
    reason="knows one kind of system",
)


def polynomial(name="polynomial", outside=None):
    """``x -> x**2 + 3.25 x + 1.75``, then an outside function of it if one is named."""
    module, real = ir.Module(), ir.DoubleType()
    module.triple = host_target().triple
    function = ir.Function(module, ir.FunctionType(real, [real]), name)
    builder = ir.IRBuilder(function.append_basic_block())
    (x,) = function.args
    value = builder.fadd(
        builder.fmul(x, builder.fadd(x, ir.Constant(real, 3.25))), ir.Constant(real, 1.75)
    )
    builder.ret(emit.call(builder, outside, [value], real) if outside else value)
    return compile_module(str(module), host_target())


def called(library, name, x):
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address(name))(x)


@pytest.mark.parametrize("outside", [None, "cbrt"])
def test_loaded_code_computes_what_llvms_own_linker_makes_of_it(outside):
    code = polynomial(outside=outside)
    own, llvm = load_elf(code, ["polynomial"]), load_object(code, ("polynomial",))
    for x in (-2.0, 0.1, 1e9):
        assert called(own, "polynomial", x) == called(llvm, "polynomial", x)
    wanted = 2.0 * 2.0 + 3.25 * 2.0 + 1.75
    wanted = np.cbrt(wanted) if outside else wanted
    assert called(own, "polynomial", 2.0) == pytest.approx(wanted, rel=1e-15)


def test_code_can_be_run_but_not_written():
    library = load_elf(polynomial(), ["polynomial"])
    place = library.address("polynomial")
    with open("/proc/self/maps") as maps:
        spans = [line.split()[:2] for line in maps]
    (rights,) = (
        rights
        for span, rights in spans
        if int(span.split("-")[0], 16) <= place < int(span.split("-")[1], 16)
    )
    assert rights == "r-xp"


def test_what_nobody_holds_is_unmapped():
    code = polynomial()

    def mapped():
        with open("/proc/self/maps") as maps:
            return sum(1 for _ in maps)

    kept = [load_elf(code, ["polynomial"]) for _ in range(50)]
    most = mapped()
    del kept
    gc.collect()
    assert mapped() <= most - 50


def test_an_unknown_outside_function_is_left_to_llvm():
    code = polynomial(outside="chainrule_has_no_such_function")
    assert load_elf(code, ["polynomial"]) is None


def altered(code, place, layout, value):
    made = bytearray(code)
    struct.pack_into(layout, made, place, value)
    return bytes(made)


def test_what_is_not_such_a_file_is_left_to_llvm():
    code = polynomial()
    assert load_elf(b"", ["polynomial"]) is None
    assert load_elf(code[:100], ["polynomial"]) is None
    assert load_elf(altered(code, 16, "<H", 3), ["polynomial"]) is None  # a shared library
    assert load_elf(altered(code, 18, "<H", 183), ["polynomial"]) is None  # another processor
    assert load_elf(altered(code, 40, "<Q", len(code)), ["polynomial"]) is None  # no sections


def test_an_unknown_relocation_is_left_to_llvm(monkeypatch):
    monkeypatch.setattr(elf_loader, "RELATIVE", -1)
    assert load_elf(polynomial(), ["polynomial"]) is None
    assert isinstance(load_code(polynomial(), ["polynomial"]), Library)


def test_a_system_that_forbids_new_code_leaves_it_to_llvm(monkeypatch):
    def refuse(address, size, rights):
        raise PermissionError

    monkeypatch.setattr(elf_loader, "_protect", refuse)
    assert load_elf(polynomial(), ["polynomial"]) is None


def test_a_program_from_the_disk_runs_without_llvm_and_masked_arrays(tmp_path):
    program = (
        "import sys\n"
        "import numpy as np, chainrule as cr\n"
        "X, y = np.ones((256, 784), 'float32'), np.arange(256) % 10\n"
        "net = cr.Network([cr.nn.Dense(100, activation='relu'), cr.nn.Dense(10)], seed=0)\n"
        "net.compile(loss='cross_entropy', optimizer='sgd', learning_rate=0.1)\n"
        "loss = net.fit(X, y, batch_size=64, verbose=0)['loss'][0]\n"
        "print(repr(loss), *(m in sys.modules for m in ('llvmlite.binding', 'numpy.ma')))\n"
    )
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "CHAINRULE_CACHE": str(tmp_path)}
    environment |= {"CHAINRULE_DEBUG": ""}
    command = [sys.executable, "-c", program]
    told = [
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    (cold, with_llvm, _), (cached, without, masked) = (line.split() for line in told)
    assert cold == cached
    assert (with_llvm, without, masked) == ("True", "False", "False")
