"""What a function does besides returning a value, as far as its code and what it reaches tell.

A program that stands for a function computes its value alone. A function that may print, draw
random numbers, write to files or store into attributes is therefore called itself, for its values.
"""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from chainrule.graph.reachable_state import ReachableState

__all__ = ["may_have_effects", "may_keep_results"]

_WITHOUT_EFFECT = frozenset(
    [
        "numpy",
        "scipy",
        "math",
        "cmath",
        "chainrule",
        "functools",
        "itertools",
        "operator",
        "typing",
        "collections",
        "dataclasses",
        "abc",
        "types",
        "enum",
        "numbers",
        "fractions",
        "copy",
        "statistics",
        "string",
        "re",
        "inspect",
        "builtins",
    ]
)
"""Modules whose functions and objects only compute."""

_FUNCTIONS = frozenset(
    [
        "print",
        "open",
        "input",
        "exec",
        "eval",
        "compile",
        "setattr",
        "delattr",
        "next",
        "breakpoint",
        "__import__",
    ]
)

_METHODS = frozenset(
    [
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "remove",
        "discard",
        "clear",
        "appendleft",
        "extendleft",
        "popleft",
        "sort",
        "reverse",
    ]
)

_STORES = frozenset(["STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"])


def may_have_effects(state: ReachableState) -> bool:
    """Whether a function with this reachable state may do more than compute its value."""
    return any(map(_has_effects, state.codes)) or any(
        _acts(value) for value in list(state.known.values())
    )


def may_keep_results(state: ReachableState) -> bool:
    """Whether a function may keep results in a container, from which a later call takes them."""
    return bool(state.lists) and any(map(_changes_containers, state.codes))


@lru_cache(1024)
def _has_effects(code: CodeType) -> bool:
    if not _FUNCTIONS.isdisjoint(code.co_names):
        return True
    for each in dis.get_instructions(code):
        if each.opname in _STORES:
            return True
        if each.opname in ("STORE_DEREF", "DELETE_DEREF") and each.argval in code.co_freevars:
            return True
        if each.opname == "IMPORT_NAME" and not _only_computes(str(each.argval)):
            return True
    return False


@lru_cache(1024)
def _changes_containers(code: CodeType) -> bool:
    return not _METHODS.isdisjoint(code.co_names) or any(
        each.opname in ("STORE_SUBSCR", "DELETE_SUBSCR") for each in dis.get_instructions(code)
    )


def _acts(value: Any) -> bool:
    """Whether it is of a module with effects, or a method bound to what it may change."""
    if isinstance(value, BuiltinFunctionType):
        owner = value.__self__
        is_function = owner is None or isinstance(owner, ModuleType | type)
        return not _only_computes(value.__module__ or "") if is_function else _is_mutable(owner)
    if isinstance(value, ModuleType):
        return not _only_computes(value.__name__)
    module = getattr(value, "__module__", None) or type(value).__module__
    is_object = not isinstance(value, np.ufunc | FunctionType | type)
    if is_object and type(value).__module__.startswith("scipy."):
        return True  # its methods are not looked into, and many keep their last result
    return not (isinstance(module, str) and _only_computes(module))


def _is_mutable(owner: Any) -> bool:
    return not isinstance(owner, str | bytes | tuple | frozenset | int | float)


@lru_cache(1024)
def _only_computes(module: str) -> bool:
    """Whether a module is known to compute only, or the user's own, which is looked into."""
    root = module.partition(".")[0]
    if root in _WITHOUT_EFFECT or root == "__main__":
        return True
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return root not in sys.stdlib_module_names and "site-packages" not in file
