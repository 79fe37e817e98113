"""The records of a benchmark: what is measured, how it is shown, and the check of equal work."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Benchmark", "Figure", "Quantity", "Session", "Start"]


@dataclass(frozen=True)
class Figure:
    """The result of one repetition.

    Parameters
    ----------
    value : float
        The measured number: seconds or bytes.
    check : float or None
        A result that is equal for contestants that did the same work; None if there is none.
    """

    value: float
    check: float | None = None


@dataclass(frozen=True)
class Session:
    """A contestant that is ready to be measured, in a process of its own.

    Parameters
    ----------
    repeat : callable () -> Figure
        One repetition.
    data : str
        The data set, as shown above the table.
    """

    repeat: Callable[[], Figure]
    data: str = ""


Start = Callable[[str, Path], Session]
"""``start(contestant, scratch)``, called in the contestant's own process. ``scratch`` is a folder
for the duration of the benchmark, shared by its processes."""


@dataclass(frozen=True)
class Quantity:
    """How a measured number is shown.

    Parameters
    ----------
    heading : str
        Of its column.
    scale : float
        What it is multiplied by.
    """

    heading: str
    scale: float


@dataclass(frozen=True)
class Benchmark:
    """One table.

    Parameters
    ----------
    name, title : str
        Short name, ``"W1"``, and title of the table.
    quantity : Quantity
        What is measured; less is always better.
    contestants : tuple of str
        Names from ``rivals.CONTESTANTS``, in the order of the table.
    start : callable (contestant, scratch) -> Session
    flops : float or None
        Operations that it requires: at the machine's peak rate they take the floor time.
    tolerance : float
        Relative difference of the checks within which two contestants did the same work.
    fresh : bool
        Whether each repetition has a process of its own.
    most_repeats : int or None
        A limit of the repetitions, for slow benchmarks.
    on_request : bool
        Whether it runs only if requested by name.
    """

    name: str
    title: str
    quantity: Quantity
    contestants: tuple[str, ...]
    start: Start
    flops: float | None = None
    tolerance: float = 0.01
    fresh: bool = False
    most_repeats: int | None = None
    on_request: bool = False
