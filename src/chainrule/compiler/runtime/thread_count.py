"""How many threads a program runs on."""

from __future__ import annotations

import os

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError

__all__ = ["available_cores", "get_num_threads", "set_num_threads"]

_MOST = 8
"""More than these are used only where they are asked for."""

_chosen: list[int] = []


def set_num_threads(count: int) -> None:
    """Choose on how many threads large programs run; small ones use one in any case.

    Results are the same bits for any number.

    Parameters
    ----------
    count : int >= 1
        Number of threads.

    Raises
    ------
    ArgumentError
        If it is no integer, 1 or more.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    >>> set_num_threads(before)
    """
    _chosen[:] = [checked_count("set_num_threads", "count", count)]


def get_num_threads() -> int:
    """Return on how many threads large programs run.

    Returns
    -------
    int
        What `set_num_threads` or else the environment variable ``CHAINRULE_NUM_THREADS`` says, or
        else one for each core this process may use, 8 at most.

    Raises
    ------
    ArgumentError
        If the environment variable is no integer, 1 or more.
    """
    if _chosen:
        return _chosen[0]
    wanted = os.environ.get("CHAINRULE_NUM_THREADS", "")
    if not wanted:
        return min(available_cores(), _MOST)
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ArgumentError(
            f"CHAINRULE_NUM_THREADS is {wanted!r}; it must be an integer, 1 or more"
        )
    return int(wanted)


def available_cores() -> int:
    """Return how many processor cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on this system
        return os.cpu_count() or 1
