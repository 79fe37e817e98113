"""Recorded steps, their continuous extension, and events, against closed forms."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.solvers import interpolated, record


def oscillator(t: Any, y: Any) -> Any:
    return np.stack([y[1], -y[0]])


def fall(t: Any, y: Any, g: Any = 9.81) -> Any:
    return np.stack([y[1], -g + 0 * t])


def height(t: Any, y: Any, *args: Any) -> Any:
    return y[0]


START, SPAN = np.array([1.0, 0.0]), np.array([0.0, 20.0])


@pytest.mark.parametrize(
    ("method", "accuracy"), [("tsit5", 2e-7), ("dop853", 1e-8), ("auto", 2e-7)]
)
def test_events_are_the_zeros_in_the_direction_asked_for(method: str, accuracy: float) -> None:
    events = (lambda t, y: y[0] - 0.5, lambda t, y: y[1])
    run = cr.jit(
        lambda y, span: record(
            oscillator, y, span, (), method, 1e-11, 1e-11, 1000, events, (1, 0), max_events=20
        )
    )
    for span in (SPAN, -SPAN):
        found = run(START, span)
        assert found.status == 0
        rises, both = (found.event_t[i, : found.event_count[i]] for i in (0, 1))
        sign = np.sign(span[1])
        np.testing.assert_allclose(
            rises, sign * (np.arange(1, 4) * 2 - 1 / 3) * np.pi, atol=accuracy
        )
        np.testing.assert_allclose(both, sign * np.arange(7) * np.pi, atol=accuracy)
        np.testing.assert_allclose(found.event_y[0, :3, 0], 0.5, atol=1e-14)
        assert np.all(np.isnan(found.event_t[1, 7:]))
        t = np.linspace(*span, 40)
        np.testing.assert_allclose(interpolated(found, t, method)[:, 0], np.cos(t), atol=accuracy)


def test_a_terminal_event_ends_the_integration_at_its_occurrence() -> None:
    found = record(fall, START, (0.0, 2.0), events=[height], terminal=[1])
    expected = np.sqrt(2 / 9.81)
    assert found.status == 1
    np.testing.assert_allclose([found.event_t[0, 0], found.t[found.count]], expected, rtol=1e-13)
    assert abs(found.y[found.count, 0]) < 1e-13
    third = record(oscillator, START, SPAN, events=[height, lambda t, y: t - 5.0], terminal=(3, 0))
    np.testing.assert_allclose(third.event_t[0, :3], np.array([0.5, 1.5, 2.5]) * np.pi, atol=1e-6)
    np.testing.assert_allclose(third.event_t[1, 0], 5.0, rtol=1e-14)
    assert third.event_count.tolist() == [3, 1]


def test_a_recording_goes_on_where_the_arrays_were_full() -> None:
    whole = record(oscillator, START, SPAN, capacity=500, events=[height])
    steps, times = 0, np.zeros(0)
    part = record(oscillator, START, SPAN, capacity=37, events=[height], max_events=2)
    while True:
        np.testing.assert_allclose(part.t[0], whole.t[steps])
        steps += int(part.count)
        times = np.append(times, part.event_t[0, : part.event_count[0]])
        if part.status != 2:
            break
        part = record(
            oscillator, START, SPAN, capacity=37, events=[height], max_events=2, resume=part.state
        )
    assert steps == whole.count == part.state[0].accepted
    np.testing.assert_array_equal(times, whole.event_t[0, : whole.event_count[0]])


def test_the_time_of_an_event_has_a_derivative_and_a_batch() -> None:
    def landing(start: Any, g: Any) -> Any:
        y = np.stack([start, 0 * start])
        options: dict[str, Any] = {"events": [height], "terminal": [1], "max_events": 2}
        return record(fall, y, (0.0, 3.0), (g,), capacity=30, max_steps=40, **options).event_t[0, 0]

    time = np.sqrt(2 / 9.81)
    expected = (time / 2, -time / 2 / 9.81)
    found = cr.grad(landing, argnums=(0, 1))(1.0, 9.81)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    np.testing.assert_allclose(cr.jvp(landing, (1.0, 9.81), (1.0, 0.0))[1], expected[0], rtol=1e-10)
    starts = np.array([1.0, 0.5, 4.0])
    batch = cr.jit(cr.vmap(landing, in_axes=(0, None)))(starts, 9.81)
    np.testing.assert_allclose(batch, np.sqrt(2 * starts / 9.81), rtol=1e-12)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="two ends"):
        record(oscillator, START, (0.0, 1.0, 2.0))
    with pytest.raises(ArgumentError, match="direction has 1 number for 2 events"):
        record(oscillator, START, SPAN, events=[height, height], direction=[1])
    with pytest.raises(ArgumentError, match="capacity"):
        record(oscillator, START, SPAN, capacity=-1)
