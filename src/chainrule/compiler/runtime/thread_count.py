"""Thread count: how many threads compiled programs run on at most."""

from __future__ import annotations

import os

from chainrule.arguments.checks import checked_count
from chainrule.arguments.function_aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError

__all__ = ["available_cores", "get_num_threads", "set_num_threads"]

_DEFAULT_LIMIT = 8
"""More threads are used only on request."""

_chosen: list[int] = []


@answers_foreign_names(CORE_ALIASES)
def set_num_threads(count: int) -> None:
    """Set the number of threads that large programs run on; small ones always run on one.

    Results have the same bits for any number.

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
        If the environment variable is no integer, 1 or more.
    """
    if _chosen:
        return _chosen[0]
    setting = os.environ.get("CHAINRULE_NUM_THREADS", "")
    if not setting:
        return min(available_cores(), _DEFAULT_LIMIT)
    if not setting.isdecimal() or int(setting) < 1:
        raise ArgumentError(
            f"CHAINRULE_NUM_THREADS is {setting!r}; it must be an integer, 1 or more"
        )
    return int(setting)


def available_cores() -> int:
    """Return how many processor cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on this system
        return os.cpu_count() or 1
