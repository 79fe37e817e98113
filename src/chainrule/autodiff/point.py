"""A function that has been run on variables in place of some of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import tree
from chainrule.autodiff.results import close, content_of, evaluate_results, split_aux
from chainrule.autodiff.variables import environment_of, variable_of
from chainrule.graph.leftover_nodes import replace_leftovers
from chainrule.graph.node import Node, as_node

__all__ = ["Point", "varied"]


@dataclass(frozen=True)
class Point:
    """A function that has been run on variables: its results there, as nodes."""

    variables: list[Node]
    outputs: list[Node]
    structure: tree.Structure
    aux: Any
    leftovers: Callable[[], None]

    @staticmethod
    def of(
        name: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        is_varied: Sequence[bool],
        has_aux: bool,
    ) -> Point:
        """Run the function, with variables in place of the leaves that are varied."""
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
        environment = environment_of(function, named)
        try:
            with environment:
                result = environment.function(*tree.unflatten(structure, lifted))
                value, aux = split_aux(result, has_aux, name)
                outputs, nesting = tree.flatten(value)
                outputs = [as_node(leaf) for leaf in outputs]
                aux = tree.map_leaves(content_of, aux)
        except BaseException:
            if environment.parent is None:
                replace_leftovers((function, args), variables, environment)
            raise

        def leftovers() -> None:
            replace_leftovers((function, args), variables, environment)

        return Point(variables, outputs, nesting, aux, leftovers)

    def evaluated(self, results: Any) -> Any:
        """Evaluate results, unless they belong to an outer trace."""
        found = evaluate_results(results, self.variables)
        if not any(type(each) is Node for each in tree.flatten(found)[0]):
            self.leftovers()
        close(self.variables)
        return found


def varied(items: Sequence[Any], is_varied: Sequence[bool]) -> list[Any]:
    """Return the items that are varied."""
    return [each for each, varies in zip(items, is_varied, strict=True) if varies]
