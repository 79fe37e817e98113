"""Routines of a program in this process: their addresses, their failures, their one thread.

The addresses of LAPACK's routines are those that SciPy publishes for Cython
(``scipy.linalg.cython_lapack.__pyx_capi__``), with the C signature as the name of each capsule.
SciPy is imported when the first program that needs one of them is loaded.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from chainrule.blas_threads import BlasThreads, blas_threads_of
from chainrule.compiler.backends.calling_convention import FAILED_ROUTINE
from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.routine import Callback, parse_callback

__all__ = ["Routines"]

_SIGNATURE = re.compile(r"void \(((char|int|\w+_[sd]) \*(, |\)))+")
"""Pointers to characters, to 32-bit integers, to numbers of single or double precision."""


class Routines:
    """The external routines of one program; raises `CannotCompile` where one is missing."""

    def __init__(self, routines: Sequence[tuple[str, str]]) -> None:
        self._messages = [failure for _, failure in routines]
        self._errors: list[BaseException] = []
        self._functions: list[Any] = []  # kept, as their code is freed with them
        names = [name for name, _ in routines]
        self._callbacks = [i for i, name in enumerate(names) if parse_callback(name)]
        self.threads: BlasThreads | None = None
        self.addresses = [self._address(name) for name, _ in routines]

    def error(self, failure: int) -> BaseException:
        """Return the error of a run that ended with this word, which names a routine."""
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            return error
        if failure // FAILED_ROUTINE - 1 in self._callbacks:
            return KeyboardInterrupt()  # a signal handler raised before the callback had begun
        return np.linalg.LinAlgError(self._messages[failure // FAILED_ROUTINE - 1])

    def _address(self, name: str) -> int:
        callback = parse_callback(name)
        if callback is None:
            self.threads = _lapack_threads()
            return _published_address(*name.split("."))
        function = _foreign_function(callback, self._errors)
        self._functions.append(function)
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        return address


def _foreign_function(callback: Callback, errors: list[BaseException]) -> Any:
    """Make a C function of the addresses of operands, results and ``info``."""
    operands, results = callback.operands, callback.results

    def call(*addresses: int) -> None:
        try:
            inputs = [_array(*each) for each in zip(addresses, operands, strict=False)]
            values = callback.primitive.evaluate(*inputs, **callback.params)
            outputs = addresses[len(operands) : -1]
            for output, type_, value in zip(
                outputs, results, values if len(results) > 1 else [values], strict=True
            ):
                _array(output, type_)[...] = value
            ctypes.c_int32.from_address(addresses[-1]).value = 0
        except BaseException as error:  # noqa: BLE001 (raised when the program has ended)
            errors.append(error)
            ctypes.c_int32.from_address(addresses[-1]).value = 1

    count = len(operands) + len(results) + 1
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * count)(call)


def _array(address: int, type_: tuple[np.dtype[Any], tuple[int, ...]]) -> Any:
    """Return the array at an address."""
    dtype, shape = type_
    array = np.empty(0, dtype) if 0 in shape else None
    if array is None:
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        memory: Any = (ctypes.c_char * size).from_address(address)
        array = np.frombuffer(memory, dtype)
    return array.reshape(shape)


def _published_address(kind: str, name: str) -> int:
    """Return the address of a routine that SciPy publishes."""
    capsule = _modules()[kind].__pyx_capi__.get(name)
    signature = b"" if capsule is None else _capsule_name(capsule)
    if not _SIGNATURE.fullmatch(signature.decode()):
        raise CannotCompile(f"this version of SciPy does not publish LAPACK's {name}")
    return _capsule_pointer(capsule, signature)


@cache
def _modules() -> dict[str, Any]:
    try:
        from scipy.linalg import cython_blas, cython_lapack  # pyright: ignore (has no stubs)
    except ImportError as reason:
        raise CannotCompile(f"SciPy's LAPACK cannot be imported ({reason})") from reason
    return {"blas": cython_blas, "lapack": cython_lapack}


@cache
def _lapack_threads() -> BlasThreads:
    return blas_threads_of(str(_modules()["lapack"].__file__))


def _python_function(name: str, returns: Any, *arguments: Any) -> Callable[..., Any]:
    function = getattr(ctypes.pythonapi, name)
    function.restype, function.argtypes = returns, arguments
    return function


_capsule_name = _python_function("PyCapsule_GetName", ctypes.c_char_p, ctypes.py_object)
_capsule_pointer = _python_function(
    "PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p
)
