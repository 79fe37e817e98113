"""The exceptions of chainrule.

::

    ChainruleError                  everything this library raises on purpose
    ├── DataError    (ValueError)       data do not fit: NaN, ragged, empty, labels out of range
    │   ├── ShapeError                      their shapes
    │   └── DTypeError (TypeError)          their dtype
    ├── ArgumentError (ValueError)      an argument out of range, or unknown
    ├── MissingKeyError (KeyError)      a name that a mapping does not have
    ├── MissingAttributeError (AttributeError)  a name that a module or an object does not have
    ├── TraceError   (TypeError)        Python code that cannot be traced
    ├── UnsupportedError (TypeError)    a NumPy function that is not implemented
    ├── GradientError (ArithmeticError) a derivative that a numerical one contradicts
    ├── GraphError   (RuntimeError)     an invalid graph: a bug of this library
    ├── FormatError  (ValueError)       a malformed file; carries the byte offset
    └── DownloadError (OSError)         a data set that could not be downloaded

    ChainruleWarning (UserWarning)  a likely mistake, or a slower fallback

``except ValueError`` catches data and arguments that do not fit, as with NumPy, Keras and
scikit-learn; a file that is not there is Python's FileNotFoundError, a name that a module lacks an
ImportError where it is imported, an optional library that is not installed an ImportError.
Every message names the operation, the values, the rule they break and the remedy.
"""

import contextlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

__all__ = [
    "LIBRARY_FOLDERS",
    "ArgumentError",
    "ChainruleError",
    "ChainruleWarning",
    "DTypeError",
    "DataError",
    "DownloadError",
    "FormatError",
    "GradientError",
    "GraphError",
    "MissingAttributeError",
    "MissingKeyError",
    "ShapeError",
    "TraceError",
    "UnsupportedError",
    "counted",
    "type_in_words",
    "warn",
]


class ChainruleError(Exception):
    """Base class of all exceptions of this library."""


class DataError(ChainruleError, ValueError):
    """Data do not fit: their values, shapes or dtypes break a rule of the operation."""


class ShapeError(DataError):
    """Shapes are incompatible."""


class DTypeError(DataError, TypeError):
    """The operation does not support this dtype."""


class ArgumentError(ChainruleError, ValueError):
    """An argument is unknown or out of range."""


class MissingKeyError(ChainruleError, KeyError):
    """A mapping, such as the parameters of a network, has no such name."""

    def __str__(self) -> str:
        return str(self.args[0])  # that of KeyError is in quotes


class MissingAttributeError(ChainruleError, AttributeError):
    """A module or an object has no such attribute.

    Parameters
    ----------
    message : str or callable
        What is missing and the remedy, or a function that returns it: it is called when the error
        is shown, as many attributes are only asked for by ``hasattr``.
    name : str or None
        The attribute.
    """

    def __init__(self, message: str | Callable[[], str], name: str | None = None) -> None:
        self._message, self.attribute = message, name
        self.name = name  # as any AttributeError has it

    def __str__(self) -> str:
        return self._message if isinstance(self._message, str) else self._message()

    def __reduce__(self) -> tuple[type, tuple[str, str | None]]:
        return type(self), (str(self), self.attribute)


class TraceError(ChainruleError, TypeError):
    """Python code cannot be traced."""


class UnsupportedError(ChainruleError, TypeError):
    """A NumPy function, or one of its arguments, cannot be traced."""


class GradientError(ChainruleError, ArithmeticError):
    """A derivative disagrees with an independent computation of it."""


class GraphError(ChainruleError, RuntimeError):
    """A graph is invalid: a bug of this library, not of the user."""


class FormatError(ChainruleError, ValueError):
    """A file is malformed.

    Parameters
    ----------
    message : str
        The content, the rule of the format and the remedy.
    offset : int or None
        Byte offset of the first error, where it is known.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        self.offset = offset
        super().__init__(message if offset is None else f"{message} (at byte {offset})")


class DownloadError(ChainruleError, OSError):
    """A data set could not be downloaded, or its checksum is wrong."""


class ChainruleWarning(UserWarning):
    """A likely mistake, or a slower fallback."""


LIBRARY_FOLDERS = (
    str(Path(__file__).parent),
    str(Path(np.__file__).parent),
    contextlib.__file__,  # calls what a context manager of this package does in the end
)
"""Where the code is that is not the user's."""


def warn(message: str, category: type[Warning] | None = None) -> None:
    """Issue a warning at the line of the user's code, outside this package and NumPy.

    Parameters
    ----------
    message : str
        What is likely wrong, and the remedy.
    category : type of Warning, optional
        ChainruleWarning if not given.
    """
    level, frame = 2, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category or ChainruleWarning, stacklevel=level)


def type_in_words(value: object) -> str:
    """Return the type of a value with its article, as messages name it.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    str
        Such as "an int".

    Examples
    --------
    >>> [type_in_words(value) for value in (1, [], None)]
    ['an int', 'a list', 'None']
    """
    name = type(value).__name__
    if value is None:
        return "None"
    return f"an {name}" if name[0] in "aeioAEIO" else f"a {name}"


def counted(count: int | None, noun: str) -> str:
    """Return a number of things, as messages have it.

    Parameters
    ----------
    count : int or None
        How many; None if it is not known.
    noun : str
        One of them, such as "row".

    Returns
    -------
    str
        Such as "1 row".

    Examples
    --------
    >>> counted(1, "row"), counted(1797, "sample"), counted(0, "class"), counted(2, "axis")
    ('1 row', '1,797 samples', '0 classes', '2 axes')
    """
    if count == 1:
        return f"1 {noun}"
    number = "any number of" if count is None else f"{count:,}"
    return f"{number} {_IRREGULAR.get(noun, f'{noun}s')}"


_IRREGULAR = {
    "axis": "axes",
    "category": "categories",
    "class": "classes",
    "entry": "entries",
    "index": "indices",
}
