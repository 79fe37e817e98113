"""Runs of an answer on copies of the inputs, and comparison of its results with the expected."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError
from chainrule.insight.lab.exercise import Case, Exercise, Inputs, Outputs, visible

__all__ = ["Trial", "agrees", "attempt", "checked_answer", "close", "copied"]

Array = npt.NDArray[Any]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Trial:
    """What an answer gave for a case: its outputs, or what kept it from giving them."""

    outputs: Outputs = ()
    problem: str = ""
    error: Exception | None = None
    changed: str = ""
    """The name of an input that was changed in place."""


def checked_answer(exercise: Exercise, answer: object) -> Callable[[Inputs], Any]:
    """Return a function from inputs to what an answer returns; refuse what cannot be one.

    Raises
    ------
    ArgumentError
        Unless it is a function, or a class for exercises of classes, that takes the inputs.
    """
    shown = f'cr.lab.show("{exercise.name}") prints a template'
    if exercise.is_class:
        missing = [name for name in ("forward", "backward") if not hasattr(answer, name)]
        if missing:
            raise ArgumentError(
                f"check: the answer to {exercise.name!r} is a class with the methods forward and "
                f"backward; {_named(answer)} has no {' and no '.join(missing)}; {shown}"
            )
        return lambda inputs: _forward_and_backward(answer, inputs)
    if _is_layer(answer) and len(exercise.outputs) == 1 and "d" in _names(exercise):
        return lambda inputs: _forward_and_backward(answer, inputs)[1]
    if not callable(answer):
        raise ArgumentError(
            f"check: the answer to {exercise.name!r} is a function, got {type(answer).__name__}; "
            f"pass the function itself, without calling it; {shown}"
        )
    names = _names(exercise)
    order = _order(exercise, answer, names, shown)
    places = [names.index(each) for each in order]

    def call(inputs: Inputs) -> Any:
        values = list(inputs.values())
        return answer(*(values[place] for place in places))

    return call


def _is_layer(answer: object) -> bool:
    return hasattr(answer, "forward") and hasattr(answer, "backward")


def _names(exercise: Exercise) -> list[str]:
    """Return the names of the inputs of an answer that is a function."""
    return list(inspect.signature(exercise.answer_of(exercise.solution)).parameters)


def _order(
    exercise: Exercise, answer: Callable[..., Any], names: list[str], shown: str
) -> list[str]:
    """Return the inputs in the order of the answer: its own, where it names them all."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # of functions in C, which say so themselves when called
        return names
    try:
        signature.bind(*names)
    except TypeError:
        raise ArgumentError(
            f"check: the answer to {exercise.name!r} takes ({', '.join(names)}), "
            f"{_named(answer)} takes {signature}; {shown}"
        ) from None
    own = list(signature.parameters)
    return own if sorted(own) == sorted(names) else names


def _named(answer: object) -> str:
    return getattr(answer, "__name__", type(answer).__name__)


def _forward_and_backward(answer: Any, inputs: Inputs) -> tuple[Any, Any]:
    layer = answer() if isinstance(answer, type) else answer
    *forward, d = inputs.values()
    return layer.forward(*forward), layer.backward(d)


def attempt(exercise: Exercise, run: Callable[[Inputs], Any], case: Case) -> Trial:
    """Run an answer on a copy of the inputs; an exception becomes part of the result."""
    given = copied(visible(case.inputs))
    try:
        with np.errstate(all="ignore"):  # overflows show in the results
            returned = run(given)
    except Exception as error:  # noqa: BLE001 - whatever a student's code raises
        return Trial(error=error)
    outputs, problem = _outputs(exercise, returned)
    changed = [n for n, x in given.items() if not _same(x, case.inputs[n])]
    return Trial(outputs, problem, changed=changed[0] if changed else "")


def copied(inputs: Inputs) -> Inputs:
    """Return inputs whose arrays are copies."""
    return {n: x.copy() if isinstance(x, np.ndarray) else x for n, x in inputs.items()}


def _same(x: object, original: object) -> bool:
    return not isinstance(original, np.ndarray) or np.array_equal(cast(Array, x), original)


def _outputs(exercise: Exercise, returned: object) -> tuple[Outputs, str]:
    names = exercise.outputs
    values: list[object] = [returned]
    if len(names) > 1:
        if isinstance(returned, Mapping):
            given = cast(Mapping[str, object], returned)
            returned = tuple(given[name] for name in names if name in given)
        if not isinstance(returned, tuple | list) or len(cast(Outputs, returned)) != len(names):
            return (), f"returned {_described(returned)}; {len(names)} values are expected: " + (
                ", ".join(names)
            )
        values = list(cast(Outputs, returned))
    arrays: list[Array] = []
    for name, value in zip(names, values, strict=True):
        try:
            array = np.asarray(value)
        except ValueError:  # of ragged lists
            array = np.asarray(None)
        if array.dtype.kind not in "biuf":
            return (), f"{name} is {_described(value)}; an array of numbers is expected"
        arrays.append(array)
    return tuple(arrays), ""


def _described(value: object) -> str:
    if value is None:
        return "None (is a return statement missing?)"
    if isinstance(value, tuple | list):
        count = len(cast(Outputs, value))
        return f"a {type(value).__name__} of {count}"
    if isinstance(value, np.ndarray):
        array = cast(Array, value)
        return f"an array of dtype {array.dtype}, shape {array.shape}"
    return f"a {type(value).__name__}"


def close(got: Array, expected: Array) -> Any:
    """Return, entry by entry, whether results of one shape agree."""
    got, expected = got.astype(float), np.asarray(expected, float)
    return np.abs(got - expected) <= TOLERANCE * (1 + np.abs(expected))


def agrees(got: Any, expected: Any) -> bool:
    """Whether two results agree in shape and, to six digits, in value."""
    got, expected = np.asarray(got), np.asarray(expected)
    return got.shape == expected.shape and bool(np.all(close(got, expected)))
