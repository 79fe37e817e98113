"""The judge: runs an answer on cases of growing size, and reports the first that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Case, Exercise, cases_of, visible
from chainrule.insight.lab.hints import hint_of
from chainrule.insight.lab.trial import Trial, agrees, attempt, checked_answer, close, copied
from chainrule.insight.lab.verdict import Verdict

__all__ = ["judge"]


def judge(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict on an answer.

    Raises
    ------
    ArgumentError
        If the answer is not of the kind that is asked for.
    """
    run = checked_answer(exercise, answer)
    cases = cases_of(exercise)
    trials = [attempt(exercise, run, case) for case in cases]
    for number, (case, trial) in enumerate(zip(cases, trials, strict=True), 1):
        which = _first_wrong(case, trial)
        if which is not None:
            hint = hint_of(exercise, cases, trials, which)
            return _wrong(exercise, number, case, trial, which, hint)
        if not trial.outputs:
            return _failed(exercise, number, case, trial)
    for number, (case, trial) in enumerate(zip(cases, trials, strict=True), 1):
        if trial.changed:
            return _changed(exercise, number, case, trial)
    return Verdict(exercise.name, True, len(cases))


def _first_wrong(case: Case, trial: Trial) -> int | None:
    """Return the number of the first output that is wrong, or None."""
    if all(map(agrees, trial.outputs, case.alternative)):
        return None
    wrong = [not agrees(*pair) for pair in zip(trial.outputs, case.expected, strict=False)]
    return wrong.index(True) if any(wrong) else None


def _failed(exercise: Exercise, number: int, case: Case, trial: Trial) -> Verdict:
    problem = trial.problem
    if trial.error is not None:
        problem = f"your code raised {type(trial.error).__name__}"
    return Verdict(
        exercise.name,
        False,
        number,
        problem,
        copied(visible(case.inputs)),
        hint=exercise.hint if trial.error is not None else _form(exercise),
        error=trial.error,
    )


def _form(exercise: Exercise) -> str:
    values = ", ".join(exercise.outputs)
    return f'{values}: an array each; cr.lab.show("{exercise.name}") prints a template'


def _changed(exercise: Exercise, number: int, case: Case, trial: Trial) -> Verdict:
    name = trial.changed
    return Verdict(
        exercise.name,
        False,
        number,
        f"the result is right, but the input {name} was changed in place",
        copied(visible(case.inputs)),
        hint=f"an assignment such as {name}[...] = or {name} -= writes into the caller's array; "
        f"work on a copy, {name} = {name}.copy()",
    )


def _wrong(
    exercise: Exercise, number: int, case: Case, trial: Trial, which: int, hint: str
) -> Verdict:
    name = exercise.outputs[which]
    expected, got = np.array(case.expected[which]), trial.outputs[which]
    index, error = None, None
    if got.shape != expected.shape:
        problem = f"{name} has shape {got.shape}; {expected.shape} is expected"
    else:
        wrong = np.argwhere(~close(got, expected))
        index = tuple(int(i) for i in wrong[0])
        error = _relative_error(got[index], expected[index])
        problem = f"{name} is wrong in {len(wrong)} of {expected.size} entries"
    return Verdict(
        exercise.name,
        False,
        number,
        problem,
        copied(visible(case.inputs)),
        name,
        expected,
        got,
        index,
        error,
        hint,
    )


def _relative_error(got: Any, expected: Any) -> float:
    """Return |got - expected| / |expected|, infinite if 0 is expected."""
    difference = abs(float(got) - float(expected))
    return difference / abs(float(expected)) if expected else float("inf")
