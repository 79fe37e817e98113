"""Configurations of optimisers and schedules: dataclasses as plain data, and as short text."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

__all__ = ["describe", "describe_briefly"]


def describe(record: Any) -> dict[str, Any]:
    """Return a dataclass as plain data: its class as ``kind``, and its fields by name.

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
    """Return the expression that builds a dataclass: its learning rate and non-default fields.

    Examples
    --------
    >>> from chainrule import optim
    >>> describe_briefly(optim.SGD(optim.cosine(0.1, epochs=5), momentum=0.9))
    'SGD(learning_rate=cosine(learning_rate=0.1, epochs=5), momentum=0.9)'
    """
    shown = {
        field.name: getattr(record, field.name)
        for field in sorted(fields(record), key=lambda each: each.name != "learning_rate")
        if field.init and (field.name == "learning_rate" or _is_set(record, field))
    }
    arguments = (f"{name}={_brief(value)}" for name, value in shown.items())
    return f"{type(record).__name__}({', '.join(arguments)})"


def _brief(value: Any) -> str:
    if (function := getattr(value, "function", None)) is not None:  # of a schedule
        return getattr(function, "__name__", repr(function))
    return describe_briefly(value) if is_dataclass(value) else repr(value)


def _is_set(record: Any, field: Field[Any]) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return getattr(record, field.name) != default


def _values(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.init}
