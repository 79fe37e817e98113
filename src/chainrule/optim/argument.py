"""Arguments of optimisers and schedules: their ranges and their foreign names.

A field says its range in its annotation, ``momentum: Fraction = 0.0``; `check_arguments` holds
every field of a record to it, so that no record needs checks of its own.
"""

from __future__ import annotations

import difflib
import functools
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

import numpy as np

from chainrule.errors import ArgumentError

__all__ = [
    "AtLeastZero",
    "Count",
    "Finite",
    "Fraction",
    "Inside",
    "Positive",
    "Range",
    "WholeNumber",
    "check_arguments",
    "checked_number",
    "describe",
    "describe_briefly",
    "named_arguments",
]

Record = TypeVar("Record")


@dataclass(frozen=True)
class Range:
    """The values an argument may have.

    Parameters
    ----------
    text : str
        The rule, as an error message states it.
    holds : function (float) -> bool
        Whether a finite number obeys the rule.
    """

    text: str
    holds: Callable[[float], bool]


POSITIVE = Range("a number greater than 0", lambda x: x > 0)

Positive = Annotated[float, POSITIVE]
Finite = Annotated[float, Range("a finite number", lambda x: True)]
AtLeastZero = Annotated[float, Range("a number, 0 or more", lambda x: x >= 0)]
Fraction = Annotated[float, Range("a number in [0, 1)", lambda x: 0 <= x < 1)]
Inside = Annotated[float, Range("a number between 0 and 1", lambda x: 0 < x < 1)]
Count = Annotated[int, Range("a whole number, 1 or more", lambda x: x >= 1 and x == int(x))]
WholeNumber = Annotated[int, Range("a whole number, 0 or more", lambda x: x >= 0 and x == int(x))]

# What other libraries call it, or ask of it, and what to write here.
_FOREIGN = {
    "alpha": "rho",
    "b1": "beta_1",
    "b2": "beta_2",
    "beta": "momentum",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "clipnorm": "clip_norm",
    "clipvalue": "clip_value",
    "decay": "rho",
    "decay_rate": "factor",
    "decay_steps": "steps",
    "div_factor": "start_divisor",
    "eps": "epsilon",
    "eta": "learning_rate",
    "eta_min": "final",
    "final_div_factor": "final_divisor",
    "gamma": "factor",
    "global_clipnorm": "clip_norm",
    "gradient_clip_norm": "clip_norm",
    "gradient_clip_value": "clip_value",
    "initial_accumulator_value": "initial_accumulator",
    "initial_learning_rate": "learning_rate",
    "learning_rate": "then",
    "learning_rate_init": "learning_rate",
    "lr": "then",
    "max_grad_norm": "clip_norm",
    "max_lr": "learning_rate",
    "min_lr": "final",
    "mu": "momentum",
    "nesterovs_momentum": "nesterov",
    "pct_start": "rise",
    "rate": "learning_rate",
    "step_size": "learning_rate",
    "T_max": "steps",
    "total_steps": "steps",
    "warmup_steps": "steps",
    "wd": "weight_decay",
}
_MENDS = {
    "amsgrad": "this variant is not offered: use optim.Adam as it is",
    "betas": "here they are two, `beta_1` and `beta_2`",
    "learning_rate_decay": "give a schedule, as in learning_rate=optim.cosine(0.1, epochs=20)",
    "lr_decay": "give a schedule, as in learning_rate=optim.cosine(0.1, epochs=20)",
    "maximize": "an optimiser minimises: turn the sign of the loss",
    "momentum": "the moving average of the gradient is governed by `beta_1`",
    "params": "an optimiser here is only a rule: the network hands it the parameters",
    "weight_decay": "use l2= of the layers, or optim.AdamW",
}  # fmt: skip


def named_arguments(cls: type[Record]) -> type[Record]:
    """Let a dataclass take ``lr`` for ``learning_rate`` and answer foreign names with its own.

    Examples
    --------
    >>> @named_arguments
    ... @dataclass(frozen=True)
    ... class Rule:
    ...     learning_rate: float
    ...     epsilon: float = 1e-8
    >>> Rule(lr=0.5)
    Rule(learning_rate=0.5, epsilon=1e-08)
    >>> Rule(0.5, eps=1e-6)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: Rule: there is no argument `eps`; here it is `epsilon`
    """
    initialize: Callable[..., None] = cls.__init__

    @functools.wraps(initialize)
    def speaking(self: Record, *values: Any, **keywords: Any) -> None:
        initialize(self, *values, **_own_names(cls, len(values), keywords))

    setattr(cls, "__init__", speaking)  # noqa: B010 (pyright allows no assignment to __init__)
    return cls


def check_arguments(record: Any) -> None:
    """Hold each field of a frozen dataclass to the `Range` in its annotation.

    Numbers become Python's own, which leave float32 arrays float32 where NumPy's would widen them.
    """
    name = type(record).__name__
    hints = get_type_hints(type(record), include_extras=True)
    for field, value in _values(record).items():
        hint = hints[field]
        if hint is bool and not isinstance(value, bool):
            raise ArgumentError(f"{name}: {field} is {value!r}; it must be True or False")
        rules = [each for each in _metadata(hint) if isinstance(each, Range)]
        if rules and not (value is None and _is_optional(hint)):
            number = checked_number(name, field, value, rules[0])
            object.__setattr__(record, field, int(number) if _is_whole(hint) else number)


def checked_number(name: str, argument: str, value: Any, rule: Range = POSITIVE) -> float:
    """Return a number that obeys a rule as a Python float."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_):
        number = float(value)
        if math.isfinite(number) and rule.holds(number):
            return number
    raise ArgumentError(f"{name}: {argument} is {value!r}; it must be {rule.text}")


def describe(record: Any) -> dict[str, Any]:
    """Return a dataclass as plain data: its ``kind``, and its fields by name.

    Examples
    --------
    >>> from chainrule import optim
    >>> describe(optim.constant(0.1))
    {'kind': 'constant', 'learning_rate': 0.1}
    """
    plain = {
        name: describe(value) if is_dataclass(value) else value
        for name, value in _values(record).items()
    }
    return {"kind": type(record).__name__, **plain}


def describe_briefly(record: Any) -> str:
    """Return a dataclass as one would write it: its learning rate, and what is not as usual.

    Examples
    --------
    >>> from chainrule import optim
    >>> describe_briefly(optim.SGD(optim.cosine(0.1, epochs=5), momentum=0.9))
    'SGD(learning_rate=cosine(learning_rate=0.1, epochs=5), momentum=0.9)'
    """
    shown = {
        field.name: getattr(record, field.name)
        for field in sorted(fields(record), key=lambda each: each.name != "learning_rate")
        if field.name == "learning_rate" or getattr(record, field.name) != field.default
    }
    told = (
        f"{name}={describe_briefly(value) if is_dataclass(value) else repr(value)}"
        for name, value in shown.items()
    )
    return f"{type(record).__name__}({', '.join(told)})"


def _values(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _metadata(hint: Any) -> tuple[Any, ...]:
    """Return what an annotation carries; that of ``Positive | None`` stands inside the union."""
    inner = getattr(hint, "__args__", ())
    return getattr(hint, "__metadata__", ()) or tuple(
        each for part in inner for each in getattr(part, "__metadata__", ())
    )


def _is_optional(hint: Any) -> bool:
    return type(None) in getattr(hint, "__args__", ())


def _is_whole(hint: Any) -> bool:
    """Return whether an annotation, or the part of it that is not None, stands for an int."""
    parts = (hint, *getattr(hint, "__args__", ()))
    return any(getattr(part, "__origin__", None) is int for part in parts)


def _own_names(cls: type[Any], positional: int, keywords: dict[str, Any]) -> dict[str, Any]:
    own = [field.name for field in fields(cls) if field.init]
    if "lr" in keywords and "learning_rate" in own:
        if "learning_rate" in keywords or positional > own.index("learning_rate"):
            raise ArgumentError(
                f"{cls.__name__}: lr and learning_rate are one argument, and both are given; "
                "keep learning_rate"
            )
        keywords = {"learning_rate" if key == "lr" else key: keywords[key] for key in keywords}
    for key in keywords:
        if key not in own:
            mend = _mend(key, own)
            raise ArgumentError(f"{cls.__name__}: there is no argument `{key}`; {mend}")
    return keywords


def _mend(key: str, own: list[str]) -> str:
    if _FOREIGN.get(key) in own:
        return f"here it is `{_FOREIGN[key]}`"
    if key in _MENDS and (key != "momentum" or "beta_1" in own):
        return _MENDS[key]
    close = difflib.get_close_matches(key, own, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(own)}"
