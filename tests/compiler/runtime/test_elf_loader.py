"""ELF loader: the same results as LLVM's linker, which loads all that it refuses."""

import ctypes
import gc
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir, object_code
from chainrule.compiler.backends.llvm.object_code import Library, compile_module, load_object
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.runtime import elf_loader
from chainrule.compiler.runtime.code_loader import load_code
from chainrule.compiler.runtime.elf_loader import load_elf

SHT_PROGBITS = 1

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not host_target().triple.startswith("x86_64"),
    reason="supports Linux on x86-64 only",
)


def polynomial(name="polynomial", external=None):
    """``x -> x**2 + 3.25 x + 1.75``, then an external function of it if one is named."""
    module, real = ir.Module(), ir.DoubleType()
    module.triple = host_target().triple
    function = ir.Function(module, ir.FunctionType(real, [real]), name)
    builder = ir.IRBuilder(function.append_basic_block())
    (x,) = function.args
    value = builder.fadd(
        builder.fmul(x, builder.fadd(x, ir.Constant(real, 3.25))), ir.Constant(real, 1.75)
    )
    builder.ret(emit.call(builder, external, [value], real) if external else value)
    return compile_module(str(module), host_target())


def called(library, name, x):
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address(name))(x)


@pytest.mark.parametrize("external", [None, "cbrt"])
def test_loaded_code_computes_the_same_bits_as_code_linked_by_llvm(external):
    code = polynomial(external=external)
    loaded, linked = load_elf(code, ["polynomial"]), load_object(code, ("polynomial",))
    for x in (-2.0, 0.1, 1e9):
        assert called(loaded, "polynomial", x) == called(linked, "polynomial", x)
    expected = 2.0 * 2.0 + 3.25 * 2.0 + 1.75
    expected = np.cbrt(expected) if external else expected
    assert called(loaded, "polynomial", 2.0) == pytest.approx(expected, rel=1e-15)


def test_code_is_executable_and_not_writable():
    library = load_elf(polynomial(), ["polynomial"])
    address = library.address("polynomial")
    with open("/proc/self/maps") as maps:
        spans = [line.split()[:2] for line in maps]
    (rights,) = (
        rights
        for span, rights in spans
        if int(span.split("-")[0], 16) <= address < int(span.split("-")[1], 16)
    )
    assert rights == "r-xp"


def test_freed_code_is_unmapped():
    code = polynomial()

    def mapped():
        with open("/proc/self/maps") as maps:
            return sum(1 for _ in maps)

    libraries = [load_elf(code, ["polynomial"]) for _ in range(50)]
    most = mapped()
    del libraries
    gc.collect()
    assert mapped() <= most - 50


@pytest.fixture
def linked_by_llvm(monkeypatch):
    """Check that the loader refuses a file, and that LLVM's linker is called instead."""
    passed = []
    monkeypatch.setattr(object_code, "load_object", lambda *arguments: passed.append(arguments))

    def check(code):
        passed.clear()
        assert load_elf(code, ["polynomial"]) is None
        load_code(code, ["polynomial"])
        assert passed == [(code, ("polynomial",))]

    return check


def patched(code, offset, layout, value):
    result = bytearray(code)
    struct.pack_into(layout, result, offset, value)
    return bytes(result)


def section_fields(code, section_type):
    """Return where the header of the first section of a type is, and its file offset."""
    start, count = *struct.unpack_from("<Q", code, 40), *struct.unpack_from("<H", code, 60)
    headers = (start + 64 * i for i in range(count))
    header = next(h for h in headers if struct.unpack_from("<I", code, h + 4)[0] == section_type)
    return header, *struct.unpack_from("<Q", code, header + 24)


def test_an_unknown_external_function_is_left_to_llvm(linked_by_llvm):
    linked_by_llvm(polynomial(external="chainrule_has_no_such_function"))


def test_a_file_of_another_format_is_left_to_llvm(linked_by_llvm):
    code = polynomial()
    linked_by_llvm(b"")
    linked_by_llvm(code[:100])
    linked_by_llvm(patched(code, 4, "<B", 1))  # 32 bits
    linked_by_llvm(patched(code, 16, "<H", 3))  # a shared library
    linked_by_llvm(patched(code, 18, "<H", 183))  # another processor
    linked_by_llvm(patched(code, 40, "<Q", len(code)))  # no sections


def test_a_writable_section_is_left_to_llvm(linked_by_llvm):
    code = polynomial()
    header, _ = section_fields(code, SHT_PROGBITS)
    linked_by_llvm(patched(code, header + 8, "<Q", 0b111))


def test_a_file_without_symbols_is_left_to_llvm(linked_by_llvm):
    code = polynomial()
    header, _ = section_fields(code, elf_loader.SHT_SYMTAB)
    linked_by_llvm(patched(code, header + 4, "<I", 0))


def test_an_unknown_relocation_is_left_to_llvm(linked_by_llvm):
    code = polynomial(external="cbrt")
    _, offset = section_fields(code, elf_loader.SHT_RELA)
    linked_by_llvm(patched(code, offset + 8, "<I", 9))


def test_a_missing_export_is_left_to_llvm(linked_by_llvm):
    linked_by_llvm(polynomial(name="another"))


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_a_system_that_refuses_executable_memory_leaves_it_to_llvm(
    linked_by_llvm, monkeypatch, error
):
    def refuse(address, size, rights):
        raise error

    monkeypatch.setattr(elf_loader, "_protect", refuse)
    linked_by_llvm(polynomial())


def test_another_system_leaves_it_to_llvm(linked_by_llvm, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    linked_by_llvm(polynomial())


def test_a_refused_file_is_loaded_by_llvm(monkeypatch):
    monkeypatch.setattr(elf_loader, "R_X86_64_PC32", -1)
    library = load_code(polynomial(), ["polynomial"])
    assert isinstance(library, Library)
    assert called(library, "polynomial", 2.0) == 2.0 * 2.0 + 3.25 * 2.0 + 1.75


def test_a_cached_program_runs_without_importing_llvm_or_masked_arrays(tmp_path):
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
    outputs = [
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    (cold, with_llvm, _), (cached, without, masked) = (line.split() for line in outputs)
    assert cold == cached
    assert (with_llvm, without, masked) == ("True", "False", "False")
