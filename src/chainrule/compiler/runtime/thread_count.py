"""Thread count: how many threads compiled programs run on at most."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError

__all__ = [
    "available_cores",
    "get_num_threads",
    "set_num_threads",
    "share_of_threads",
    "sharing_threads",
    "single_threaded",
]

_DEFAULT_LIMIT = 8
"""More threads are used only on request."""

MAX_THREADS = 1024
"""As many as the largest machines have cores; each takes memory for its stack and scratch."""

RULE = f"an integer, 1 or more and at most {MAX_THREADS}"

_chosen: list[int] = []


class _ThreadLimit(threading.local):
    """The limit of the calling thread."""

    is_single = False


_own = _ThreadLimit()


@contextmanager
def single_threaded() -> Generator[None]:
    """Let the programs that the calling thread runs use no other: it is one of several alike.

    Examples
    --------
    >>> with single_threaded():
    ...     get_num_threads()
    1
    """
    before, _own.is_single = _own.is_single, True
    try:
        yield
    finally:
        _own.is_single = before


_sharing: set[int] = set()
"""The Python threads that run programs one after the other, such as those of a call of ``fit``."""


@contextmanager
def sharing_threads() -> Generator[None]:
    """Let the threads of programs be divided among the Python threads that are within this block.

    Two calls of ``fit`` at once, on two cores, so run on one thread each.
    """
    thread = threading.get_ident()
    if thread in _sharing:
        yield
        return
    _sharing.add(thread)
    try:
        yield
    finally:
        _sharing.discard(thread)


def share_of_threads() -> int:
    """Return on how many threads a program of the calling thread may run.

    Examples
    --------
    >>> with sharing_threads():
    ...     share_of_threads() == get_num_threads()
    True
    """
    return max(1, get_num_threads() // max(1, len(_sharing)))


if hasattr(os, "register_at_fork"):  # in the child the forking thread is the only one
    os.register_at_fork(
        after_in_child=lambda: _sharing.intersection_update({threading.get_ident()})
    )


@answers_foreign_names(CORE_ALIASES)
def set_num_threads(count: int) -> None:
    """Set the number of threads that large programs run on; small ones always run on one.

    Results have the same bits for any number.

    Parameters
    ----------
    count : int in [1, 1024]
        Number of threads.

    Raises
    ------
    ArgumentError
        If it is no integer from 1 to 1,024.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    >>> set_num_threads(before)
    """
    number = checked_count("set_num_threads", "count", count)
    if number > MAX_THREADS:
        raise bad_argument("set_num_threads", "count", count, RULE)
    _chosen[:] = [number]


@answers_foreign_names(CORE_ALIASES)
def get_num_threads() -> int:
    """Return the number of threads that large programs run on.

    Returns
    -------
    int
        Set by `set_num_threads` or else by the environment variable ``CHAINRULE_NUM_THREADS``; by
        default one for each core this process may use, 8 at most.

    Raises
    ------
    ArgumentError
        If the environment variable is no integer from 1 to 1,024.
    """
    if _own.is_single:
        return 1
    if _chosen:
        return _chosen[0]
    setting = os.environ.get("CHAINRULE_NUM_THREADS", "").strip()
    if not setting:
        return min(available_cores(), _DEFAULT_LIMIT)
    # More digits than any count has may be more than Python converts.
    number = int(setting) if setting.isdecimal() and len(setting) <= 20 else 0
    if not 1 <= number <= MAX_THREADS:
        raise ArgumentError(
            f"CHAINRULE_NUM_THREADS is {setting[:100]!r}; it must be {RULE}; unset it for one "
            "thread for each core"
        )
    return number


def available_cores() -> int:
    """Return how many processor cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on this system
        return os.cpu_count() or 1
