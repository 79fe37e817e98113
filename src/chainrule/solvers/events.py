"""Events of an integration: zeros of functions of the solution, located within accepted steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.cond import cond
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.integration import Integration, Step
from chainrule.solvers.root_bracket import root_in_bracket

__all__ = ["EventFinder", "Found"]


class Found(NamedTuple):
    """The events of a recording, as they are found.

    Attributes
    ----------
    t : array, float, (events, max_events)
        Their times.
    y : array, float, (events, max_events, n)
        The solution there.
    count : array, int, (events,)
        How often each occurred in this recording.
    total : array, int, (events,)
        How often each occurred since the start.
    """

    t: Any
    y: Any
    count: Any
    total: Any


@dataclass(frozen=True)
class EventFinder:
    """Some functions event(t, y) of vectors, with the direction of their zeros.

    Parameters
    ----------
    integration : Integration
        The method and its step control, for the continuous extension of a step.
    events : tuple of callables
        ``event(t, y)`` returns a number, whose zeros are located.
    direction : array, float, (events,)
        Above 0 for zeros at which an event rises, below 0 for those at which it falls, 0 for both.
    terminal : array, float, (events,)
        The occurrence that ends the integration, infinity for none.
    """

    integration: Integration
    events: tuple[Callable[[Any, Any], Any], ...]
    direction: Any
    terminal: Any

    def values(self, t: Any, y: Any) -> Any:
        """Evaluate all events."""
        if not self.events:
            return np.zeros(0) * t
        return np.stack([self._value(number, t, y) for number in range(len(self.events))])

    def _value(self, number: int, t: Any, y: Any) -> Any:
        return np.reshape(as_array(self.events[number](t, y)), ())

    def located(
        self, step: Step, coefficients: Any, is_kept: Any, before: Any, after: Any, found: Found
    ) -> tuple[Any, Found]:
        """Locate the events of a step; return the time of a terminal one, else infinity."""
        sign = np.where(step.h < 0, -1.0, 1.0)
        if not self.events:
            return sign * np.inf, found
        rises, falls = (before <= 0) & (after >= 0), (before >= 0) & (after <= 0)
        is_active = (rises & (self.direction >= 0)) | (falls & (self.direction <= 0))
        is_active = is_active & is_kept

        def roots(step: Step, coefficients: Any, before: Any, after: Any) -> Any:
            thetas = [
                self._root(number, step, coefficients, is_active[number], before, after)
                for number in range(len(self.events))
            ]
            return np.stack(thetas)

        operands = (step, coefficients, before, after)
        thetas = cond(np.any(is_active), roots, lambda *_: before * 0, *operands)
        ends = is_active & (found.total + 1 >= self.terminal)
        last = np.min(np.where(ends, thetas, np.inf))
        is_active = is_active & (thetas <= last)
        time = step.t + thetas * step.h
        found = self._stored(step, coefficients, time, is_active, found)
        is_last = last < np.inf
        stop = step.t + np.where(is_last, last, 0) * step.h
        return np.where(is_last, stop, sign * np.inf), found

    def _root(
        self, number: int, step: Step, coefficients: Any, is_active: Any, before: Any, after: Any
    ) -> Any:
        """The part of a step after which an event is 0."""

        def value(theta: Any) -> Any:
            method = self.integration.method
            y = method.interpolate(coefficients, theta, step.y, step.y_new, step.h)
            return self._value(number, step.t + theta * step.h, y)

        resolution = 1 + np.abs(step.t) / np.where(step.h == 0, 1, np.abs(step.h))
        return root_in_bracket(value, before[number], after[number], resolution, is_active)

    def _stored(
        self, step: Step, coefficients: Any, time: Any, is_active: Any, found: Found
    ) -> Found:
        """Write the events of a step; what is not active is overwritten by the next one."""
        times, states = found.t, found.y
        for number in range(len(self.events)):
            index = found.count[number]
            row = np.where(is_active[number], time[number], np.nan)
            value = self.integration.at(step, coefficients, time[number])
            value = np.where(is_active[number], value, np.nan)
            where = np.array(number), index
            times = scatter(times, row, *where)
            states = scatter(states, value, *where)
        added = np.where(is_active, 1, 0)
        return Found(times, states, found.count + added, found.total + added)
