"""Attributes that objects lack: what to write instead of reading or assigning them.

::

    net.predict_classes(X)      ->   AttributeError: Network has no attribute 'predict_classes';
                                     here it is net.predict_class
    net.stop_training = True    ->   AttributeError: Network: stop_training cannot be assigned;
                                     return True from the callback's on_epoch_end
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields
from functools import partial
from typing import Any, NoReturn, TypeVar, cast

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.lookup import closest
from chainrule.errors import MissingAttributeError
from chainrule.tracebacks import boundary

__all__ = [
    "answers_foreign_attributes",
    "refuse_assignment",
    "refuse_change",
    "refuse_missing",
    "unwritable",
]

Kind = TypeVar("Kind", bound=type)


def refuse_missing(owner: object, variable: str, name: str, aliases: Aliases) -> NoReturn:
    """Raise MissingAttributeError, with what the object has for the attribute that it lacks.

    `variable` is what messages call the object, as ``net``.
    """
    raise MissingAttributeError(partial(_missing, owner, variable, name, aliases), name)


def _missing(owner: object, variable: str, name: str, aliases: Aliases) -> str:
    """Return the message of an attribute that an object lacks."""
    title = f"{type(owner).__name__} has no attribute {name!r}"
    if name.startswith("_"):
        return title
    names = {*dir(type(owner)), *getattr(owner, "__dict__", ())} - {name}
    known = sorted(each for each in names if not each.startswith("_"))
    quote = f"{variable}.{{}}".format
    hint = closest(name, known, aliases, quote)
    if hint is None and (targets := aliases.targets(name)):  # what such objects may have
        hint = f"here it is {quote(targets[0])}, which this one lacks"
    hint = hint or f"dir({variable}) lists what it has"
    if hasattr(type(owner), "build") and getattr(owner, "input_shape", name) is None:
        hint += "; parameters are made by the first call, as net(X)"
    return f"{title}; {hint}"


def answers_foreign_attributes(variable: str, aliases: Aliases) -> Callable[[Kind], Kind]:
    """Let the objects of a class, which messages call `variable`, answer what they lack."""

    def decorate(kind: Kind) -> Kind:
        def answer(self: object, name: str) -> NoReturn:
            """Answer the names of other libraries."""
            refuse_missing(self, variable, name, aliases)

        type.__setattr__(kind, "__getattr__", boundary(answer))
        return kind

    return decorate


def unwritable(kind: type, name: str) -> bool:
    """Whether an attribute of a class is a property that cannot be assigned."""
    found = getattr(kind, name, None)
    return isinstance(found, property) and found.fset is None


def refuse_assignment(
    owner: object, variable: str, name: str, remedies: Mapping[str, str]
) -> NoReturn:
    """Raise AttributeError for an assignment that would have no effect.

    `remedies` says what to write instead, by name.
    """
    kind, remedy = type(owner), remedies.get(name)
    if remedy is None:
        writable = [
            each for each in dir(kind)
            if isinstance(found := getattr(kind, each), property) and found.fset is not None
        ]  # fmt: skip
        hint = closest(name, writable, quote=f"{variable}.{{}}".format)
        remedy = hint or "there is no such attribute; keep it in a variable of your own"
    raise AttributeError(
        f"{kind.__name__}: {name} cannot be assigned; {remedy}", name=name, obj=owner
    )


def refuse_change(record: object, name: str, value: object) -> None:
    """Raise FrozenInstanceError: the ``__setattr__`` of immutable records.

    As in any frozen dataclass, a subclass may have attributes of its own. `_held_as` of their class
    is where users have one, as ``net.optimizer``.
    """
    is_subclass = "__dataclass_params__" not in vars(type(record))
    known, kind = [each.name for each in fields(cast(Any, record)) if each.init], type(record)
    if is_subclass and name not in known:
        object.__setattr__(record, name, value)
        return
    kind, given = kind.__name__, name
    name = "learning_rate" if name == "lr" and "learning_rate" in known else name
    if name not in known:
        hint = closest(name, known) or f"it has {', '.join(known)}"
        raise FrozenInstanceError(f"{kind} has no setting {name!r}, and it is immutable; {hint}")
    change = f"{name}={value!r:.40}"
    held_as = getattr(record, "_held_as", None)
    if held_as is None:
        remedy = f"create another one by dataclasses.replace({kind.lower()}, {change})"
    else:
        remedy = f"write {held_as} = dataclasses.replace({held_as}, {change})"
    if held_as is not None and name == "learning_rate":
        remedy += ", or give a schedule, as in optim.cosine(0.1, epochs=20)"
    raise FrozenInstanceError(f"{kind}: {given} cannot be assigned, as it is immutable; {remedy}")
