"""Programs shared by graphs that differ in numbers alone: compiled twice, however many there are.

A sweep over learning rates, penalties, dropout rates and seeds compiles two programs a shape,
see `constant_variants`. The copies of a program have one code, and each its own memory, so that
threads run them at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.constant_variants import Variants, VariantsByKey
from chainrule.compiler.driver import compile_native
from chainrule.compiler.graph_passes.constant_inputs import Lifted, lift_constants
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram, ProgramCode

__all__ = ["ProgramFamily", "SharedProgram", "family_of"]

_MOST_FAMILIES = 64
_MOST_BYTES = 2**20
"""Of the constants of a graph that is kept, which may be data of the user's."""

_SETTINGS = ("CHAINRULE_BACKEND", "CHAINRULE_DEBUG", "CHAINRULE_VECTORS")
"""Environment variables by which programs of one graph differ."""


@dataclass(frozen=True)
class SharedProgram:
    """A native program, and the values of its last inputs, which are constants of the graph."""

    program: NativeProgram
    constants: list[Any]


@dataclass(frozen=True)
class _Compiled:
    code: ProgramCode
    program_class: type[NativeProgram]  # imported where there is a backend


class ProgramFamily:
    """The programs of graphs that are equal but for the values of some constants."""

    def __init__(self, variants: Variants[_Compiled]) -> None:
        self._variants = variants

    def program(self, values: Sequence[Any], graph: Graph) -> SharedProgram | None:
        """Return a program of its own for these values of the constants; None without a backend.

        Its names are those of `graph`, one of the family.
        """
        compiled: list[NativeProgram] = []

        def make(fixed: dict[int, Any]) -> _Compiled | None:
            program = compile_native(_lifted(graph, fixed), in_background=True)
            if program is None:
                return None
            compiled.append(program)
            return _Compiled(program.code, type(program))

        variant = self._variants.of([each.tobytes() for each in values], make)
        if variant is None:
            return None
        if compiled:
            return SharedProgram(compiled[0], variant.others(values))
        code, program_class = variant.made.code, variant.made.program_class
        program = program_class.of(code, partial(_lifted, graph, variant.fixed))
        return SharedProgram(program, variant.others(values))


def _lifted(graph: Graph, fixed: dict[int, Any]) -> Graph:
    return lift_constants(graph, lambda number: number not in fixed).graph


_families: VariantsByKey[_Compiled] = VariantsByKey(_MOST_FAMILIES)


def family_of(graph: Graph) -> tuple[ProgramFamily, Graph, Lifted]:
    """Return the family of a graph, the graph simplified, and its constants."""
    graph = simplify(graph)
    lifted = lift_constants(graph)
    text = graph_text(lifted.graph)
    if text is None or _prints_stages() or _size(text[1]) > _MOST_BYTES:
        return ProgramFamily(Variants()), graph, lifted
    key = text[0], *map(os.environ.get, _SETTINGS)
    return ProgramFamily(_families[key]), graph, lifted


def _prints_stages() -> bool:
    """Whether each program is to be compiled, as its stages are printed."""
    setting = os.environ.get("CHAINRULE_DEBUG", "").replace(",", " ").split()
    return not {"graph", "loops", "llvm", "asm"}.isdisjoint(setting)


def _size(constants: Sequence[Any]) -> int:
    return sum(np.asarray(each).nbytes for each in constants)
