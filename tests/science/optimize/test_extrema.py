"""Extrema on a closed interval: zeros of f′ of any multiplicity, ends, kinks, poles."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, ShapeError
from chainrule.science.optimize import extrema

Points = list[tuple[float, str]]

TABLE: list[tuple[Callable[[Any], Any], float, float, Points]] = [
    (lambda x: x**4, -1, 1.5, [(0, "minimum")]),
    (lambda x: x**3, -1, 1, [(0, "inflection")]),
    (lambda x: (x - 1) ** 2 * (x + 2) ** 3, -3, 2,
     [(-2, "inflection"), (-0.2, "maximum"), (1, "minimum")]),
    (lambda x: x**5 + 4 * x**4 + x**3 - 10 * x**2 - 4 * x + 8, -3, 2,
     [(-2, "inflection"), (-0.2, "maximum"), (1, "minimum")]),
    (lambda x: x**4 - 4 * x**3 + 6 * x**2 - 4 * x + 1, -1, 2.5, [(1, "minimum")]),
    (lambda x: x + np.sin(x), -4, 10,
     [(-np.pi, "inflection"), (np.pi, "inflection"), (3 * np.pi, "inflection")]),
    (np.sin, 0, 40 * np.pi,
     [((k + 0.5) * np.pi, "minimum" if k % 2 else "maximum") for k in range(40)]),
    (lambda x: np.sin(1 / x), 0.01, 1,
     [(1 / ((k + 0.5) * np.pi), "minimum" if k % 2 else "maximum") for k in range(31, -1, -1)
      if 1 / ((k + 0.5) * np.pi) > 0.01]),
    (lambda x: x * np.exp(-x), 0, 10, [(1, "maximum")]),
    (np.abs, -1, 2, [(0, "minimum")]),
    (lambda x: np.sqrt(np.abs(x - 0.25)), -1, 2, [(0.25, "minimum")]),
    (lambda x: 2 * x + 1, 0, 1, []),
    (lambda x: x**3 + 1e-10 * x, -1, 1, []),
    (lambda x: x**3 - 1e-8 * x, -1, 1,
     [(-np.sqrt(1e-8 / 3), "maximum"), (np.sqrt(1e-8 / 3), "minimum")]),
]  # fmt: skip


def test_all_zeros_of_the_derivative_are_found_and_classified_between_the_ends() -> None:
    for f, a, b, expected in TABLE:
        found = extrema(f, a, b)
        assert [found[0].x, found[-1].x] == [a, b]
        assert [each.kind for each in found[1:-1]] == [kind for _, kind in expected]
        places = np.array([each.x for each in found[1:-1]])
        np.testing.assert_allclose(places, [x for x, _ in expected], rtol=1e-12, atol=1e-13)
        values = np.array([f(np.float64(each.x)) for each in found])
        np.testing.assert_array_equal([each.value for each in found], values)
        assert found.minimum is not None
        assert found.maximum is not None
        assert (found.minimum.value, found.maximum.value) == (values.min(), values.max())


def test_ends_are_classified_by_the_derivative_into_the_interval() -> None:
    found = extrema(lambda x, c: c * x**2, -1, 2, (3.0,))
    assert [tuple(each) for each in found] == [
        (-1, 3, "maximum"), (0, 0, "minimum"), (2, 12, "maximum")
    ]  # fmt: skip
    assert found.reasons == ("left end", "f″ = 6", "right end")
    assert "greatest: 12 at x = 2" in repr(found)
    assert "<td>f″ = 6</td>" in found._repr_html_()  # pyright: ignore[reportPrivateUsage]


def test_the_first_derivative_that_is_not_zero_classifies() -> None:
    assert extrema(lambda x: x**6, -1, 2).reasons[1] == "derivative 6 = 720"
    assert extrema(np.abs, -1, 2).reasons[1] == "kink"


def test_plateaus_are_intervals() -> None:
    for constant in (lambda x: 3.0 + 0 * x, lambda x: 3.0):
        (only,) = extrema(constant, 0, 1)
        assert (only.value, only.kind) == (3.0, "plateau")
    found = extrema(lambda x: np.maximum(x**2 - 1, 0), -2, 3)
    assert [each.kind for each in found] == ["maximum", "plateau", "maximum"]
    assert found.reasons[1] == "f′ = 0 on [-1, 1]"
    steps = extrema(np.round, -1.2, 2)
    assert [(each.value, each.kind) for each in steps] == [(k, "plateau") for k in (-1, 0, 1, 2)]
    assert steps.reasons[1] == "f′ = 0 on [-0.5, 0.5]"
    assert steps.maximum is not None
    assert steps.remarks == tuple(
        f"jump: f is not continuous at x = {place}" for place in (-0.5, 0.5, 1.5)
    )


def test_poles_jumps_and_undefined_parts_are_named_and_no_extremum_is_claimed_there() -> None:
    pole = extrema(lambda x: 1 / x**2, -1, 1.5)
    assert pole.remarks == ("pole: f is unbounded near x = 0",)
    assert pole.maximum is None
    assert pole.minimum is not None
    assert pole.minimum.x == 1.5
    odd = extrema(lambda x: 1 / x, -1, 1)
    assert (odd.minimum, odd.maximum) == (None, None)
    root = extrema(np.sqrt, -1, 2)
    assert [tuple(each) for each in root] == [(0, 0, "minimum"), (2, np.sqrt(2), "maximum")]
    assert root.remarks == ("f is undefined from x = -1 to 0",)
    undefined = extrema(lambda x: np.where(x < 0, np.nan, (x - 1) ** 2), -1, 3)
    assert [each.x for each in undefined] == [0, 1, 3]
    logarithm = extrema(lambda x: x - np.log(x), 0, 3)
    assert logarithm.remarks == ("pole: f is unbounded near x = 0",)
    assert logarithm.maximum is None
    teeth = extrema(lambda x: x - np.floor(x), 0.2, 1.5)
    assert "jump: f is not continuous at x = 1" in teeth.remarks
    assert teeth.maximum is None


def test_functions_that_choose_by_the_value_of_x_are_evaluated_point_by_point() -> None:
    found = extrema(lambda x: x**2 if x < 10 else 100.0, -1, 2)
    assert [tuple(each) for each in found] == [
        (-1, 1, "maximum"), (0, 0, "minimum"), (2, 4, "maximum")
    ]  # fmt: skip


def test_a_function_of_several_values_is_refused() -> None:
    with pytest.raises(ShapeError, match="must return one number"):
        extrema(lambda x: np.stack([x, x]), 0, 1)


def test_an_interval_that_is_empty_or_infinite_is_refused() -> None:
    for a, b in ((1, 1), (2, 1), (0, np.inf)):
        with pytest.raises(ArgumentError, match="extrema"):
            extrema(np.sin, a, b)
