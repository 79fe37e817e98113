"""The processor at hand, and the way from LLVM's intermediate code to machine code for it.

    text of a module -> parse -> VERIFY -> optimise -> object code -> load -> addresses

Verification comes before everything else: LLVM's passes trust their input, and a module that breaks
LLVM's rules can end the whole process. Object code is relocatable and made for one processor only;
`object_cache` keeps it on disk.
"""

import itertools
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import llvmlite.binding as llvm

from chainrule.compiler.backends.llvm.emit import ITEM_BYTES
from chainrule.compiler.backends.llvm.object_code import emit_object
from chainrule.compiler.backends.llvm.vector_unit import units_of
from chainrule.errors import ArgumentError, GraphError

__all__ = [
    "Library",
    "Target",
    "assembly_of",
    "compile_module",
    "host_target",
    "load_object",
]

LIBRARIES_PER_LINKER = 32

_library_numbers = itertools.count()


@dataclass(frozen=True)
class Target:
    """What generated code may assume of a processor.

    Parameters
    ----------
    triple : str
        LLVM's name of architecture and system, such as ``x86_64-unknown-linux-gnu``.
    cpu : str
        LLVM's name of the processor.
    features : str
        The features to use, as LLVM reads them: ``+avx2,-avx512f,...``.
    vector_bytes : int
        Size of one vector register.
    registers : int
        Number of vector registers.
    cheap_masks : bool
        Whether a masked load or store costs no more than a plain one.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    cheap_masks: bool

    def width(self, dtype: str) -> int:
        """Return how many numbers of a kind one vector register holds.

        Parameters
        ----------
        dtype : {"float32", "float64"}
            The kind of number.

        Returns
        -------
        int
            The number of lanes, a power of two.

        Examples
        --------
        >>> Target("", "", "", vector_bytes=64, registers=32, cheap_masks=True).width("float32")
        16
        """
        return self.vector_bytes // ITEM_BYTES[dtype]


def host_target(vector_unit: str | None = None) -> Target:
    """Describe the processor this process runs on.

    Parameters
    ----------
    vector_unit : {"avx512f", "avx2", "neon", "portable"} or None
        Which vector registers to use. None takes those that the environment variable
        ``CHAINRULE_VECTORS`` names, and the best ones where it is not set. Naming some is for
        tests: the code is then made for the plainest processor that has them, and must give the
        same bits.

    Returns
    -------
    Target
        The same object on every call.

    Raises
    ------
    ArgumentError
        If the processor has no such vector unit.
    """
    return _host_target(vector_unit or os.environ.get("CHAINRULE_VECTORS") or "")


@cache
def _host_target(name: str) -> Target:
    _start_llvm()
    triple, features = llvm.get_process_triple(), llvm.get_host_cpu_features()
    units = units_of(triple, [each for each, is_present in features.items() if is_present])
    unit = next((each for each in units if each.name == name), units[0])
    if name not in ("", unit.name):
        raise ArgumentError(
            f"target: this processor has no vector unit {name!r}; it has "
            f"{', '.join(each.name for each in units)}; leave CHAINRULE_VECTORS unset for the best"
        )
    cpu, flags = unit.cpu, unit.features
    if not name:
        cpu, flags = llvm.get_host_cpu_name(), features.flatten()
    return Target(triple, cpu, flags, unit.vector_bytes, unit.registers, unit.cheap_masks)


def assembly_of(text: str, target: Target) -> str:
    """Return the optimised machine instructions of a module, for people to read."""
    with _tools(target) as tools:
        return tools.machine.emit_assembly(_optimised(text, tools))


def compile_module(text: str, target: Target) -> bytes:
    """Verify, optimise and translate a module to object code; several threads may do so at once.

    Parameters
    ----------
    text : str
        A module in LLVM's assembly language, such as ``str(ir.Module)``.
    target : Target
        The processor to write for.

    Returns
    -------
    bytes
        Relocatable object code in the system's format.

    Raises
    ------
    GraphError
        If the text is not a well-formed module; nothing has been run then.
    """
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
    _start_llvm()
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
        """Return the address of an exported function.

        Parameters
        ----------
        name : str
            One of the names given to `load_object`.

        Returns
        -------
        int
            Valid only as long as this library is held.
        """
        return self._tracker[name]


def load_object(code: bytes, exports: tuple[str, ...]) -> Library:
    """Load object code into this process.

    Parameters
    ----------
    code : bytes
        What `compile_module` returned, in this process or an earlier one on the same processor.
    exports : tuple of str
        The functions to be called.

    Returns
    -------
    Library
        Hold it for as long as the functions may be called.

    Raises
    ------
    GraphError
        If the code needs a function that this process does not have.
    """
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in exports:
        builder.export_symbol(name)
    number = next(_library_numbers)
    linker = _linker(number // LIBRARIES_PER_LINKER)
    try:
        return Library(builder.link(linker, f"chainrule.{number}"), linker)
    except RuntimeError as error:
        raise GraphError(f"target: the machine code cannot be loaded: {error}") from error


@cache
def _start_llvm() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@lru_cache(maxsize=1)
def _linker(_generation: int) -> Any:
    """Make the linker for the next few libraries.

    LLVM never forgets a library's name while its linker lives, about 9 kB each. A linker that
    serves a bounded number of libraries goes with the last of them.
    """
    _start_llvm()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        reloc="pic", codemodel="small"
    )
    return llvm.create_lljit_compiler(machine, use_jit_link=True)
