"""Digests of Python's instructions: of the user's functions, and of methods of objects.

Followed are the functions of the user's that they call, by name, from closures and attributes; not
those of the library, of Python and of installed packages, whose versions are compared. Without
`has_data` the values of variables are left out: of closures, defaults and modules.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any, cast

from chainrule.optim.schedules.schedule import Schedule

__all__ = ["PYTHON", "digest_of_code"]

PYTHON = (
    f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}, "
    "with functions that are called"
)
"""What instructions can be compared with: those of the same version."""

_NOT_OWN = ("chainrule.", "builtins", "numpy", "abc", "functools")
"""Beginnings of the names of modules whose code is not the user's."""

_HAS_DOCSTRING = 0x4000000
"""The flag of code, from Python 3.13 on."""

_PLAIN = bool | int | float | complex | str | bytes | None


def digest_of_code(value: Any, has_data: bool = True) -> str | None:
    """Return a digest of a function, or of an object's methods; None where none is the user's."""
    texts = list(_instructions(value, has_data, set()))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest() if texts else None


def _instructions(value: Any, has_data: bool, seen: set[int]) -> Iterator[str]:
    """Yield what determines a value: instructions and constants, and data if they count."""
    if isinstance(value, _PLAIN):
        if has_data:
            yield repr(value)
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    for each in _parts(value, has_data):
        if isinstance(each, str):
            yield each
        else:
            yield from _instructions(each[0], has_data, seen)


def _parts(value: Any, has_data: bool) -> Iterator[str | tuple[Any]]:
    """Yield texts, and in tuples of one the values that a value consists of."""
    if isinstance(value, FunctionType):
        if _is_own(value):
            yield from _of_function(value)
    elif isinstance(value, MethodType):
        yield (value.__func__,)
        yield (value.__self__,)
    elif isinstance(value, partial):
        for each in (value.func, *value.args, *value.keywords.values()):
            yield (each,)
    elif isinstance(value, tuple):
        for each in cast(tuple[Any, ...], value):
            yield (each,)
    elif isinstance(value, frozenset):
        if has_data:
            yield repr(sorted(map(repr, cast(frozenset[Any], value))))
    else:
        yield from _of_object(value)


def _of_object(value: Any) -> Iterator[str | tuple[Any]]:
    """Yield the methods of a class or an object, and the functions among the attributes of this."""
    is_class = isinstance(value, type)
    kind: type[Any] = value if is_class else type(value)
    for method in _own_methods(kind):
        yield (method,)
    for name, each in sorted({} if is_class else getattr(value, "__dict__", {}).items()):
        if isinstance(each, FunctionType | MethodType | partial | Schedule):
            yield name
            yield (each,)


def _of_function(function: FunctionType) -> Iterator[str | tuple[Any]]:
    """Yield the instructions of a function, its defaults, and the values of free variables."""
    text = function.__doc__
    yield from _of_code(function.__code__, text)
    cells = [each.cell_contents for each in function.__closure__ or () if _is_set(each)]
    for each in (
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
        *cells,
    ):
        yield (each,)
    for name in _names_read(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType | partial | _PLAIN | tuple | frozenset | type):
            yield (value,)


def _of_code(code: CodeType, text: str | None = None) -> Iterator[str]:
    """Yield instructions, names and constants, those of inner functions too, but for `text`."""
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _of_code(each, each.co_consts[0] if _has_text(each) else None)
        elif isinstance(each, frozenset):
            yield repr(sorted(map(repr, cast(frozenset[Any], each))))
        elif text is None or each != text:
            yield repr(each)


def _has_text(code: CodeType) -> bool:
    """Whether the first constant of an inner function is its docstring."""
    may_have = bool(code.co_flags & _HAS_DOCSTRING) or sys.version_info < (3, 13)
    is_function = not code.co_name.startswith("<")  # no lambda, no comprehension
    return may_have and is_function and bool(code.co_consts) and type(code.co_consts[0]) is str


def _names_read(code: CodeType) -> list[str]:
    """Return the variables of the module that a function reads and does not assign."""
    import dis  # late, as most runs have no code of the user's

    read: set[str] = set()
    assigned: set[str] = set()
    waiting = [code]
    while waiting:
        each = waiting.pop()
        waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]
        for instruction in dis.get_instructions(each):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                read.add(instruction.argval)
            elif instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                assigned.add(instruction.argval)
    return sorted(read - assigned)


def _own_methods(kind: type) -> list[Any]:
    """Return the methods of a class and its bases, but for those of the library and of Python."""
    bases = [each for each in kind.__mro__ if not each.__module__.startswith(_NOT_OWN)]
    methods = [each for base in bases for _, each in sorted(vars(base).items())]
    unwrapped = [each.fget if isinstance(each, property) else each for each in methods]
    unwrapped = [
        each.__func__ if isinstance(each, staticmethod | classmethod) else each
        for each in unwrapped
    ]
    return [each for each in unwrapped if isinstance(each, FunctionType)]


def _is_own(function: FunctionType) -> bool:
    """Whether a function is neither of the library nor of Python or an installed package."""
    name = function.__code__.co_filename
    is_installed = "site-packages" in name or name.startswith(os.path.dirname(os.__file__))
    return not (is_installed or (function.__module__ or "").startswith(_NOT_OWN))


def _is_set(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
