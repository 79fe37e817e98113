"""Public namespaces: the modules that list what is public, and resolve foreign names.

::

    dir(nn)                               what is public, and only that
    nn.Linear                        ->   AttributeError: nn has no 'Linear'; here it is nn.Dense
    from chainrule import Sequential ->   ImportError: chainrule has no 'Sequential'; here it is
                                          chainrule.Network
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.lookup import closest
from chainrule.errors import ArgumentError, MissingAttributeError
from chainrule.tracebacks import boundary

__all__ = ["public_namespace"]


class _Namespace(NamedTuple):
    title: str
    public: Collection[str]
    aliases: Aliases


class _NamespaceModule(ModuleType):
    """The class of public modules, which refuse a call."""

    @boundary
    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ArgumentError."""
        parent, _, name = self.__name__.rpartition(".")
        if self.__name__ in _NAMESPACES:
            title = _NAMESPACES[self.__name__].title
            hint = f"call one of its functions: dir({title}) lists them"
        else:
            namespace = _NAMESPACES[parent]
            title = f"{namespace.title}.{name}"
            hint = _hint(namespace, name) or f"dir({namespace.title}) lists what it has"
        raise ArgumentError(f"{title} is a module, which cannot be called; {hint}")


_NAMESPACES: dict[str, _Namespace] = {}
"""The namespaces by the names of their modules."""


def public_namespace(
    module: str, title: str, public: Sequence[str], aliases: Aliases
) -> tuple[Callable[[str], NoReturn], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a module, which messages call `title`.

    Imports of what it lacks are answered as well; deeper modules are ``chainrule.<title>``, too.

    Examples
    --------
    >>> answer, names = public_namespace("a", "a", ["tanh"], Aliases(names={"tanh": "th"}))
    >>> names()
    ['tanh']
    >>> answer("th")
    Traceback (most recent call last):
    chainrule.errors.MissingAttributeError: a has no 'th'; here it is a.tanh
    """
    namespace = _Namespace(title, public, aliases)
    name_here = title if title == "chainrule" else f"chainrule.{title}"
    _NAMESPACES[module] = _NAMESPACES[name_here] = namespace

    if module in sys.modules and title != "chainrule":
        _answer_calls(sys.modules[module])

    @boundary
    def answer(name: str) -> NoReturn:
        if name.startswith("_"):
            raise MissingAttributeError(f"{title} has no {name!r}", name)
        hint = _hint(namespace, name) or f"dir({title}) lists what it has"
        raise MissingAttributeError(f"{title} has no {name!r}; {hint}", name)

    def names() -> list[str]:
        return sorted(public)

    return answer, names


def _answer_calls(module: ModuleType) -> None:
    """Let a namespace and the modules in it answer calls, as of ``optim.sgd(0.1)``."""
    within = [each for each in vars(module).values() if isinstance(each, ModuleType)]
    for each in (module, *within):
        parent, _, name = each.__name__.rpartition(".")
        # pytest collects what is called test* and can be called.
        is_own = each is module or parent == module.__name__
        if is_own and type(each) is ModuleType and not name.startswith("test"):
            each.__class__ = _NamespaceModule


def _hint(namespace: _Namespace, name: str) -> str | None:
    return closest(name, namespace.public, namespace.aliases, f"{namespace.title}.{{}}".format)


class _ImportAnswers:
    """The last finder of imports: it finds nothing, and raises where a namespace has an answer."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> None:
        """Raise ImportError for a name that a namespace lacks and has an answer for."""
        parent, _, child = name.rpartition(".")
        namespace = _NAMESPACES.get(parent)
        if (
            namespace is None
            or child.startswith("_")
            or child in namespace.public
            or name in sys.modules
        ):
            return
        hint = _hint(namespace, child)
        if hint is not None:
            raise ImportError(f"{parent} has no {child!r}; {hint}", name=name)


sys.meta_path.append(_ImportAnswers)
