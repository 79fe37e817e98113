"""Checks of single arguments: what passes, as which type, and what the message says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.arguments.annotated import NonNegative, Positive, PositiveInt, check_fields
from chainrule.arguments.checks import (
    FRACTION,
    POSITIVE,
    checked_choice,
    checked_count,
    checked_flag,
    checked_number,
    checked_seed,
)
from chainrule.errors import ArgumentError


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (checked_count("f", "n", np.int32(3)), 3),
        (checked_count("f", "n", np.array(3)), 3),
        (checked_count("f", "n", 0, least=0), 0),
        (checked_number("f", "x", np.float32(0.5)), 0.5),
        (checked_number("f", "x", 2, POSITIVE), 2.0),
        (checked_flag("f", "b", np.True_), True),
        (checked_seed("f", np.uint64(2**64 - 1)), 2**64 - 1),
        (checked_choice("f", "mode", "max", ("min", "max")), "max"),
    ],
)
def test_values_in_range_become_plain_python(value: Any, plain: Any) -> None:
    assert (value, type(value)) == (plain, type(plain))


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: checked_count("f", "n", 0), "f: n is 0; it must be an integer, 1 or more"),
    (lambda: checked_count("f", "n", -1, 0, ", or None"), "n is -1; it must be an integer, 0 or"),
    (lambda: checked_count("f", "n", 2.0), "f: n is 2.0; it must be an integer, 1 or more"),
    (lambda: checked_count("f", "n", True), "f: n is True; it must be an integer, 1 or more"),
    (lambda: checked_count("f", "n", "2"), "f: n is '2'; it must be an integer, 1 or more"),
    (lambda: checked_number("f", "x", np.nan), "f: x is nan; it must be a finite number"),
    (lambda: checked_number("f", "x", np.inf, POSITIVE), "x is inf; it must be a number greater"),
    (lambda: checked_number("f", "x", 1, FRACTION), "f: x is 1; it must be a number in [0, 1)"),
    (lambda: checked_number("f", "x", False), "f: x is False; it must be a finite number"),
    (lambda: checked_number("f", "x", 1j), "f: x is 1j; it must be a finite number"),
    (lambda: checked_flag("f", "b", 1), "f: b is 1; it must be True or False"),
    (lambda: checked_seed("f", 2**64), "it must be an integer in [0, 2**64)"),
    (lambda: checked_seed("f", -1, bits=32), "seed is -1; it must be an integer in [0, 2**32)"),
    (lambda: checked_seed("f", None), "f: seed is None; it must be an integer"),
    (lambda: checked_choice("f", "m", "a", ("b", "c", "d")), "it must be 'b', 'c' or 'd'"),
    (lambda: checked_choice("f", "m", ["b"], ("b", "c")), "f: m is ['b']; it must be 'b' or 'c'"),
]


@pytest.mark.parametrize(("check", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_values_out_of_range_are_refused_with_the_rule(
    check: Callable[[], Any], message: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        check()
    assert message in str(caught.value)


@dataclass(frozen=True)
class Rule:
    """A record with a field of each form."""

    size: PositiveInt
    rate: Positive | None = None
    decay: NonNegative = 0.0
    centered: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        check_fields(self)


def test_annotated_fields_are_checked_and_converted() -> None:
    rule = Rule(np.float32(3), np.float64(0.5), 1)  # pyright: ignore[reportArgumentType]
    assert (rule.size, rule.rate, rule.decay) == (3, 0.5, 1.0)
    assert [type(each) for each in (rule.size, rule.rate, rule.decay)] == [int, float, float]
    assert Rule(1).rate is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 2.5}, "Rule: size is 2.5; it must be an integer, 1 or more"),
        ({"size": None}, "Rule: size is None; it must be an integer, 1 or more"),
        ({"size": 1, "rate": 0}, "Rule: rate is 0; it must be a number greater than 0"),
        ({"size": 1, "decay": -1}, "Rule: decay is -1; it must be a number, 0 or more"),
        ({"size": 1, "centered": 1}, "Rule: centered is 1; it must be True or False"),
    ],
)
def test_fields_outside_their_annotation_are_refused(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        Rule(**arguments)
    assert str(caught.value) == message
