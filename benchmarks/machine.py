"""The machine of the measurements: processor, threads, versions, and peak rate."""

import multiprocessing
import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

__all__ = [
    "available_cores",
    "describe",
    "forget_peak",
    "limit_threads",
    "peak_bytes",
    "peak_flops",
]

THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("CHAINRULE_NUM_THREADS",),
)


def limit_threads(threads: int) -> None:
    """Limit the threads, and where possible the cores, of every process started from now on.

    Raises
    ------
    ValueError
        If there are fewer cores.
    """
    if not 1 <= threads <= available_cores():
        raise ValueError(f"--threads must be 1 to {available_cores()} here. Got {threads} instead.")
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"):  # XLA has no variable: it counts the cores it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def available_cores() -> int:
    """Count the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(packages: Iterable[str]) -> dict[str, object]:
    """Return processor, cores, system, date and the versions of the packages.

    Examples
    --------
    >>> describe(["no-such-package"])["versions"]
    {'no-such-package': None}
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages},
    }


def processor() -> str:
    """Return the processor's name as the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version(package: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def peak_flops() -> float:
    """Measure the float32 operations a second of a 1024³ product in NumPy's BLAS, best of 60.

    In a process of its own, so that no BLAS threads remain beside the contestants.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=time_products, args=(theirs,))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join()


def time_products(connection: Connection, size: int = 1024, trials: int = 60) -> None:
    """Send the best rate of a square product; runs in the child."""
    import numpy as np

    left = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    right, product = left.T.copy(), np.empty_like(left)
    best = float("inf")
    for _ in range(trials):
        start = time.perf_counter()
        np.matmul(left, right, out=product)
        best = min(best, time.perf_counter() - start)
    connection.send(2 * size**3 / best)


def peak_bytes() -> int:
    """Read the high-water mark of this process alone; ``getrusage`` would count its parent's.

    Raises
    ------
    OSError
        Where the system does not report it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    if not marks:
        raise OSError("this system does not report the peak memory of a process")
    return marks[0]


def forget_peak() -> None:
    """Reset the high-water mark to the memory held now, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
