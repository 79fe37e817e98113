"""Columns by name, as files of tables are read: a dictionary that answers what pandas has."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import COLUMNS_ATTRIBUTES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.checks import shown
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, MissingKeyError
from chainrule.rich_display import html_of
from chainrule.tracebacks import boundary

__all__ = ["NamedColumns"]


class NamedColumns(dict[str, NDArray[Any]]):
    """A dictionary of columns of equal length.

    Examples
    --------
    >>> table = NamedColumns(age=np.array([25, 31]))
    >>> table["ages"]
    Traceback (most recent call last):
    chainrule.errors.MissingKeyError: there is no column 'ages'; did you mean 'age'?
    >>> table.head()
    Traceback (most recent call last):
    chainrule.errors.MissingAttributeError: NamedColumns has no attribute 'head'; take the first
    rows of a column, as in table["age"][:5]
    """

    __slots__ = ()
    _repr_html_ = html_of

    @boundary
    def __getitem__(self, name: Any) -> NDArray[Any]:
        if isinstance(name, list | slice | np.ndarray):
            raise ArgumentError(
                f"a table of columns is indexed by one name, not by {shown(name, 40)}; take "
                "several columns as {name: table[name] for name in names}, and rows of a column as "
                "table['age'][rows]"
            )
        return super().__getitem__(name)

    def __missing__(self, name: Any) -> NoReturn:
        hint = suggestion(str(name), list(self))
        raise MissingKeyError(f"there is no column {shown(name, 40)}; {hint}")

    @boundary
    def pop(self, name: Any, *default: Any) -> Any:
        """Take a column out, and return it."""
        if name not in self and not default:
            self.__missing__(name)
        return super().pop(name, *default)

    @boundary
    def __getattr__(self, name: str) -> NoReturn:
        """Answer the names of pandas."""
        if name in self:
            raise AttributeError(f"a column is read as an item: table[{name!r}]")
        refuse_missing(self, "table", name, COLUMNS_ATTRIBUTES)
