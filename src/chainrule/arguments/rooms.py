"""Rooms: the modules that users see, which list what is public, and resolve foreign names.

::

    dir(nn)                               what is public, and only that
    nn.Linear                        ->   AttributeError: nn has no 'Linear'; here it is nn.Dense
    from chainrule import Sequential ->   ImportError: chainrule has no 'Sequential'; here it is
                                          chainrule.Network
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NamedTuple, NoReturn, cast

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.lookup import closest
from chainrule.errors import ArgumentError, MissingAttributeError
from chainrule.tracebacks import boundary

__all__ = ["open_room"]


class _Room(NamedTuple):
    module: str
    title: str
    public: Collection[str]
    aliases: Aliases
    sources: Mapping[str, str]
    """The module of each public name that is imported when first used."""
    deeper: Mapping[str, str]
    """The modules of rooms that lie deeper."""


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
    module: str,
    title: str,
    public: Sequence[str],
    aliases: Aliases,
    late: Mapping[str, str] | None = None,
    deeper: Mapping[str, str] | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a module, which messages call `title`.

    `late` maps modules, by their paths within the room, to public names in them, separated by
    spaces: they are imported when one of the names is first used. So are modules of the room by
    their own names, and those that lie `deeper`. Type checkers read
    the same imports under ``if TYPE_CHECKING``.
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
    sources = {
        name: f"{module}.{path}" for path, names in (late or {}).items() for name in names.split()
    }
    rooms = {name: f"{module}.{path}" for name, path in (deeper or {}).items()}
    room = _Room(module, title, public, aliases, sources, rooms)
    _ROOMS[module] = _ROOMS[title if title == "chainrule" else f"chainrule.{title}"] = room

    if module in sys.modules and title != "chainrule":
        _answer_calls(sys.modules[module])

    @boundary
    def answer(name: str) -> Any:
        if late is not None and (name in sources or _module_in(room, name)):
            return _imported(room, name)
        if name.startswith("_"):
            raise MissingAttributeError(f"{title} has no {name!r}", name)
        hint = _hint(room, name) or f"dir({title}) lists what it has"
        raise MissingAttributeError(f"{title} has no {name!r}; {hint}", name)

    def names() -> list[str]:
        return sorted(public)

    return answer, names


def _module_in(room: _Room, name: str) -> str | None:
    """Return the full name of a module of the room, which need not be imported yet."""
    if name in room.deeper or name.startswith("_"):
        return room.deeper.get(name)
    path = getattr(sys.modules[room.module], "__path__", None)
    whole = f"{room.module}.{name}"
    return whole if path is not None and PathFinder.find_spec(whole, path) else None


def _imported(room: _Room, name: str) -> Any:
    """Import a public name, or a module of the room, and keep it in the room's namespace."""
    source = room.sources.get(name) or _module_in(room, name)
    assert source is not None
    __import__(source)
    module, value = sys.modules[room.module], sys.modules[source]
    if name in room.sources:
        value = getattr(value, name)
    setattr(module, name, value)
    if room.title != "chainrule":
        _answer_calls(module)
    return value


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


class _DeeperRoom:
    """The loader of a room that lies deeper: of ``chainrule.random``, for one."""

    def __init__(self, source: str) -> None:
        self.source = source

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the deeper module in its place."""
        __import__(self.source)
        sys.modules[module.__name__] = sys.modules[self.source]


class _ImportAnswers:
    """The last finder of imports: it finds nothing, and raises where a room has an answer."""

    @staticmethod
    def find_spec(
        name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise ImportError for a name that a room lacks and has an answer for."""
        parent, _, child = name.rpartition(".")
        room = _ROOMS.get(parent)
        if room is not None and child in room.deeper:
            return ModuleSpec(name, cast(Any, _DeeperRoom(room.deeper[child])))
        if room is None or child.startswith("_") or child in room.public or name in sys.modules:
            return None
        # Tools such as pytest ask the finders one by one, in an order of their own.
        if PathFinder.find_spec(name, getattr(sys.modules.get(parent), "__path__", None)):
            return None
        hint = _hint(room, child)
        if hint is not None:
            raise ImportError(f"{parent} has no {child!r}; {hint}", name=name)
        return None


sys.meta_path.append(_ImportAnswers)
