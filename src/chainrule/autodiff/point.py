"""A function that has been run on variables in place of some of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import tree
from chainrule.autodiff.results import close, content_of, evaluate_results, split_aux
from chainrule.autodiff.variables import environment_of, variable_of
from chainrule.errors import TraceError
from chainrule.graph.environment import Environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.leftover_nodes import replace_leftovers
from chainrule.graph.node import Node, as_node

__all__ = ["Point", "varied"]


@dataclass(frozen=True)
class Point:
    """A function that has been run on variables: its results there, as nodes.

    They are in tuples, which a surrounding derivative does not search for leftover nodes.
    """

    variables: tuple[Node, ...]
    outputs: tuple[Node, ...]
    structure: tree.Structure
    aux: Any
    roots: Any  # from which leftover nodes may be reached: the function and its arguments
    environment: Environment

    @staticmethod
    def of(
        name: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        is_varied: Sequence[bool],
        has_aux: bool,
    ) -> Point:
        """Run a function with variables in place of the leaves that are varied."""
        leaves, structure = tree.flatten(tuple(args))
        called = getattr(function, "__name__", "the function")
        names = [
            path
            for i, each in enumerate(args)
            for path in tree.paths(each, f"argument {i} of {called}")
        ]
        lifted = [
            variable_of(leaf, path, name) if varies else leaf
            for leaf, path, varies in zip(leaves, names, is_varied, strict=True)
        ]
        variables = varied(lifted, is_varied)
        named = list(zip(variables, varied(names, is_varied), strict=True))
        arguments = tree.unflatten(structure, lifted)
        return Point.lifted(name, function, named, (arguments, {}), args, has_aux)

    @staticmethod
    def lifted(
        name: str,
        function: Callable[..., Any],
        variables: Sequence[tuple[Node, str]],
        call: tuple[Sequence[Any], dict[str, Any]],
        args: Sequence[Any],
        has_aux: bool,
    ) -> Point:
        """Run a function on arguments that hold variables, in place of `args`."""

        def run() -> Point:
            return Point._run(name, function, variables, call, args, has_aux)

        return with_filled_arrays(run, function, args, call[1])

    @staticmethod
    def _run(
        name: str,
        function: Callable[..., Any],
        variables: Sequence[tuple[Node, str]],
        call: tuple[Sequence[Any], dict[str, Any]],
        args: Sequence[Any],
        has_aux: bool,
    ) -> Point:
        nodes = tuple([node for node, _ in variables])
        roots = (function, args, call[1])
        environment = environment_of(function, variables)
        given, keywords = tree.map_leaves(lambda leaf: leaf, (tuple(call[0]), call[1]))
        try:
            with environment:
                result = environment.function(*given, **keywords)
                value, aux = split_aux(result, has_aux, name)
                leaves, structure = tree.flatten(value)
                outputs = tuple([as_node(leaf) for leaf in leaves])
                aux = tree.map_leaves(content_of, aux)
        except BaseException:
            if environment.parent is None:
                replace_leftovers(roots, nodes, environment)
            raise
        return Point(nodes, outputs, structure, aux, roots, environment)

    def evaluated(self, make: Callable[[], Any]) -> Any:
        """Evaluate the results made, unless they belong to an outer trace; close the variables."""
        found = self.evaluated_open(make)
        close(self.variables)
        return found

    def evaluated_open(self, make: Callable[[], Any]) -> Any:
        """Evaluate the results made; derivatives by the variables may still be taken."""
        try:
            found = evaluate_results(make(), self.variables)
        except BaseException:
            if self.environment.parent is None:
                replace_leftovers(self.roots, self.variables, self.environment)
            raise
        if not any(type(each) is Node for each in tree.flatten(found)[0]):
            replace_leftovers(self.roots, self.variables, self.environment)
        return found

    def check_usable(self, name: str) -> None:
        """Refuse to differentiate values of a trace that has ended."""
        parent = self.environment.parent
        if parent is None or parent.is_in_progress or all(each.is_known for each in self.outputs):
            return
        raise TraceError(
            f"{name} was made while {parent.name} was traced, of values that are not known, "
            f"and is called after it; call it in {parent.name}, and return the result"
        )


def varied(items: Sequence[Any], is_varied: Sequence[bool]) -> list[Any]:
    """Return the items that are varied."""
    return [each for each, varies in zip(items, is_varied, strict=True) if varies]
