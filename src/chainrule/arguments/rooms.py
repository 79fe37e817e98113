"""Rooms: the modules that users see, which list what is public, and resolve foreign names.

::

    dir(nn)                               what is public, and only that
    nn.Linear                        ->   AttributeError: nn has no 'Linear'; here it is nn.Dense
    from chainrule import Sequential ->   ImportError: chainrule has no 'Sequential'; here it is
                                          chainrule.Network
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.lookup import closest
from chainrule.errors import ArgumentError, MissingAttributeError
from chainrule.tracebacks import boundary

__all__ = ["open_room"]


class _Room(NamedTuple):
    title: str
    public: Collection[str]
    aliases: Aliases


class _RoomModule(ModuleType):
    """The class of rooms: a call is refused, as they are modules."""

    @boundary
    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ArgumentError."""
        parent, _, name = self.__name__.rpartition(".")
        if self.__name__ in _ROOMS:
            title = _ROOMS[self.__name__].title
            hint = f"call one of its functions: dir({title}) lists them"
        else:
            title = f"{_ROOMS[parent].title}.{name}"
            hint = _hint(_ROOMS[parent], name) or f"dir({_ROOMS[parent].title}) lists what it has"
        raise ArgumentError(f"{title} is a module, which cannot be called; {hint}")


_ROOMS: dict[str, _Room] = {}
"""The rooms by the names of their modules."""


def open_room(
    module: str, title: str, public: Sequence[str], aliases: Aliases
) -> tuple[Callable[[str], NoReturn], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a module, which messages call `title`.

    Imports of what it lacks are answered as well, ``chainrule.<title>`` for rooms that lie deeper.

    Examples
    --------
    >>> answer, names = open_room("a", "a", ["tanh"], Aliases(names={"tanh": "th"}))
    >>> names()
    ['tanh']
    >>> answer("th")
    Traceback (most recent call last):
    chainrule.errors.MissingAttributeError: a has no 'th'; here it is a.tanh
    """
    room = _Room(title, public, aliases)
    _ROOMS[module] = _ROOMS[title if title == "chainrule" else f"chainrule.{title}"] = room

    if module in sys.modules and title != "chainrule":
        _answer_calls(sys.modules[module])

    @boundary
    def answer(name: str) -> NoReturn:
        if name.startswith("_"):
            raise MissingAttributeError(f"{title} has no {name!r}", name)
        hint = _hint(room, name) or f"dir({title}) lists what it has"
        raise MissingAttributeError(f"{title} has no {name!r}; {hint}", name)

    def names() -> list[str]:
        return sorted(public)

    return answer, names


def _answer_calls(module: ModuleType) -> None:
    """Let a room and the modules in it answer calls, as of ``optim.sgd(0.1)``."""
    within = [each for each in vars(module).values() if isinstance(each, ModuleType)]
    for each in (module, *within):
        parent, _, name = each.__name__.rpartition(".")
        # pytest collects what is called test* and can be called.
        is_own = each is module or parent == module.__name__
        if is_own and type(each) is ModuleType and not name.startswith("test"):
            each.__class__ = _RoomModule


def _hint(room: _Room, name: str) -> str | None:
    return closest(name, room.public, room.aliases, f"{room.title}.{{}}".format)


class _ImportAnswers:
    """The last finder of imports: it finds nothing, and raises where a room has an answer."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> None:
        """Raise ImportError for a name that a room lacks and has an answer for."""
        parent, _, child = name.rpartition(".")
        room = _ROOMS.get(parent)
        if room is None or child.startswith("_") or child in room.public or name in sys.modules:
            return
        # Tools such as pytest ask the finders one by one, in an order of their own.
        if PathFinder.find_spec(name, getattr(sys.modules.get(parent), "__path__", None)):
            return
        hint = _hint(room, child)
        if hint is not None:
            raise ImportError(f"{parent} has no {child!r}; {hint}", name=name)


sys.meta_path.append(_ImportAnswers)
