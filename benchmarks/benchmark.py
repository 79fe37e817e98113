"""What is measured: one number for each contestant, and a check that all did the same."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Benchmark", "Figure", "Quantity", "Session", "Start"]


@dataclass(frozen=True)
class Figure:
    """What one repetition gave.

    Parameters
    ----------
    value : float
        The measured number: seconds or bytes.
    check : float or None
        A number all contestants share if they did the same work; None if there is none.
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
        What it works on, as shown above the table.
    """

    repeat: Callable[[], Figure]
    data: str = ""


Start = Callable[[str, Path], Session]
"""``start(contestant, scratch)``, called in the contestant's own process. ``scratch`` is a folder
that lives as long as the benchmark, and that all its processes share."""


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
        Short name, ``"W1"``, and one line for people.
    quantity : Quantity
        What its figures are; less is always better.
    contestants : tuple of str
        Names from ``rivals.CONTESTANTS``, in the order of the table.
    start : callable (contestant, scratch) -> Session
    flops : float or None
        Operations it cannot do without: at the machine's best rate they are the floor.
    tolerance : float
        Relative difference of the checks within which two contestants did the same work.
    fresh : bool
        Whether each repetition has a process of its own.
    most_repeats : int or None
        An end to the repetitions, for what is slow to repeat.
    is_apart : bool
        Whether it is measured only where it is asked for by name.
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
    is_apart: bool = False
