"""What makes a node an array-like: attributes, NumPy's dispatch protocols, conversions.

NumPy hands each call with a node to ``__array_ufunc__`` (NEP 13) or ``__array_function__``
(NEP 18); `OPERATIONS`, which ``chainrule.numpy_protocol`` fills, gives the operation on nodes.
Conversions to plain numbers and arrays, which would lose the derivative, raise `ConversionError`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule import tree
from chainrule.arguments.aliases import ARRAY_ATTRIBUTES
from chainrule.arguments.lookup import closest
from chainrule.errors import ChainruleError, MissingAttributeError, UnsupportedError
from chainrule.graph import trace_errors
from chainrule.graph.array_type import ArrayType
from chainrule.graph.environment import current_environment
from chainrule.graph.protocol_gaps.array_dot import calls_dot, right_factor
from chainrule.graph.protocol_gaps.call_site import (
    called_function,
    draws_random_numbers,
    formats_text,
)
from chainrule.graph.protocol_gaps.foreign_arrays import call_method, overrides_ufuncs
from chainrule.graph.protocol_gaps.plain_store import (
    fillable_kinds,
    plain_store_message,
    stores_item,
)
from chainrule.graph.remedies import remedy_for
from chainrule.graph.source_location import frame_at, is_library_file, user_line
from chainrule.graph.trace_errors import ConversionError

__all__ = ["ATTRIBUTES", "OPERATIONS", "ArrayInterface", "refused"]

OPERATIONS: dict[Any, Callable[..., Any]] = {}
"""Dispatch table: NumPy function, (ufunc, method) or array method name -> operation on nodes."""

ATTRIBUTES: dict[str, Callable[..., Any]] = {}
"""Attributes of arrays, such as ``real`` and ``flat`` -> operation on nodes."""


def refused(message: str) -> ConversionError:
    """Return the error of a conversion; the trace in progress notes the line of the user's code."""
    environment = current_environment()
    if environment is None:
        return ConversionError(message)
    return environment.refuse(message, user_line(frame_at(1)))


_PIECEWISE_CONSTANT = {"ceil", "floor", "isclose", "isfinite", "isinf", "isnan", "trunc", "ulp"}


class ArrayInterface(NDArrayOperatorsMixin):
    """The interface of NumPy arrays, for the class of nodes."""

    __slots__ = ()
    __array_priority__ = 1000

    # The attributes of NumPy arrays.

    @property
    @abstractmethod
    def array_type(self) -> ArrayType:
        """Shape and dtype."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.array_type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.array_type.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.array_type.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.array_type.size

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's name)
        """The axes in reverse order."""
        return OPERATIONS["transpose"](self)

    def __len__(self) -> int:
        if not self.shape:
            raise refused(trace_errors.SCALAR_WITHOUT_AXES)
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise refused(trace_errors.SCALAR_WITHOUT_AXES)
        get_item, is_of_user = OPERATIONS["__getitem__"], _is_of_user(frame_at(1))
        return (get_item(self, i, is_of_user) for i in range(self.shape[0]))

    def __eq__(self, other: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.zeros(self.shape, bool)[()] if other is None else super().__eq__(other)

    def __ne__(self, other: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.ones(self.shape, bool)[()] if other is None else super().__ne__(other)

    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]

    # Copies and pickles.

    def __copy__(self) -> Any:
        return self._call_method("copy")

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._call_method("copy")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise refused(trace_errors.PICKLED)

    def __contains__(self, value: Any) -> bool:
        return bool(OPERATIONS["any"](self == value))

    def __getitem__(self, index: Any) -> Any:
        return OPERATIONS["__getitem__"](self, index, _is_of_user(frame_at(1)))

    def __setitem__(self, index: Any, value: Any) -> None:
        OPERATIONS["__setitem__"](self, index, value)

    def __getattr__(self, name: str) -> Any:
        if name in ATTRIBUTES:
            return ATTRIBUTES[name](self)
        if name in OPERATIONS and not name.startswith("_"):
            return partial(self._call_method, name)
        if not name.startswith("_") and hasattr(np.ndarray, name):
            raise AttributeError(
                f"the array attribute .{name} cannot be traced; {remedy_for(f'.{name}')}"
            )
        raise MissingAttributeError(partial(_missing, name), name)

    def _call_method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        result = call_method(OPERATIONS[name], self, *args, **kwargs)
        return OPERATIONS["__detached__"](name, result, (self,))

    # NumPy's dispatch protocols: calls in the user's function arrive here.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(overrides_ufuncs(x, ArrayInterface) for x in inputs):
            return NotImplemented
        if fillable_kinds.get():
            call = partial(self._ufunc_called, ufunc, method)
            return _of_constants(call, getattr(ufunc, method), inputs, options)
        return self._ufunc_called(ufunc, method, *inputs, **options)

    def _ufunc_called(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        key = ufunc if method == "__call__" else (ufunc, method)
        operation = OPERATIONS.get(key)
        if operation is None:
            name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            full_name = f"{trace_errors.namespace_of(ufunc)}{name}"
            operation = OPERATIONS.get(full_name)
            if operation is None:
                remedy = remedy_for(full_name)
                raise UnsupportedError(f"{full_name} cannot be traced; {remedy}")
        result = operation(*inputs, **options)
        return result if "out" in options else OPERATIONS["__detached__"](key, result, inputs)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not all(issubclass(each, np.ndarray | ArrayInterface) for each in types):
            return NotImplemented
        if fillable_kinds.get():
            return _of_constants(partial(self._function_called, function), function, args, kwargs)
        return self._function_called(function, *args, **kwargs)

    def _function_called(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        operation = OPERATIONS.get(function)
        if operation is None:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
            raise UnsupportedError(f"{name} cannot be traced; {remedy_for(name)}")
        result = operation(*args, **kwargs)
        if kwargs.get("out") is not None:
            return result
        return OPERATIONS["__detached__"](function, result, args)

    # A list times an integer is repeated, where the integer is a scalar, as it is plainly.

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, list | tuple | str) and self._is_integer_scalar:
            return other * self.__index__()  # pyright: ignore[reportUnknownVariableType]
        return super().__mul__(other)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, list | tuple | str) and self._is_integer_scalar:
            return other * self.__index__()  # pyright: ignore[reportUnknownVariableType]
        return super().__rmul__(other)

    @property
    def _is_integer_scalar(self) -> bool:
        is_scalar = not self.shape and not issubclass(self.__class__, np.ndarray)
        return is_scalar and self.dtype.kind in "iu"

    # Conversions.

    @property
    @abstractmethod
    def is_convertible(self) -> bool:
        """Whether a conversion loses no derivative, and the value is known."""

    @property
    @abstractmethod
    def value(self) -> Any:
        """The value, evaluated on demand by NumPy."""

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Return NumPy, the namespace of the array API, by which SciPy tells arrays."""
        return np

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if calls_dot(frame_at(1)):
            return right_factor(OPERATIONS["dot"], self)
        if self.is_convertible:
            return np.array(self.value, dtype)
        caller = frame_at(1)
        if stores_item(caller):
            raise refused(plain_store_message(caller.f_code, caller.f_lasti))
        if draws_random_numbers(caller):
            raise refused(trace_errors.RANDOM_PARAMETERS)
        if self.array_type.is_float:
            raise refused(trace_errors.DERIVATIVE_LOST)
        raise refused(trace_errors.UNKNOWN_INDICES)

    def __float__(self) -> float:
        return float(self._converted("float", frame_at(1)))

    def __int__(self) -> int:
        return int(self._converted("int", frame_at(1)))

    def __complex__(self) -> complex:
        return complex(self._converted("complex", frame_at(1)))

    def _converted(self, name: str, caller: Any) -> Any:
        if self.is_convertible or formats_text(caller):
            return self.value
        if stores_item(caller) and name != "complex":
            raise refused(plain_store_message(caller.f_code, caller.f_lasti))
        if not self.array_type.is_float:
            return self.value  # it is not known, and the error says what helps
        function = called_function(caller)
        if function is not None and function.__module__ == "math":
            if function.__name__ in _PIECEWISE_CONSTANT:
                return self.value
            raise refused(trace_errors.math_function(OPERATIONS, function.__name__))
        if draws_random_numbers(caller):
            raise refused(trace_errors.RANDOM_PARAMETERS)
        raise refused(trace_errors.conversion(name))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __round__(self, ndigits: int | None = None) -> Any:
        return OPERATIONS[np.round](self, ndigits or 0)

    def __floor__(self) -> Any:
        return OPERATIONS[np.floor](self)

    def __ceil__(self) -> Any:
        return OPERATIONS[np.ceil](self)

    def __trunc__(self) -> Any:
        return OPERATIONS[np.trunc](self)


def _is_of_user(frame: FrameType) -> bool:
    """Whether a frame is of user's code that is traced and fills arrays."""
    return bool(fillable_kinds.get()) and not is_library_file(frame.f_code.co_filename)


def _of_constants(call: Any, function: Any, args: Any, options: dict[str, Any]) -> Any:
    """Call an operation; for arrays that hold constants alone, NumPy's function if it is none."""
    try:
        return call(*args, **options)
    except ChainruleError:
        leaves, structure = tree.flatten((args, options))
        nodes = [each for each in leaves if isinstance(each, ArrayInterface)]
        if "out" in options or not all(each.is_convertible for each in nodes):
            raise
    plain = [np.array(x.value) if isinstance(x, ArrayInterface) else x for x in leaves]
    arguments, keywords = tree.unflatten(structure, plain)
    return function(*arguments, **keywords)


def _missing(name: str) -> str:
    """Return the message of an attribute that traced values lack."""
    title = f"a traced value has no attribute {name!r}"
    if name.startswith("_"):
        return title
    known = [each for each in dir(np.ndarray) if each in ATTRIBUTES or each in OPERATIONS]
    hint = closest(name, known, ARRAY_ATTRIBUTES, "x.{}".format)
    return f"{title}; {hint}" if hint else title
