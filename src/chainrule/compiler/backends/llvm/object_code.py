"""Object code from LLVM IR, several modules at once, and loading it into the process.

    text of a module -> parse -> VERIFY -> optimise -> object code -> load -> addresses

Verification comes first: LLVM's passes trust their input, and an invalid module can crash the
process. Object code is relocatable and for one processor; `object_cache` stores it on disk.

llvmlite lets one thread at a time into LLVM, because modules usually share a context, which is not
thread-safe. Here each module has a context and a target machine of its own, as in LLVM's parallel
LTO code generation, so that the longest step, instruction emission, runs past that lock.

References
----------
*LLVM Programmer's Manual*, "Threads and LLVM": each thread may use LLVM on a context of its own.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite.binding import ffi

from chainrule.compiler.backends.llvm.target import Target, initialize_llvm
from chainrule.compiler.backends.llvm_library import check_headroom
from chainrule.errors import GraphError

COMPILER_BYTES, BYTES_PER_CHARACTER = 2**26, 100
"""Memory that LLVM may take."""

__all__ = ["Library", "assembly_of", "compile_module", "load_object"]


def compile_module(text: str, target: Target) -> bytes:
    """Verify, optimise and emit a module as object code; thread-safe."""
    check_headroom(COMPILER_BYTES + BYTES_PER_CHARACTER * len(text), "compiling a program")
    with _code_generator(target) as generator:
        return _emit_object(generator.machine, _optimised(text, generator))


def assembly_of(text: str, target: Target) -> str:
    """Return a module's optimised code as assembly, for debugging."""
    with _code_generator(target) as generator:
        return generator.machine.emit_assembly(_optimised(text, generator))


@dataclass(frozen=True)
class _CodeGenerator:
    """LLVM's target machine and pass managers, for one thread at a time."""

    machine: Any
    inliner: Any
    passes: Any
    pass_builder: Any


_idle: dict[Target, list[_CodeGenerator]] = {}


@contextmanager
def _code_generator(target: Target) -> Generator[_CodeGenerator]:
    """Lend an idle code generator: LLVM leaks some 1.5 kB for each new one."""
    idle = _idle.setdefault(target, [])
    try:
        generator = idle.pop()
    except IndexError:
        generator = _new_code_generator(target)
    try:
        yield generator
    finally:
        idle.append(generator)


def _new_code_generator(target: Target) -> _CodeGenerator:
    """Create a code generator with only the passes that pay.

    Vectorisation, tiling and hoisting are done by our own passes. LLVM's are left to inline
    small systems, to promote stack slots to registers (SROA) and to merge blocks. Measured:
    instcombine takes an eighth of the compile time and gains nothing, and newgvn aborts on long
    programs; code generation at level 2 takes a tenth longer than at level 1 and gives no faster
    code.
    """
    initialize_llvm()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, reloc="pic", codemodel="small"
    )
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    inliner = llvm.create_new_module_pass_manager()
    inliner.add_always_inliner_pass()
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    builder = llvm.create_pass_builder(machine, options)
    return _CodeGenerator(machine, inliner, passes, builder)


def _optimised(text: str, generator: _CodeGenerator) -> Any:
    """Parse, verify and optimise a module, in a context of its own."""
    try:
        module = llvm.parse_assembly(text, context=llvm.create_context())
        module.verify()
    except RuntimeError as error:
        raise GraphError(f"target: the generated module is not well-formed: {error}") from error
    if "alwaysinline" in text:
        generator.inliner.run(module, generator.pass_builder)
    for function in module.functions:
        if not function.is_declaration:
            generator.passes.run(function, generator.pass_builder)
    return module


def _emit_object(machine: Any, module: Any) -> bytes:
    # The C function without llvmlite's lock; a version of llvmlite that stores it elsewhere emits
    # one module at a time.
    unlocked = getattr(getattr(ffi.lib, "LLVMPY_TargetMachineEmitToMemory", None), "_cfn", None)
    if unlocked is None:
        return machine.emit_object(module)
    with ffi.OutputString() as error:
        buffer = unlocked(machine, module, 1, error)
        if not buffer:
            raise RuntimeError(str(error))
    try:
        size = ffi.lib.LLVMPY_GetBufferSize(buffer)
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(buffer), size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


class Library:
    """Object code loaded into this process; unloaded when it is garbage-collected."""

    def __init__(self, tracker: Any, linker: Any) -> None:
        # Released in this order: the code must be gone before its linker.
        self._tracker = tracker
        self._linker = linker

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        return self._tracker[name]


LIBRARIES_PER_LINKER = 32

_library_numbers = itertools.count()


def load_object(code: bytes, exports: tuple[str, ...]) -> Library:
    """Load object code into this process."""
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in exports:
        builder.export_symbol(name)
    number = next(_library_numbers)
    linker = _linker(number // LIBRARIES_PER_LINKER)
    try:
        return Library(builder.link(linker, f"chainrule.{number}"), linker)
    except RuntimeError as error:
        raise GraphError(f"target: the machine code cannot be loaded: {error}") from error


@lru_cache(maxsize=1)
def _linker(_generation: int) -> Any:
    """Create the linker for the next `LIBRARIES_PER_LINKER` libraries.

    LLVM stores a library's name, about 9 kB, for the lifetime of its linker: a linker is released
    with the last of its libraries.
    """
    initialize_llvm()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        reloc="pic", codemodel="small"
    )
    return llvm.create_lljit_compiler(machine, use_jit_link=True)
