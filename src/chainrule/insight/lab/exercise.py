"""The record of an exercise: task, inputs, oracle, solution, and the mistakes it is known for.

The oracle is the library's derivative of the forward computation. The solution is a text, as
students write it. A known mistake is an edit of that text: the answer that makes it is run, and an
answer under judgement that gives the same numbers has made the same mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

__all__ = ["DRAWS", "Case", "Exercise", "Inputs", "Mistake", "Outputs", "cases_of", "visible"]

Inputs = dict[str, Any]
"""The arguments of an answer by name, in their order; names with _ are for the oracle alone."""

Outputs = tuple[Any, ...]


def visible(inputs: Inputs) -> Inputs:
    """Return the inputs that the answer is given."""
    return {name: value for name, value in inputs.items() if not name.startswith("_")}


SIZES = (1, 2, 3, 4)
DRAWS = 3
"""Cases of each size."""


@dataclass(frozen=True)
class Mistake:
    """An edit of the solution that gives a typical wrong answer, and what to say of it."""

    old: str
    new: str
    hint: str


@dataclass(frozen=True)
class Exercise:
    """What is asked, and all that is needed to judge an answer.

    An answer is a function of the inputs, or a class: `forward` takes all inputs but the last, and
    `backward` the last, d = ∂L/∂y.
    """

    name: str
    topic: str
    task: str
    notation: str
    outputs: tuple[str, ...]
    solution: str
    inputs: Callable[[np.random.Generator, int], Inputs]
    oracle: Callable[[Inputs], Outputs]
    mistakes: tuple[Mistake, ...]
    hint: str
    points: int = 1
    also: Callable[[Inputs], Outputs] | None = None
    """Other results that are as right: of another choice where a derivative does not exist."""
    suspects: tuple[tuple[Callable[[Inputs], Outputs], str], ...] = field(default=())
    """Results of typical mistakes that are no edit of the solution, each with its hint."""

    @property
    def is_class(self) -> bool:
        """Whether the answer is a class with forward and backward."""
        return self.solution.lstrip().startswith("class")

    @property
    def answer_name(self) -> str:
        """The name of the function or class in the solution."""
        return self.solution.split("(")[0].split(":")[0].split()[1]

    def template(self) -> str:
        """Return the solution with the body of each function left out."""
        tree = ast.parse(self.solution)
        for each in ast.walk(tree):
            if isinstance(each, ast.FunctionDef):
                has_text = ast.get_docstring(each) is not None
                each.body = [*each.body[:has_text], ast.Expr(ast.Constant(...))]
        return ast.unparse(tree)

    def answer_of(self, text: str) -> Any:
        """Return the function or class that the text of a solution defines."""
        scope: dict[str, Any] = {"np": np}
        exec(compile(text, f"<solution of {self.name}>", "exec"), scope)  # noqa: S102 - our own text
        return scope[self.answer_name]


@dataclass(frozen=True)
class Case:
    """Inputs with the expected outputs."""

    inputs: Inputs
    expected: Outputs
    alternative: Outputs


@cache
def cases_of(exercise: Exercise) -> tuple[Case, ...]:
    """Return the cases by which an exercise is judged, the smallest first."""
    rng = np.random.default_rng(0)
    found: list[Case] = []
    for size in SIZES:
        for _ in range(DRAWS):
            inputs = exercise.inputs(rng, size)
            expected = exercise.oracle(inputs)
            other = exercise.also(inputs) if exercise.also else expected
            found.append(Case(inputs, expected, other))
    return tuple(found)
