"""Programs of estimators: compiled once for each form and shape, and shared by all estimators.

Numbers of samples are rounded up to a few capacities, so that the folds of a cross-validation run
one program; rows beyond the samples are never read, or have weights of 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule import tree
from chainrule.compiler.driver import ArrayFunction, compile_graph, compile_native
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.evaluate import prepare
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.train.model.program_cache import ProgramCache

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["LoopProgram", "capacity", "function_program", "loop_program"]

_programs = ProgramCache()


def capacity(count: int) -> int:
    """Return the least m 2ᵏ, with m from 8 to 15, that is not less than `count`.

    Examples
    --------
    >>> [capacity(each) for each in (3, 16, 17, 1797)]
    [8, 16, 18, 1920]
    """
    power = max(0, (max(count, 1) - 1).bit_length() - 4)
    return max(8, -(-count >> power) << power)


@dataclass(frozen=True)
class LoopProgram:
    """Steps from `first` to `end` of a loop: in one native call, or one at a time by NumPy.

    Its inputs are a state, others, and columns with one row a step; its outputs the new state,
    then columns of results.
    """

    native: NativeProgram | None
    step: ArrayFunction | None
    columns: int

    def __call__(
        self, state: list[Any], others: Sequence[Any], columns: Sequence[Any], steps: int,
        destinations: Sequence[Any],
    ) -> tuple[list[Any], list[list[Any]]]:  # fmt: skip
        """Run some steps; return the new state and, for each result, its values by step."""
        width = len(state)
        if self.native is not None:
            outputs = self.native([*state, *others, *columns], (0, steps), destinations)
            return outputs[:width], [each[:steps] for each in outputs[width:]]
        assert self.step is not None, "one of both"
        results: list[list[Any]] = []
        for i in range(steps):
            outputs = self.step([*state, *others, *(each[i : i + 1] for each in columns)])
            state = list(outputs[:width])
            results.append([each[0] for each in outputs[width:]])
        return state, [list(each) for each in zip(*results, strict=True)]


def loop_program(
    key: Any, function: Callable[..., Any], args: tuple[Any, ...], custom: Sequence[Any]
) -> LoopProgram:
    """Return the program of ``function(state, ..., columns)``, which is a scan over the columns.

    `key` is the static part of the function, and `custom` what of it the user has written.
    """
    *others, columns = (tree.map_leaves(type_of, each) for each in args)

    def build() -> tuple[LoopProgram, Guards]:
        kept = _trace(function, (*others, columns), custom)
        native = compile_native(kept.traced.graph, in_background=True)
        count = len(tree.flatten(columns)[0])
        if native is not None:
            return LoopProgram(native, None, count), kept.guards
        single = tree.map_leaves(lambda x: ArrayType(x.dtype, (1, *x.shape[1:])), columns)
        kept = _trace(function, (*others, single), custom)
        return LoopProgram(None, prepare(simplify(kept.traced.graph)), count), kept.guards

    return _programs.get(("loop", key, _types(others, columns)), build)


def function_program(
    key: Any, function: Callable[..., Any], args: tuple[Any, ...], custom: Sequence[Any]
) -> ArrayFunction:
    """Return the program of a function of trees of arrays, as one of their flat lists."""
    types = tree.map_leaves(type_of, args)

    def build() -> tuple[ArrayFunction, Guards]:
        kept = _trace(function, types, custom)
        return compile_graph(kept.traced.graph), kept.guards

    return _programs.get(("function", key, _types(types)), build)


def _trace(function: Callable[..., Any], args: tuple[Any, ...], custom: Sequence[Any]) -> KeptTrace:
    return trace_kept("fit", function, args, roots=custom or (_nothing,))


def _nothing() -> None:
    """Read nothing: the root of what depends on no code of the user's."""


def _types(*trees: Any) -> tuple[Any, ...]:
    leaves, _ = tree.flatten(trees)
    return (tuple(tree.paths(trees)), tuple((str(x.dtype), x.shape) for x in leaves))
