"""Thread pool: all threads run the same program (SPMD), the caller as thread 0.

The workers are Python threads that stay in one native call, so they never hold the interpreter
lock. Between jobs they spin for a while, then sleep on a condition variable. To start a job, run
thread 0's part and wait for the workers is one native call too: Python handles signals between its
own instructions only, so an interrupt never comes while some threads are in a program and others
are not.
"""

import _thread
import atexit
import ctypes
import os
import sys
import threading
import time
from functools import cache
from typing import Any

from chainrule.compiler.backends.calling_convention import ALIGNMENT, CONTROL_BYTES
from chainrule.compiler.backends.llvm_library import load_llvm
from chainrule.compiler.cache.object_cache import cached_object
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.compiler.runtime.code_loader import LoadedCode, load_code
from chainrule.compiler.runtime.thread_limit import ThreadLimit
from chainrule.errors import warn

__all__ = [
    "compile_pool_in_background",
    "limited_threads",
    "run_alone",
    "run_if_idle",
    "run_program",
]

REQUEST_PAUSE = 1.0
"""Seconds until the system is asked again for threads that it has refused."""

RUN_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
WORK_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def run_program(program: int, block: int, threads: int, is_limit: bool = False) -> None:
    """Run a program on some threads; return when all have finished.

    With `is_limit`, on fewer than `threads` while cores are oversubscribed.
    """
    if sys.platform == "win32":
        threads = 1  # workers sleep on POSIX condition variables
    pool = _pool()
    with pool.busy:
        pool.run(program, block, threads, is_limit)


def run_if_idle(program: int, block: int, threads: int) -> bool:
    """Run a program as `run_program` does, unless the workers are busy; return whether it ran.

    The program of another Python thread then need not be waited for: one core is this thread's.
    """
    pool = _pool()
    if sys.platform == "win32" or not pool.busy.acquire(blocking=False):
        return False
    try:
        pool.run(program, block, threads, is_limit=True)
    finally:
        pool.busy.release()
    return True


def run_alone(program: int, block: int) -> None:
    """Run a program on the calling thread; those of other threads need not wait for it."""
    if not hasattr(_own, "control"):
        if _preparation is not None:
            _preparation.wait()
        _prepare_own()
    _own.run(_own.control, program, block, 1)


def limited_threads(threads: int) -> int:
    """Return on how many threads a program for at most `threads` would run at this moment."""
    return _pool().limit.threads(threads, time.perf_counter())


def compile_pool_in_background() -> None:
    """Start to compile the pool's own native code in the background, unless that was done."""
    global _preparation  # noqa: PLW0603 - created on first use, once for the process
    if _preparation is None:
        _preparation = BackgroundTask(_native_library)


_preparation: BackgroundTask[LoadedCode] | None = None


_HAS_CLOCKS = hasattr(time, "pthread_getcpuclockid") and hasattr(time, "thread_time")
"""Whether the system tells the CPU time of single threads."""


class _Pool:
    """The workers of one process, as many as any program has requested so far."""

    def __init__(self) -> None:
        self._process = os.getpid()
        if _preparation is not None:
            _preparation.wait()
        self._library = _native_library()
        self._run = RUN_TYPE(self._library.address("chainrule.run"))
        self._work = WORK_TYPE(self._library.address("chainrule.work"))
        self._memory, self._control = _control_block(self._library)
        self._workers: list[threading.Thread] = []
        self._clocks: list[int] = []  # of the workers' CPU time
        self.busy = threading.Lock()
        self._growth = threading.Lock()
        self._is_stopped = self._has_warned = False
        self._next_request = 0.0  # by time.perf_counter
        self.limit = ThreadLimit(self._cpu_time)

    def run(self, program: int, block: int, threads: int, is_limit: bool) -> None:
        """Run one program; its caller holds `busy`."""
        started = self.limit.start()
        if is_limit:
            threads = self.limit.threads(threads, started[0])
        if len(self._workers) < threads - 1:
            self._request_workers(threads - 1, started[0])
            # If the system refused some, fewer threads compute the same bits.
            threads = min(threads, 1 + len(self._workers))
        self._run(self._control, program, block, threads)
        self.limit.stop(threads, started)

    def _cpu_time(self) -> float:
        """Return the CPU time of the calling thread and the workers, if the system tells it."""
        if not _HAS_CLOCKS:
            return time.process_time()
        return time.thread_time() + sum(map(time.clock_gettime, self._clocks))

    def stop(self) -> None:
        """Make the workers return from native code before its memory is unmapped."""
        if os.getpid() != self._process:
            return  # a forked child inherits this exit handler, but no workers and no free locks
        with self.busy, self._growth:
            # A job with a null program makes the workers return.
            self._run(self._control, None, None, 1)
            for worker in self._workers:
                worker.join()
            self._workers.clear()
            self._clocks.clear()
            # Exit handlers and daemon threads may still run programs, on their own thread.
            self._is_stopped = True

    def _request_workers(self, count: int, now: float) -> None:
        """Start workers until there are `count`, or as many as the system permits; then warn."""
        if self._is_stopped or now < self._next_request:
            return
        # In another thread: an interrupt, which only the main thread receives, must not
        # come between a worker's start and its entry in the list, or two share an index.
        # Plain locks only: within Thread.start an interrupt becomes a RuntimeError.
        done = _thread.allocate_lock()
        done.acquire()
        try:
            _thread.start_new_thread(self._grow, (count, done))
            done.acquire()
        except RuntimeError:
            pass
        if len(self._workers) < count:
            self._next_request = now + REQUEST_PAUSE
            if not self._has_warned:
                self._has_warned = True
                possible = 1 + len(self._workers)
                warn(
                    f"the system refuses more threads: programs run on {possible} instead of "
                    f"{count + 1}, which gives the same results; raise its limits (ulimit -u and "
                    f"-v), or call set_num_threads({possible})"
                )

    def _grow(self, count: int, done: Any) -> None:
        try:
            with self._growth:
                while len(self._workers) < count:
                    self._add_worker()
        except (RuntimeError, MemoryError):  # the system refuses a thread
            pass
        finally:
            done.release()

    def _add_worker(self) -> None:
        index = len(self._workers) + 1
        worker = threading.Thread(
            target=self._work, args=(self._control, index), name=f"chainrule-{index}", daemon=True
        )
        worker.start()
        if _HAS_CLOCKS and worker.ident is not None:
            self._clocks.append(time.pthread_getcpuclockid(worker.ident))
        self._workers.append(worker)


_own = threading.local()
"""The control block of each thread that runs programs alone, with no workers."""


def _prepare_own() -> None:
    # Kept, as its code is unmapped otherwise: threads that load it at once each have another one.
    _own.library = _native_library()
    _own.run = RUN_TYPE(_own.library.address("chainrule.run"))
    _own.memory, _own.control = _control_block(_own.library)


def _control_block(library: LoadedCode) -> tuple[Any, int]:
    """Return the memory of a new control block, and its address."""
    memory = ctypes.create_string_buffer(CONTROL_BYTES + ALIGNMENT)
    begin = ctypes.addressof(memory)
    control = begin + -begin % ALIGNMENT
    WORK_TYPE(library.address("chainrule.prepare"))(control, 0)
    return memory, control


_creation = threading.Lock()
_pools: dict[int, _Pool] = {}


def _pool() -> _Pool:
    """Return this process's pool; a forked child has none of its parent's threads."""
    process = os.getpid()
    pool = _pools.get(process)
    if pool is None:
        with _creation:
            pool = _pools.get(process)
            if pool is None:
                pool = _pools[process] = _Pool()
                atexit.register(pool.stop)
    return pool


def _renew_creation_lock() -> None:
    """Replace the lock, which another thread of the parent may have held during the fork."""
    global _creation  # noqa: PLW0603 - a child can only replace it
    _creation = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_creation_lock)


@cache
def _native_library() -> LoadedCode:
    code = cached_object("threads", _compile_pool)
    return load_code(code, ("chainrule.prepare", "chainrule.run", "chainrule.work"))


def _compile_pool() -> bytes:
    load_llvm()  # which is not needed where all code is cached
    from chainrule.compiler.backends.llvm.spmd.worker_code import pool_code

    return pool_code()
