"""One program, all threads: native workers that run the same function side by side.

    void program(ptr arena, i64 thread, i64 threads, ptr barrier)

Workers are Python threads that sit in one native call for ever, so they need no interpreter lock.
Between jobs they linger, then sleep in a condition variable. Starting a job, running the caller's
own share and waiting for the others is one native call too: Python handles signals only between its
own instructions, so Ctrl-C can never come while some threads are in a program and others are not.
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
from chainrule.compiler.cache.object_cache import cached_object
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.compiler.runtime.code_loader import Loaded, load_code
from chainrule.compiler.runtime.thread_limit import ThreadLimit

__all__ = ["allowed_threads", "prepare_threads", "run_program"]

RUN_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
WORK_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def run_program(program: int, arena: int, threads: int, is_limit: bool = False) -> None:
    """Run a program on some threads; return when all have finished."""
    if sys.platform == "win32":
        threads = 1  # the workers sleep in POSIX threads' objects
    _pool().run(program, arena, threads, is_limit)


def allowed_threads(threads: int) -> int:
    """Return on how many threads a program would run now that may run on fewer."""
    return _pool().allowance.threads(threads, time.perf_counter())


def prepare_threads() -> None:
    """Compile what threads run between programs, in a thread of its own, if that is not done."""
    global _preparation  # noqa: PLW0603 - a thread must be held by somebody
    if _preparation is None:
        _preparation = BackgroundTask(_native_library)


_preparation: BackgroundTask[Loaded] | None = None


class _Pool:
    """The workers of one process, as many as any program has asked for so far."""

    def __init__(self) -> None:
        self._process = os.getpid()
        if _preparation is not None:
            _preparation.wait()
        self._library = _native_library()
        self._run = RUN_TYPE(self._library.address("chainrule.run"))
        self._work = WORK_TYPE(self._library.address("chainrule.work"))
        self._memory = ctypes.create_string_buffer(CONTROL_BYTES + ALIGNMENT)
        begin = ctypes.addressof(self._memory)
        self._control = begin + -begin % ALIGNMENT
        WORK_TYPE(self._library.address("chainrule.prepare"))(self._control, 0)
        self._workers: list[threading.Thread] = []
        self._busy = threading.Lock()
        self._growth = threading.Lock()
        self.allowance = ThreadLimit()

    def run(self, program: int, arena: int, threads: int, is_limit: bool) -> None:
        """Run one program; another thread's program waits its turn."""
        with self._busy:
            started = self.allowance.start()
            if is_limit:
                threads = self.allowance.threads(threads, started[0])
            if len(self._workers) < threads - 1:
                # By a thread of its own: an interrupt, which the main thread alone gets, must not
                # come between a worker's start and its place in the list, or two share a number.
                # Plain locks only: within Thread.start an interrupt becomes a RuntimeError.
                done = _thread.allocate_lock()
                done.acquire()
                _thread.start_new_thread(self._grow, (threads - 1, done))
                done.acquire()
                # Where the system gave fewer threads, fewer do the work, to the same bits.
                threads = min(threads, 1 + len(self._workers))
            self._run(self._control, program, arena, threads)
            self.allowance.stop(threads, started)

    def stop(self) -> None:
        """Let the workers leave native code before its memory is given back."""
        if os.getpid() != self._process:
            return  # a forked child inherits this call at exit, but neither workers nor free locks
        with self._busy, self._growth:
            # A job without a program, in which the workers take no part, tells them to leave.
            self._run(self._control, None, None, 1)
            for worker in self._workers:
                worker.join()
            self._workers.clear()

    def _grow(self, count: int, done: Any) -> None:
        try:
            with self._growth:
                while len(self._workers) < count:
                    self._add_worker()
        finally:
            done.release()

    def _add_worker(self) -> None:
        index = len(self._workers) + 1
        worker = threading.Thread(
            target=self._work, args=(self._control, index), name=f"chainrule-{index}", daemon=True
        )
        worker.start()
        self._workers.append(worker)


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


def _forget_creation() -> None:
    """Replace a lock that another thread of the parent may have held while it forked."""
    global _creation  # noqa: PLW0603 - there is nothing else that a child could put right
    _creation = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_creation)


@cache
def _native_library() -> Loaded:
    code = cached_object("threads", _compiled)
    return load_code(code, ("chainrule.prepare", "chainrule.run", "chainrule.work"))


def _compiled() -> bytes:
    # It loads LLVM, which a process that finds all code on the disk does without.
    from chainrule.compiler.backends.llvm.spmd.worker_code import pool_code

    return pool_code()
