"""Time to import a framework, beyond NumPy, which all of them import."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.rivals import CONTESTANTS, rival

__all__ = ["BENCHMARKS", "import_seconds"]

SCRIPT = """
import numpy, time
begin = time.perf_counter()
{statement}
print(time.perf_counter() - begin)
"""


def start(contestant: str, _scratch: Path) -> Session:
    """Import it here once, so that an absent framework is reported as elsewhere."""
    rival(contestant)
    return Session(partial(import_seconds, CONTESTANTS[contestant].imports))


def import_seconds(statement: str) -> Figure:
    """Time an import statement in an interpreter of its own.

    Parameters
    ----------
    statement : str

    Returns
    -------
    Figure
        Seconds, NumPy being there already.
    """
    command = [sys.executable, "-c", SCRIPT.format(statement=statement)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Figure(float(printed.split()[-1]))


BENCHMARKS = (
    Benchmark(
        name="import",
        title="import, beyond NumPy's own",
        quantity=Quantity("ms", 1e3),
        contestants=("torch", "jax", "keras", "sklearn", "chainrule"),
        start=start,
    ),
)
