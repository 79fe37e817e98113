"""Program launch: load the machine code, then call it on the program's threads."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

from chainrule.blas_threads import BlasThreads
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.compiler.runtime.code_loader import load_code
from chainrule.compiler.runtime.thread_count import get_num_threads, share_of_threads
from chainrule.compiler.runtime.thread_pool import (
    compile_pool_in_background,
    limited_threads,
    run_alone,
    run_if_idle,
)
from chainrule.locks import ReentrantLock, fork_lock

__all__ = ["Launcher", "MachineCode"]

ENTRY_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""A program for one thread reads its first argument alone, and each costs time to pass."""


class MachineCode:
    """The code of a program: generated when first needed, or in the background; then loaded."""

    def __init__(self, generate: Callable[[], bytes], began: float) -> None:
        self._generate: Callable[[], bytes] | None = generate
        self._is_in_background = False
        self._began = began  # by time.perf_counter, when compilation began
        self.seconds = 0.0  # from then until the code was loaded
        self._lock = ReentrantLock()  # as several programs may have this code

    def generate_in_background(self) -> None:
        """Start to generate the code; `entry` waits for it."""
        with self._lock:
            if self._generate is not None and not self._is_in_background:
                self._is_in_background = True
                self._generate = BackgroundTask(self._generate).result

    def entry(self) -> int:
        """Return the address of the function ``run``, valid as long as this object lives."""
        if self._generate is not None:
            with self._lock:
                if self._generate is not None:
                    self._library = load_code(self._generate(), ("run",))
                    self._generate = None
                    self.seconds = time.perf_counter() - self._began
        return self._library.address("run")


class Launcher:
    """Calls a program.

    `launch` takes the address of the argument block. Its caller holds `lock`, as all calls of a
    program use the same memory. The routines that the program calls, if any, are those of `blas`.
    """

    def __init__(
        self,
        code: MachineCode,
        is_multithreaded: bool,
        max_threads: int | None,
        blas: BlasThreads | None = None,
    ) -> None:
        self._code = code
        self._blas = blas
        self._is_multithreaded = is_multithreaded
        limit = get_num_threads()
        self.max_threads = min(max_threads or limit, limit) if is_multithreaded else 1
        self.lock = fork_lock()
        self.launch: Callable[[int], None] = self._load_and_launch

    def prepare_in_background(self) -> None:
        """Start to generate the code, and that of the thread pool if it will run there."""
        self._code.generate_in_background()
        if self._is_multithreaded:
            compile_pool_in_background()

    def load(self) -> None:
        """Load the code, for which it may have to wait; the caller holds `lock`."""
        entry = self._code.entry()

        def launch_threads(address: int) -> None:
            threads = self.threads
            if threads == 1 or not run_if_idle(entry, address, threads):
                run_alone(entry, address)

        launch = launch_threads if self._is_multithreaded else ENTRY_TYPE(entry)
        blas = self._blas

        def launch_on_one_blas_thread(address: int) -> None:
            assert blas is not None
            with blas:
                launch(address)

        self.launch = launch if blas is None else launch_on_one_blas_thread

    def _load_and_launch(self, address: int) -> None:
        self.load()
        self.launch(address)

    @property
    def threads(self) -> int:
        """On how many threads the program runs, unless cores are oversubscribed."""
        return min(share_of_threads(), self.max_threads)

    @property
    def threads_now(self) -> int:
        """On how many threads it would run at this moment."""
        return limited_threads(self.threads) if self._is_multithreaded else 1
