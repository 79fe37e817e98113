"""Hints: which typical mistake explains the numbers of a wrong answer.

A hypothesis gives the outputs that an answer with one mistake has. The first hypothesis whose
outputs are those of the answer in all cases is named; one case alone would fit many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.insight.lab.exercise import DRAWS, Case, Exercise, Inputs, Outputs
from chainrule.insight.lab.trial import Trial, agrees, attempt, checked_answer

__all__ = ["hint_of"]

Array = npt.NDArray[Any]
Rule = Callable[[Inputs, Array], Any]
"""From the inputs and the expected output to that of an answer with a mistake."""


def hint_of(exercise: Exercise, cases: Sequence[Case], trials: Sequence[Trial], which: int) -> str:
    """Name the mistake that explains output number `which`, or give the exercise's own hint."""
    given = [(case, trial) for case, trial in zip(cases, trials, strict=True) if trial.outputs]
    error = next((trial.error for trial in trials if trial.error is not None), None)
    if error is not None and len(given) <= DRAWS:  # one entry fits many mistakes
        is_branch = "truth value" in str(error)
        remedy = "np.where(condition, a, b) is an if for arrays" if is_branch else exercise.hint
        return f"greater inputs raise {type(error).__name__}: {error}; {remedy}"
    first = ""
    for predict, hint in _hypotheses(exercise, which):
        if all(_agree(predict(case), trial.outputs, (which,)) for case, trial in given):
            if all(_agree(predict(case), trial.outputs) for case, trial in given):
                return hint
            first = first or hint  # one that explains all outputs goes before
    if not first and all(trial.outputs[which].dtype.kind in "iu" for _, trial in given):
        first = "the results are integers: allocate them with dtype float, and do not round"
    return first or exercise.hint


def _agree(predicted: Outputs, got: Outputs, which: Sequence[int] = ()) -> bool:
    """Whether outputs agree, all or those of some numbers."""
    numbers = which or range(len(got))
    return bool(predicted) and all(agrees(got[n], predicted[n]) for n in numbers)


def _hypotheses(exercise: Exercise, which: int) -> Iterator[tuple[Callable[[Case], Outputs], str]]:
    for mistake in exercise.mistakes:
        run = checked_answer(
            exercise, exercise.answer_of(exercise.solution.replace(mistake.old, mistake.new))
        )
        yield lambda case, run=run: attempt(exercise, run, case).outputs, mistake.hint
    for result, hint in exercise.suspects:
        yield lambda case, result=result: result(case.inputs), hint
    for rule, hint in _RULES:
        yield lambda case, rule=rule: _changed(rule, case, which), hint
    if "d" in exercise.inputs(np.random.default_rng(0), 1):
        yield (
            (lambda case: exercise.oracle(case.inputs | {"d": np.ones_like(case.inputs["d"])})),
            "the factor d, the gradient that comes from the next layer, is missing (chain rule)",
        )


def _changed(rule: Rule, case: Case, which: int) -> Outputs:
    """Return the expected outputs with one of them changed, none where the rule does not apply."""
    changed = rule(case.inputs, np.asarray(case.expected[which]))
    if changed is None:
        return ()
    return *case.expected[:which], changed, *case.expected[which + 1 :]


def _batch(inputs: Inputs) -> int:
    return next(len(x) for x in inputs.values() if isinstance(x, np.ndarray))


def _width(inputs: Inputs) -> int:
    return next(x.shape[-1] for x in inputs.values() if isinstance(x, np.ndarray))


def _summed(axis: int, keepdims: bool) -> Rule:
    def rule(_: Inputs, expected: Array) -> Any:
        return expected.sum(axis, keepdims=keepdims) if expected.ndim > axis else None

    return rule


def _row(_: Inputs, expected: Array) -> Any:
    return expected[None]


def _column(_: Inputs, expected: Array) -> Any:
    return expected[..., None]


def _flat(_: Inputs, expected: Array) -> Any:
    return expected.ravel()


_RULES: tuple[tuple[Rule, str], ...] = (
    (lambda _, e: -e, "the sign is wrong: this is the negative of the derivative"),
    (lambda _, e: 2 * e, "a factor 1/2 is missing, or there is a factor 2 too many"),
    (lambda _, e: e / 2, "a factor 2 is missing: (u²)' = 2 u u'"),
    (
        lambda i, e: e * _batch(i),
        "a factor 1/N is missing, N the number of rows: the loss is the mean over the batch",
    ),
    (
        lambda i, e: e / _batch(i),
        "a factor 1/N too many, N the number of rows: it is a sum over the batch, not a mean",
    ),
    (
        lambda i, e: e * _width(i),
        "a factor 1/K is missing, K the number of columns: the mean over them",
    ),
    (lambda i, e: e / _width(i), "a factor 1/K too many, K the number of columns"),
    (
        lambda i, e: e * _batch(i) * _width(i),
        "a factor 1/(N K) is missing: the loss is the mean over N rows and K columns",
    ),
    (lambda _, e: np.zeros_like(e), "the result is 0 everywhere: is it assigned to at all?"),
    (lambda _, e: np.ones_like(e), "the result is 1 everywhere"),
    (lambda _, e: np.trunc(e), "the result is truncated to integers: allocate it with dtype float"),
    (lambda _, e: e.T, "the result is transposed: exchange its axes"),
    (lambda _, e: -e.T, "the result is transposed, and its sign is wrong"),
    (_row, "the numbers are right, but there is an axis too many: keepdims=True or [None]?"),
    (_column, "the numbers are right, but there is an axis too many at the end"),
    (_flat, "the numbers are right, in one row: reshape the result to the shape of the input"),
    (_summed(0, False), "summed over axis 0, which the result must keep"),
    (_summed(0, True), "summed over axis 0, which the result must keep"),
    (_summed(1, False), "summed over axis 1, which the result must keep"),
    (_summed(1, True), "summed over axis 1, which the result must keep"),
)
"""Mistakes of any exercise, as changes of the expected output."""
