"""Cross-compilation: code for other processors is verified and its assembly read, never run."""

import re
from collections import Counter

import llvmlite.binding as llvm
import pytest

from chainrule.compiler.backends.llvm.codegen import emit_module
from chainrule.compiler.backends.llvm.object_code import assembly_of, compile_module
from chainrule.compiler.backends.llvm.target import VECTOR_UNITS, Target
from chainrule.compiler.pipeline import compile_to_loops
from tests.compiler.programs.known_programs import mnist, moons, table, xor

UNITS = {unit.name: unit for unit in VECTOR_UNITS}
ELF_MACHINES = {"aarch64": 183, "x86_64": 62}
PROGRAMS = [xor, moons, table, mnist]
DEFINED_OR_SYSTEM = re.compile(r"(contraction|nest)\d+|chainrule\..*|sched_yield")


def target_of(architecture, unit):
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    sizes = unit.vector_bytes, unit.registers, unit.cheap_masks
    return Target(f"{architecture}-unknown-linux-gnu", unit.cpu, unit.features, *sizes)


def module_of(program, target, is_timed=False):
    lowered = compile_to_loops(program._graph)
    return emit_module(lowered.loops, lowered.layout, lowered.plan, target, is_timed).emit()


def check_object(text, architecture, target):
    """The module is valid, and its object code is for that architecture."""
    code = compile_module(text, target)
    assert code[:4] == b"\x7fELF"
    assert int.from_bytes(code[18:20], "little") == ELF_MACHINES[architecture]


@pytest.mark.parametrize("make", PROGRAMS)
def test_arm_code_is_vectorised_and_calls_no_library(in_child, make):
    program = make()

    def check():
        target = target_of("aarch64", UNITS["neon"])
        text = module_of(program, target)
        check_object(text, "aarch64", target)
        lines = assembly_of(text, target).splitlines()
        calls = {line.split()[1] for line in lines if line.startswith("\tbl\t")}
        assert not {name for name in calls if not DEFINED_OR_SYSTEM.fullmatch(name)}
        contractions = [line.split() for line in lines if re.match(r"\tf(mla|madd|mul)\t", line)]
        registers = Counter(operands[0] for _, operands, *_ in contractions)
        if make is not xor:  # whose batches of one sample have no vector axis
            assert registers["v"] > 4 * (registers["s"] + registers["d"])

    in_child(check)


@pytest.mark.parametrize("make", PROGRAMS)
def test_portable_x86_code_is_vectorised_and_calls_only_fma(in_child, make):
    program = make()

    def check():
        target = target_of("x86_64", UNITS["portable"])
        text = module_of(program, target)
        check_object(text, "x86_64", target)
        lines = assembly_of(text, target).splitlines()
        calls = {
            line.split()[1].removesuffix("@PLT") for line in lines if line.startswith("\tcallq\t")
        }
        # The instruction came with AVX2; the library function is slow and gives the same bits.
        assert {name for name in calls if not DEFINED_OR_SYSTEM.fullmatch(name)} == {"fmaf"}
        counts = Counter(line.split()[0] for line in lines if line.startswith("\t"))
        if make is not xor:
            assert counts["mulps"] > 2 * counts["mulss"]

    in_child(check)


def test_profiled_arm_code_reads_the_cycle_counter(in_child):
    program = moons()

    def check():
        target = target_of("aarch64", UNITS["neon"])
        instructions = assembly_of(module_of(program, target, is_timed=True), target)
        assert "CNTVCT_EL0" in instructions

    in_child(check)
