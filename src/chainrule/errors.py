"""The exceptions of chainrule.

::

    ChainruleError                  everything this library raises on purpose
    ├── ShapeError   (ValueError)       shapes that do not fit one another
    ├── DTypeError   (TypeError)        numbers of a kind the operation cannot use
    ├── ArgumentError (ValueError)      an argument outside its allowed values, or unknown
    ├── DataError    (ValueError)       the user's data: NaN, ragged, empty, labels out of range
    ├── TraceError   (TypeError)        Python code that tracing cannot follow
    ├── UnsupportedError (TypeError)    a NumPy function that has no derivative here
    ├── GradientError (ArithmeticError) a derivative that disagrees with an independent method
    ├── GraphError   (RuntimeError)     an internal graph that breaks its own rules: our mistake
    ├── FormatError  (ValueError)       a file that is not what it says; carries the byte offset
    └── DownloadError (OSError)         a data set that could not be fetched

    ChainruleWarning (UserWarning)  a likely mistake, or a slower way taken

Every message names the operation, the values seen, the rule they break and the mend.
"""

__all__ = [
    "ArgumentError",
    "ChainruleError",
    "ChainruleWarning",
    "DTypeError",
    "DataError",
    "DownloadError",
    "FormatError",
    "GradientError",
    "GraphError",
    "ShapeError",
    "TraceError",
    "UnsupportedError",
    "type_in_words",
]


class ChainruleError(Exception):
    """Anything this library raises on purpose."""


class ShapeError(ChainruleError, ValueError):
    """Shapes do not fit one another."""


class DTypeError(ChainruleError, TypeError):
    """The operation cannot use numbers of this kind."""


class ArgumentError(ChainruleError, ValueError):
    """An argument is unknown or outside its allowed values."""


class DataError(ChainruleError, ValueError):
    """The user's data breaks a rule that training relies on."""


class TraceError(ChainruleError, TypeError):
    """Tracing cannot follow this piece of Python."""


class UnsupportedError(ChainruleError, TypeError):
    """A NumPy function (or a form of it) is not among those that can be traced."""


class GradientError(ChainruleError, ArithmeticError):
    """A derivative disagrees with an independent way of computing it."""


class GraphError(ChainruleError, RuntimeError):
    """A graph breaks its own rules; this is a mistake of the library, not of the user."""


class FormatError(ChainruleError, ValueError):
    """A file is not what it claims to be.

    Parameters
    ----------
    message : str
        What was found, what the format asks for and how to mend it.
    offset : int or None
        Byte offset of the first thing that is wrong, where it is known.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        self.offset = offset
        super().__init__(message if offset is None else f"{message} (at byte {offset})")


class DownloadError(ChainruleError, OSError):
    """A data set could not be fetched or did not have the expected checksum."""


class ChainruleWarning(UserWarning):
    """A likely mistake, or a slower way that had to be taken."""


def type_in_words(value: object) -> str:
    """Name the type of a value as messages do.

    Parameters
    ----------
    value : object
        What was seen.

    Returns
    -------
    str
        With its article.

    Examples
    --------
    >>> [type_in_words(value) for value in (1, [], None)]
    ['an int', 'a list', 'None']
    """
    name = type(value).__name__
    if value is None:
        return "None"
    return f"an {name}" if name[0] in "aeioAEIO" else f"a {name}"
