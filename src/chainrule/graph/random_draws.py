"""Draws of random numbers while a trace is recorded that is kept: they would be drawn only once.

The states of NumPy's and Python's global generators, and of those that the traced function can
reach, are compared before and after. A generator that takes its seed from the operating system,
as an unseeded ``np.random.default_rng()`` does, is noticed where NumPy fetches that seed.
"""

from __future__ import annotations

import ctypes
import random
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dis import opname
from types import FrameType
from typing import Any, cast

import numpy as np

from chainrule.errors import TraceError
from chainrule.graph.reachable_state import ReachableState
from chainrule.graph.source_location import frame_at

__all__ = ["RandomDraws", "refuse_draws", "restorer_of_generators"]

_seeds_fetched: ContextVar[list[str] | None] = ContextVar("seeds_fetched", default=None)
"""A list of the seeds fetched by the traced function of this thread; None outside a trace."""


class RandomDraws:
    """Watches the generators that a function may use, from its creation until `refuse`."""

    def __init__(self, state: ReachableState) -> None:
        _watch_seeds()
        self._global_are_named = state.names_randomness
        reached = dict(state.generators.values())
        known = set(map(id, _GLOBAL_GENERATORS.values()))
        self._generators = _GLOBAL_GENERATORS | {
            label: each for label, each in reached.items() if id(each) not in known
        }
        self._state_of = _state if state.names_randomness else _quick_state
        self._states = {name: self._state_of(each) for name, each in self._generators.items()}
        self._token = _seeds_fetched.set([])

    def end(self) -> list[str]:
        """Restore the generators that were drawn from, and return what was drawn."""
        drawn = list(dict.fromkeys(_seeds_fetched.get() or ()))
        _seeds_fetched.reset(self._token)
        for name, generator in self._generators.items():
            if self._state_of(generator) == self._states[name]:
                continue
            if self._is_of_another_thread(name):
                continue
            _restore(generator, self._states[name])
            drawn.append(name)
        return drawn

    def _is_of_another_thread(self, name: str) -> bool:
        """Whether a global generator has changed, but not by this function."""
        is_global = name in _GLOBAL_GENERATORS
        return is_global and not self._global_are_named and threading.active_count() > 1


def refuse_draws(operation: str, drawn: list[str]) -> None:
    """Raise a TraceError if random numbers were drawn."""
    if drawn:
        raise TraceError(
            f"{operation}: random numbers are drawn from {' and '.join(drawn)} while the function "
            "is traced, which happens once: every later call would repeat the same numbers. In a "
            "layer draw in forward(self, x, training=False, random=None), as "
            "random.uniform(x.shape) where training is True; in a function draw by cr.random, as "
            "cr.random.uniform(key, x.shape), from key = cr.random.key(0) as an argument and "
            "cr.random.split(key) for more, or draw outside and pass the numbers in"
        )


def restorer_of_generators(state: ReachableState) -> Callable[[], None]:
    """Return a function that sets the generators within reach to their present states."""
    reached = [each for _, each in state.generators.values()]
    if state.names_randomness:
        reached += _GLOBAL_GENERATORS.values()
    states = [(each, _whole_state(each)) for each in reached]

    def restore() -> None:
        for generator, whole in states:
            if whole is not None:
                _restore(generator, whole)

    return restore


_GLOBAL_GENERATORS: dict[str, Any] = {
    "np.random": np.random.mtrand._rand,  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    "random": random._inst,  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
}


def _state(generator: Any) -> Any:
    """The state of a generator, to compare; None for that of the operating system."""
    return _comparable(_whole_state(generator))


def _whole_state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return None if isinstance(generator, random.SystemRandom) else generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return _bits_of(generator).state


def _bits_of(generator: Any) -> Any:
    """The source of a generator's bits, which is a generator itself."""
    return getattr(generator, "bit_generator", generator)


def _quick_state(generator: Any) -> Any:
    """The state of a generator; for NumPy's global one its memory, which is read at once.

    The second half of a pair of normal numbers, which is no part of it, is left out.
    """
    if generator is not _GLOBAL_GENERATORS["np.random"]:
        return _state(generator)
    bits = generator._bit_generator
    if type(bits) is not np.random.MT19937:
        return _state(generator)
    return ctypes.string_at(bits.ctypes.state_address, _MT19937_BYTES)


_MT19937_BYTES = 4 * 624 + 4


def _restore(generator: Any, state: Any) -> None:
    if isinstance(state, bytes):
        ctypes.memmove(generator._bit_generator.ctypes.state_address, state, len(state))
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        _bits_of(generator).state = state


def _comparable(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _comparable(each) for key, each in cast(dict[str, Any], state).items()}
    return tuple(state.tolist()) if isinstance(state, np.ndarray) else state


def _seeds_a_random_state(frame: FrameType) -> bool:
    """Whether the code is ``RandomState(seed)``, which fetches a seed and then takes the given."""
    code, position = frame.f_code, frame.f_lasti
    is_call = opname[code.co_code[position]].startswith("CALL")
    return is_call and code.co_code[position + 1] > 0 and "RandomState" in code.co_names


def _watch_seeds() -> None:
    """Let NumPy's source of unseeded generators note each seed that a trace of its thread asks."""
    module: Any = np.random.bit_generator
    fetch = getattr(module, "randbits", None)
    if fetch is None or hasattr(fetch, "notes_seeds"):
        return

    def randbits(count: int) -> int:
        noted = _seeds_fetched.get()
        if noted is not None and not _seeds_a_random_state(frame_at(1)):
            noted.append("an unseeded generator of NumPy's")
        return fetch(count)

    randbits.notes_seeds = True  # pyright: ignore[reportFunctionMemberAccess]
    module.randbits = randbits
