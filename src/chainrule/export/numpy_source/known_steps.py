"""Programs of any number of steps, where that number is known: sizes of samples alone.

A layer of a file has programs for steps that vary, whatever the network around it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

__all__ = ["axis_of_steps", "with_steps"]

_SIZE = {"one", "samples", "steps", "product", "divisor"}


def axis_of_steps(program: dict[str, Any]) -> int | None:
    """Return the axis of the first input whose length is the number of steps, if there is one."""
    _, shape = program["inputs"][0]
    return next((axis for axis, size in enumerate(shape) if size == {"steps": 1}), None)


def with_steps(value: Any, steps: int) -> Any:
    """Return a program, or a part of one, for one number of steps.

    Examples
    --------
    >>> with_steps({"one": 1, "steps": 2, "product": 3, "divisor": 2}, 5)
    {'one': 11, 'samples': 15, 'divisor': 2}
    """
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        if entries and set(entries) <= _SIZE:
            return _size(entries, steps)
        return {name: with_steps(each, steps) for name, each in entries.items()}
    if isinstance(value, list | tuple):
        return [with_steps(each, steps) for each in cast(Sequence[Any], value)]
    return value


def _size(size: dict[str, int], steps: int) -> int | dict[str, int]:
    one = size.get("one", 0) + steps * size.get("steps", 0)
    samples = size.get("samples", 0) + steps * size.get("product", 0)
    divisor = size.get("divisor", 1)
    if not samples:
        return one // divisor
    entries = {"one": one, "samples": samples, "divisor": divisor if divisor > 1 else 0}
    return {name: each for name, each in entries.items() if each}
