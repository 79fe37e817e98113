"""Defaults that print as SciPy's and are told from the same value given by the user."""

from __future__ import annotations

from typing import Any

__all__ = ["DefaultNumber", "DefaultText", "is_default"]


class DefaultText(str):
    """A text that no user has written, such as the ``'2-point'`` of a signature."""

    __slots__ = ()


class DefaultNumber(float):
    """A number that no user has written, such as the tolerance of a signature."""

    __slots__ = ()


def is_default(value: Any) -> bool:
    """Whether an argument was left to its default."""
    return isinstance(value, DefaultText | DefaultNumber)
