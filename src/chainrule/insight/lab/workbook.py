"""What students call: the table of exercises, a task, the verdict on an answer, a solution."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import look_up
from chainrule.errors import ArgumentError, type_in_words, warn
from chainrule.insight.lab.catalogue.registry import EXERCISES
from chainrule.insight.lab.exercise import Exercise, cases_of, visible
from chainrule.insight.lab.judge import judge
from chainrule.insight.lab.page import ExerciseTable, Page, Row, in_columns
from chainrule.insight.lab.score_file import Record, Score, load, path_of_scores, store
from chainrule.insight.lab.verdict import Verdict

__all__ = [
    "ExerciseTable",
    "Page",
    "Score",
    "Verdict",
    "check",
    "exercises",
    "score",
    "show",
    "solution",
]

_WORDS = Aliases(names={"name": "exercise task", "answer": "function layer cls", "reveal": "force"})


@answers_foreign_names(_WORDS)
def check(name: str, answer: Callable[..., Any] | type | object) -> Verdict:
    """Judge an answer to an exercise, and note it in the score file.

    The answer is called with random inputs of size 1, then 2, up to 4, and what it returns is
    compared with the derivative that this library computes, in float64, to six digits. It runs in
    this process, without a time limit; nothing leaves the machine.

    Parameters
    ----------
    name : str
        The exercise, one of `exercises`.
    answer : function or class
        A function of arrays, or a class with ``forward`` and ``backward``, as `show` describes.

    Returns
    -------
    Verdict
        True as a condition if the answer is right. Printed, it is the smallest counter-example
        found, the first wrong index and a hint. What the answer raises is part of it.

    Raises
    ------
    ArgumentError
        For an unknown exercise, and an answer that is no function or class as asked for.
    FormatError
        If the score file is damaged.

    Examples
    --------
    >>> check("sigmoid_from_output", lambda y: y * (1 + y))
    ✗ sigmoid_from_output: dy/dx is wrong in 1 of 1 entries
      the smallest counter-example found:
        y               array([0.201813])
        expected dy/dx  array([0.161085])
        got dy/dx       array([0.242542])
      first wrong index [0]: 0.2425418 instead of 0.1610846, relative error 0.51
      hint: a sign: 1 - y, not 1 + y
    >>> bool(check("sigmoid_from_output", lambda y: y * (1 - y)))
    True
    """
    exercise, records = _exercise("check", name), load()
    verdict = judge(exercise, answer)
    record = records.get(name, Record())
    records[name] = replace(
        record, attempts=record.attempts + 1, done=record.done or verdict.passed
    )
    note = ""
    try:
        store(records)
        note = f"Score: {_score(records)}"
    except OSError as error:
        warn(
            f"cr.lab.check: the score could not be stored in {path_of_scores()} ({error}); set the "
            "environment variable CHAINRULE_LAB to a folder that you may write to"
        )
    return replace(verdict, note=note)


@answers_foreign_names(_WORDS)
def exercises() -> ExerciseTable:
    """Return the table of exercises: name, topic, what to write, points, done.

    Returns
    -------
    ExerciseTable
        Printed, one line for each exercise; iterated over, its rows.

    Raises
    ------
    FormatError
        If the score file is damaged.

    Examples
    --------
    >>> str(exercises()).splitlines()[0].split()
    ['name', 'topic', 'write', 'points', 'done']
    """
    records = load()
    rows: list[Row] = []
    for name, exercise in EXERCISES.items():
        record = records.get(name, Record())
        rows.append(
            Row(
                name,
                exercise.topic,
                _asked(exercise),
                exercise.points,
                record.done,
                record.attempts,
            )
        )
    return ExerciseTable(tuple(rows))


@answers_foreign_names(_WORDS)
def show(name: str) -> Page:
    """Return the task of an exercise: what to write, its notation, an example and a template.

    Parameters
    ----------
    name : str
        The exercise, one of `exercises`.

    Returns
    -------
    Page
        A text.

    Raises
    ------
    ArgumentError
        For an unknown exercise.

    Examples
    --------
    >>> print(show("tanh"))  # doctest: +ELLIPSIS
    tanh (activations, 1 point)
    ...
    def tanh(x):
        ...
    """
    exercise = _exercise("show", name)
    example = cases_of(exercise)[3]
    results = {
        f"→ {key}": each for key, each in zip(exercise.outputs, example.expected, strict=True)
    }
    parts = [
        f"{name} ({exercise.topic}, {_points(exercise.points)})",
        textwrap.fill(exercise.task, 96),
        textwrap.indent(exercise.notation, "    "),
        "An example:",
        textwrap.indent("\n".join(in_columns(visible(example.inputs) | results)), "    "),
        "Fill in this template, with NumPy as np, and hand it in:",
        exercise.template(),
        f'cr.lab.check("{name}", {exercise.answer_name})',
    ]
    return Page("\n\n".join(parts))


@answers_foreign_names(_WORDS)
def solution(name: str, reveal: bool = False) -> Page:
    """Return the solution of an exercise that was answered, or, if told so, of any.

    Parameters
    ----------
    name : str
        The exercise, one of `exercises`.
    reveal : bool
        Whether to show it before a right answer, which then gives no points.

    Returns
    -------
    Page
        The solution, a Python program.

    Raises
    ------
    ArgumentError
        For an unknown exercise, and for one without a right answer unless `reveal` is true.
    FormatError
        If the score file is damaged.
    OSError
        If it is to be revealed, and that cannot be noted in the score file.

    Examples
    --------
    >>> solution("tanh", reveal=True)
    def tanh(x):
        return 1 - np.tanh(x) ** 2
    """
    exercise, records = _exercise("solution", name), load()
    record = records.get(name, Record())
    if not record.done and not record.revealed:
        if not reveal:
            raise ArgumentError(
                f"solution: there is no right answer to {name!r} yet, {record.attempts} tried; "
                "reveal=True shows the solution, and a later answer then gives no points"
            )
        records[name] = replace(record, revealed=True)
        store(records)
    return Page(exercise.solution.strip())


@answers_foreign_names(_WORDS)
def score() -> Score:
    """Return the points so far, from the score file.

    That is ``chainrule_lab.json`` in the current folder, or in that of the environment variable
    CHAINRULE_LAB.

    Returns
    -------
    Score
        Points and exercises done, out of all.

    Raises
    ------
    FormatError
        If the score file is damaged.

    Examples
    --------
    >>> score().points <= score().possible
    True
    """
    return _score(load())


def _score(records: dict[str, Record]) -> Score:
    done = [name for name in EXERCISES if records.get(name, Record()).done]
    points = sum(EXERCISES[name].points for name in done if not records[name].revealed)
    possible = sum(each.points for each in EXERCISES.values())
    return Score(points, possible, len(done), len(EXERCISES), path_of_scores())


def _exercise(function: str, name: object) -> Exercise:
    if not isinstance(name, str):
        raise ArgumentError(
            f"{function}: the first argument is the name of an exercise, got "
            f"{type_in_words(name)}; cr.lab.exercises() lists them"
        )
    return look_up("exercise", name, EXERCISES)


def _asked(exercise: Exercise) -> str:
    if exercise.is_class:
        return "class with forward, backward"
    arguments = ", ".join(visible(exercise.inputs(np.random.default_rng(0), 1)))
    return f"function of {arguments} -> {', '.join(exercise.outputs)}"


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"
