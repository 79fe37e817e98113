"""One thread for BLAS and LAPACK, so that bits do not depend on the number of their threads.

OpenBLAS partitions a product or a factorization by the number of its threads, and the sums of
another partition are rounded in another order. `one_blas_thread` sets the library behind NumPy to
one thread for a while::

    with one_blas_thread():
        factor = np.linalg.cholesky(a)

The functions that do so are found among the symbols of the extension module and of the libraries
that it was linked with: OpenBLAS under the names of NumPy's and SciPy's wheels and of
distributions, MKL, BLIS. A library that has none, such as Accelerate or the reference BLAS, is left
as it is. The setting is one of the process: other threads that call the library meanwhile have one
thread too. (``threadpoolctl`` finds the same functions; a context of it takes 16 microseconds.)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import TracebackType

from chainrule.locks import fork_lock

__all__ = ["ON_ONE_THREAD", "BlasThreads", "blas_threads_of", "one_blas_thread"]

_FUNCTIONS = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
    ("bli_thread_get_num_threads", "bli_thread_set_num_threads"),
)
"""How each library reads and sets the number of its threads."""


ON_ONE_THREAD: set[Callable[..., object]] = set()
"""Functions that run on one thread of BLAS; so does all of a graph that has one of them, as the
products in derivatives of linear algebra would have other bits on several threads too."""


class BlasThreads:
    """The threads of one library: as a context, one thread; then the number there was.

    Contexts may be nested and entered by several Python threads: the last to leave restores the
    number, unless it was changed meanwhile.
    """

    def __init__(self, read: Callable[[], int], write: Callable[[int], object]) -> None:
        self.read, self.write = read, write
        self._lock = fork_lock()
        self._users = 0
        self._previous = 1

    def __enter__(self) -> None:
        """Set the library to one thread."""
        with self._lock:
            if not self._users:
                self._previous = self.read()
                if self._previous > 1:
                    self.write(1)
            self._users += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the number of threads."""
        with self._lock:
            self._users -= 1
            if not self._users and self._previous > 1 and self.read() == 1:
                self.write(self._previous)


@cache
def one_blas_thread() -> BlasThreads:
    """Return the context in which NumPy's linear algebra runs on one thread."""
    from numpy.linalg import _umath_linalg  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] (without stubs)

    return blas_threads_of(str(_umath_linalg.__file__))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def blas_threads_of(extension: str) -> BlasThreads:
    """Return the threads of the BLAS library behind the extension module of this file."""
    for library in _libraries(extension):
        for get, put in _FUNCTIONS:
            if hasattr(library, get) and hasattr(library, put):
                read, write = getattr(library, get), getattr(library, put)
                write.restype, write.argtypes = None, [ctypes.c_int]
                return _threads_at(ctypes.cast(write, ctypes.c_void_p).value, read, write)
    return BlasThreads(lambda: 1, lambda _: None)


_known: dict[int | None, BlasThreads] = {}


def _threads_at(
    address: int | None, read: Callable[[], int], write: Callable[[int], object]
) -> BlasThreads:
    """Return the threads of a library, one object for all that are linked with it."""
    return _known.setdefault(address, BlasThreads(read, write))


def _libraries(extension: str) -> Iterator[ctypes.CDLL]:
    """Yield the module's file, which stands for its dependencies too, then those in its wheel.

    On Windows a file stands for itself alone.
    """
    folders = [each.parent / f"{each.name}.libs" for each in Path(extension).parents[:3]]
    wheel = (path for folder in folders for path in sorted(folder.glob("*openblas*")))
    for path in (extension, *wheel):
        try:
            yield ctypes.CDLL(str(path))
        except OSError:
            continue
