"""The environment of a trace: what belongs to one run of a user's function, in one thread.

Every entry point of the tracer (``grad``, ``vjp``, ``jit``, ``scan``, ``fit``) runs the user's
function within an `Environment`. It is held by a context variable, so that a trace in one thread
is invisible in every other, and environments nest as traces do.

Graph transformations that run while a trace is in progress, such as reverse mode inside ``jit``,
read nodes as values of the graph and not as arrays that the user's code may have written to. They
run `suspended`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from chainrule.errors import (
    LIBRARY_FOLDERS,
    ArgumentError,
    ChainruleError,
    TraceError,
    UnsupportedError,
)
from chainrule.graph import trace_errors
from chainrule.graph.outside_function import outside_function_message
from chainrule.graph.protocol_gaps.numpy_namespace import namespaces
from chainrule.graph.protocol_gaps.plain_store import plain_store_message
from chainrule.graph.trace_errors import ConversionError

__all__ = ["SCOPES", "Environment", "current_environment", "suspended"]

SCOPES: list[Callable[[], AbstractContextManager[Any]]] = []
"""What the rooms above enter with each trace, such as the environment of layers."""


@dataclass(slots=True, eq=False)
class Environment:
    """One trace; a context manager around the run of the user's function.

    `start` is a serial number smaller than that of every node of the trace. `arguments` maps the
    serial numbers of the nodes that replace the function's arguments to their names, and
    `argument_stores` says whether a store into one of them is an error, a warning (the store is
    into a copy), or allowed.
    """

    function: Any
    start: int
    is_abstract: bool
    arguments: dict[int, str] = field(default_factory=dict[int, str])
    argument_stores: Literal["refuse", "warn", "allow"] = "allow"
    is_suspended: bool = False
    has_stores: bool = False
    parent: Environment | None = None
    _token: Token[Environment | None] | None = None
    _scopes: list[AbstractContextManager[Any]] | None = None
    _refused: tuple[str, tuple[str, int] | None] = ("", None)
    _replaced: list[Any] = field(default_factory=list[Any])

    def __enter__(self) -> Environment:
        self.parent = _current.get()
        self._token = _current.set(self)
        if not self.is_suspended:
            self._replaced = namespaces.install(self.function)
            self.function = namespaces.traced(self.function)
        # A loop within a trace belongs to it.
        if not self.is_suspended and not (self.is_abstract and self.parent):
            self._scopes = [enter() for enter in SCOPES]
            for scope in self._scopes:
                scope.__enter__()
        return self

    @property
    def name(self) -> str:
        """The name of the function that is traced."""
        return getattr(self.function, "__name__", "the function")

    def is_within(self, other: object) -> bool:
        """Whether this is `other` or a trace that runs inside it."""
        environment: Environment | None = self
        while environment is not None and environment is not other:
            environment = environment.parent
        return environment is other

    @property
    def is_in_progress(self) -> bool:
        """Whether the present trace runs inside this one."""
        current = _current.get()
        return current is not None and current.is_within(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            while self._scopes:
                self._scopes.pop().__exit__(kind, error, traceback)
        finally:
            if not self.is_suspended:
                namespaces.remove(self._replaced)
            assert self._token is not None
            _current.reset(self._token)
        is_of_type = isinstance(error, TypeError | AttributeError | ValueError)
        if is_of_type and (message := outside_function_message(error, traceback)):
            raise UnsupportedError(message) from error
        self._restore_replaced_error(error, traceback)
        if isinstance(error, ConversionError) and self.parent is None:
            # To users it is a `TraceError`; that it passes through NumPy does not matter any more.
            raise TraceError(str(error)).with_traceback(traceback) from None

    def refuse(self, message: str, line: tuple[str, int] | None) -> ConversionError:
        """Return the error of a conversion in a line of the user's code, and remember it."""
        self._refused = message, line
        return ConversionError(message)

    def _restore_replaced_error(
        self, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the error of a conversion that NumPy replaced by one of its own."""
        if isinstance(error, SystemError) and self._refused[0]:  # CPython's, of code in C
            raise TraceError(self._refused[0]) from None
        if not isinstance(error, Exception) or isinstance(error, ChainruleError):
            return
        self._explain(error, _LIST_ERRORS, trace_errors.list_operand)
        innermost = None
        while traceback is not None:  # NumPy's own Python code may stand below the user's line
            if not traceback.tb_frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
                innermost = traceback
            traceback = traceback.tb_next
        traceback = innermost
        message, line = self._refused
        if traceback is None:
            if isinstance(error, TypeError) and _CALL_ERRORS.search(str(error)):
                raise ArgumentError(trace_errors.wrong_call(self.name, str(error))) from None
            return
        if line == (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno):
            if str(error) in _STORE_ERRORS:
                message = plain_store_message(traceback.tb_frame.f_code, traceback.tb_lasti)
            raise TraceError(message) from None
        if "Node" not in traceback.tb_frame.f_globals:  # a class of the user's own
            self._explain(error, _NODE_ERRORS, trace_errors.plain_numbers)

    def _explain(
        self,
        error: Exception,
        pattern: re.Pattern[str],
        message: Callable[[str, str], str],
    ) -> None:
        """Raise a `TraceError` for an error of Python's whose text matches a pattern."""
        is_of_type = isinstance(error, ValueError | TypeError | AttributeError)
        if is_of_type and pattern.search(str(error)) and not self.is_suspended:
            raise TraceError(message(self.name, str(error))) from error


_STORE_ERRORS = (
    "setting an array element with a sequence.",
    "Error setting single item of array.",
)

_NODE_ERRORS = re.compile(r"\bNode\b|^could not convert string to float: '<traced")

_CALL_ERRORS = re.compile(r"\(\) (missing \d|takes \d|got )")

_LIST_ERRORS = re.compile(r"'list'|to list|list indices|can't multiply sequence by non-int")

_current: ContextVar[Environment | None] = ContextVar("environment", default=None)


def current_environment() -> Environment | None:
    """Return the environment of the innermost trace in progress, None outside and suspended."""
    environment = _current.get()
    return None if environment is None or environment.is_suspended else environment


def suspended() -> Environment:
    """Return a context in which nodes are values of the graph, without stores and views."""
    return Environment(None, 0, is_abstract=False, is_suspended=True)
