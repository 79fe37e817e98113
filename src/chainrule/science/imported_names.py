"""Names that modules of a user's functions imported from NumPy: ``from numpy import array``.

A trace replaces the functions of NumPy that do not dispatch on traced values, in NumPy's namespace
and in the module of the function that it is given. Here that is a function of this package, which
calls the user's.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from types import FunctionType

from chainrule.graph.protocol_gaps.numpy_namespace import namespaces
from chainrule.graph.reachable_state import ReachableState
from chainrule.graph.source_location import is_library_file

__all__ = ["imported_names_replaced"]


@contextmanager
def imported_names_replaced(state: ReachableState) -> Generator[None]:
    """Let the user's functions that are reachable call what takes traced values, by any name."""
    functions = [
        each
        for each in list(state.known.values())
        if type(each) is FunctionType and not is_library_file(each.__code__.co_filename)
    ]
    users = {id(each.__globals__): each.__globals__ for each in functions}
    cells = [cell for each in functions for cell in each.__closure__ or ()]
    replacements = namespaces.install_in(list(users.values()), cells)
    try:
        yield
    finally:
        namespaces.remove(replacements)
