"""Object code of several modules at once.

llvmlite lets one thread at a time into LLVM. That is because modules usually share a context, which
is not safe to be used by two threads. Modules with a context and a machine of their own are apart
(LLVM itself compiles them in parallel when it optimises whole programs), so the longest step of
all, from optimised instructions to object code, does without that lock.

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

from chainrule.compiler.backends.llvm.target import Target, start_llvm
from chainrule.errors import GraphError

__all__ = ["Library", "assembly_of", "compile_module", "emit_object", "load_object"]


def emit_object(machine: Any, module: Any) -> bytes:
    """Translate a module to object code."""
    # The function behind the lock; where another version of llvmlite hides it elsewhere, one
    # module waits for the other.
    unlocked = getattr(getattr(ffi.lib, "LLVMPY_TargetMachineEmitToMemory", None), "_cfn", None)
    if unlocked is None:
        return machine.emit_object(module)
    with ffi.OutputString() as error:
        memory = unlocked(machine, module, 1, error)
        if not memory:
            raise RuntimeError(str(error))
    try:
        size = ffi.lib.LLVMPY_GetBufferSize(memory)
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(memory), size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(memory)


LIBRARIES_PER_LINKER = 32


_library_numbers = itertools.count()


def assembly_of(text: str, target: Target) -> str:
    """Return the optimised machine instructions of a module, for people to read."""
    with _tools(target) as tools:
        return tools.machine.emit_assembly(_optimised(text, tools))


def compile_module(text: str, target: Target) -> bytes:
    """Verify, optimise and translate a module to object code; several threads may do so at once."""
    with _tools(target) as tools:
        return emit_object(tools.machine, _optimised(text, tools))


@dataclass(frozen=True)
class _Tools:
    """What turns modules into object code, for one thread at a time."""

    machine: Any
    passes: Any
    builder: Any


_idle: dict[Target, list[_Tools]] = {}


@contextmanager
def _tools(target: Target) -> Generator[_Tools]:
    """Lend tools, made if all are in use: LLVM keeps some 1.5 kB for ever of each time."""
    idle = _idle.setdefault(target, [])
    try:
        tools = idle.pop()
    except IndexError:
        tools = _made_tools(target)
    try:
        yield tools
    finally:
        idle.append(tools)


def _made_tools(target: Target) -> _Tools:
    """Make tools, with only the passes that pay.

    The generators vectorise, tile and hoist by themselves. What is left to LLVM is to turn places
    on the stack into registers and to merge blocks. Combining instructions was measured to cost an
    eighth of the time to compile and to gain nothing; "newgvn", besides, aborts on long programs.
    Code of level 2 takes a tenth longer than of level 1, and is not faster.
    """
    start_llvm()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, reloc="pic", codemodel="small"
    )
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    return _Tools(machine, passes, llvm.create_pass_builder(machine, options))


def _optimised(text: str, tools: _Tools) -> Any:
    """Read, verify and optimise a module, in a context of its own."""
    try:
        module = llvm.parse_assembly(text, context=llvm.create_context())
        module.verify()
    except RuntimeError as error:
        raise GraphError(f"target: the generated module is not well-formed: {error}") from error
    for function in module.functions:
        if not function.is_declaration:
            tools.passes.run(function, tools.builder)
    return module


class Library:
    """Object code loaded into this process; it is unloaded when nothing holds it any more.

    Parameters
    ----------
    tracker : llvmlite.binding.ResourceTracker
        What keeps the code in memory.
    linker : llvmlite.binding.LLJIT
        What loaded it.
    """

    def __init__(self, tracker: Any, linker: Any) -> None:
        # In this order they are let go: the code must be gone before its linker.
        self._tracker = tracker
        self._linker = linker

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        return self._tracker[name]


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
    """Make the linker for the next few libraries.

    LLVM never forgets a library's name while its linker lives, about 9 kB each. A linker that
    serves a bounded number of libraries goes with the last of them.
    """
    start_llvm()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        reloc="pic", codemodel="small"
    )
    return llvm.create_lljit_compiler(machine, use_jit_link=True)
