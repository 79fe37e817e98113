"""Size on disk of what a user installs, with all that it needs, NumPy included."""

from collections.abc import Iterable
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.rivals import CONTESTANTS

__all__ = ["BENCHMARKS", "installed_bytes", "needed"]


def start(contestant: str, _scratch: Path) -> Session:
    """Find the distributions a contestant depends on."""
    found = needed(CONTESTANTS[contestant].packages)
    return Session(partial(weigh, found), "without compiled bytecode")


def weigh(distributions: Iterable[metadata.Distribution]) -> Figure:
    """Add up the sizes of distributions."""
    return Figure(float(sum(map(installed_bytes, distributions))))


def needed(names: Iterable[str]) -> list[metadata.Distribution]:
    """Follow the requirements of distributions, extras aside.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    list of Distribution
        Each once.

    Raises
    ------
    ModuleNotFoundError
        If one of them, or what reads requirements, is not installed.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = metadata.distribution(name)
        waiting += [Requirement(line) for line in found[name].requires or ()]
    return list(found.values())


def installed_bytes(distribution: metadata.Distribution) -> int:
    """Add up the files of a distribution, bytecode aside.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    int
    """
    listed = {Path(str(file.locate())).resolve() for file in distribution.files or ()}
    paths = listed | package_files(distribution)
    return sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")


def package_files(distribution: metadata.Distribution) -> set[Path]:
    """Find the files of its packages, which an editable installation does not list."""
    names = (distribution.read_text("top_level.txt") or "").split()
    specs = [spec for spec in map(find_spec, names) if spec]
    folders = [folder for spec in specs for folder in spec.submodule_search_locations or ()]
    return {path.resolve() for folder in folders for path in Path(folder).rglob("*")}


BENCHMARKS = (
    Benchmark(
        name="size",
        title="size on disk with all that it needs",
        quantity=Quantity("MB", 1e-6),
        contestants=("numpy", "torch", "jax", "keras", "sklearn", "chainrule"),
        start=start,
        most_repeats=1,
    ),
)
