"""Programs shared by graphs that differ in numbers alone: compiled twice, however many there are.

The first graph is compiled with its constants, the second one with those that differ as inputs
(TorchDynamo's *automatic dynamic*), which serves all that follow: a sweep over learning rates,
penalties, dropout rates and seeds compiles two programs for each shape. The copies of a program
have one code, and each its own memory, so that threads run them at the same time.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.driver import compile_native
from chainrule.compiler.graph_passes.constant_inputs import Lifted, lift_constants
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.graph import Graph
from chainrule.locks import ReentrantLock

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram, ProgramCode

__all__ = ["ProgramFamily", "SharedProgram", "family_of"]

_MOST_FAMILIES, _MOST_VARIANTS = 64, 8
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
class _Variant:
    fixed: dict[int, bytes]  # contents of the constants that the program has
    code: ProgramCode
    program_class: type[NativeProgram]  # imported where there is a backend


class ProgramFamily:
    """The programs of graphs that are equal but for the values of some constants."""

    def __init__(self) -> None:
        self._variants: list[_Variant] = []
        self._lock = ReentrantLock()

    def program(self, values: Sequence[Any], graph: Graph) -> SharedProgram | None:
        """Return a program of its own for these values of the constants; None without a backend.

        Its names are those of `graph`, one of the family.
        """
        contents = [each.tobytes() for each in values]
        with self._lock:
            for each in self._variants:
                if all(contents[number] == content for number, content in each.fixed.items()):
                    program = each.program_class.of(each.code, partial(_lifted, graph, each.fixed))
                    return SharedProgram(program, _others(values, each.fixed))
            fixed = dict(enumerate(contents))
            if self._variants:  # what differs from the latest one becomes an input
                latest = self._variants[-1].fixed
                fixed = {n: each for n, each in latest.items() if contents[n] == each}
            program = compile_native(_lifted(graph, fixed), in_background=True)
            if program is None:
                return None
            self._variants.append(_Variant(fixed, program.code, type(program)))
            del self._variants[1:-_MOST_VARIANTS]
        return SharedProgram(program, _others(values, fixed))


def _lifted(graph: Graph, fixed: dict[int, bytes]) -> Graph:
    return lift_constants(graph, lambda number: number not in fixed).graph


def _others(values: Sequence[Any], fixed: dict[int, bytes]) -> list[Any]:
    return [each for number, each in enumerate(values) if number not in fixed]


_families: OrderedDict[Any, ProgramFamily] = OrderedDict()
_lock = ReentrantLock()


def family_of(graph: Graph) -> tuple[ProgramFamily, Graph, Lifted]:
    """Return the family of a graph, the graph simplified, and its constants."""
    graph = simplify(graph)
    lifted = lift_constants(graph)
    text = graph_text(lifted.graph)
    if text is None or _prints_stages() or _size(text[1]) > _MOST_BYTES:
        return ProgramFamily(), graph, lifted
    key = text[0], *map(os.environ.get, _SETTINGS)
    with _lock:
        family = _families.setdefault(key, ProgramFamily())
        _families.move_to_end(key)
        if len(_families) > _MOST_FAMILIES:
            _families.popitem(last=False)
    return family, graph, lifted


def _prints_stages() -> bool:
    """Whether each program is to be compiled, as its stages are printed."""
    setting = os.environ.get("CHAINRULE_DEBUG", "").replace(",", " ").split()
    return not {"graph", "loops", "llvm", "asm"}.isdisjoint(setting)


def _size(constants: Sequence[Any]) -> int:
    return sum(np.asarray(each).nbytes for each in constants)
