"""``chainrule doctor``: what this installation has to work with, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import click
import numpy as np

from chainrule.compiler.runtime.thread_count import get_num_threads
from chainrule.datasets.catalogue import CATALOGUE, DataSet
from chainrule.datasets.locate import size_of
from chainrule.storage import cache_folder

__all__ = ["doctor"]

Row = tuple[str, str]

_NEEDED = ("numpy", "llvmlite", "safetensors", "rich", "click")
_OPTIONAL = {
    "scipy": "science",
    "scikit-learn": "sklearn",
    "matplotlib": "plot",
    "networkx": "plot",
    "pillow": "images",
    "tensorboard": "tensorboard",
}
_THREAD_VARIABLES = (
    "CHAINRULE_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


@click.command()
def doctor() -> int:
    """Show versions, processor, threads, backend, cache and data folders, and what is wrong.

    The exit code is 1 if something is wrong.
    """
    sections = {
        "versions": _versions(),
        "machine": _machine(),
        "folders": _folders(),
        "data sets": _data_sets(),
    }
    for title, rows in sections.items():
        click.echo(f"{title}")
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            click.echo(f"  {name:<{width}}  {value}")
        click.echo()
    problems = list(_problems())
    for problem in problems:
        click.echo(f"problem: {problem}")
    if not problems:
        click.echo("no problems found")
    return 1 if problems else 0


def _versions() -> list[Row]:
    needed = [(name, _version(name) or "missing") for name in _NEEDED]
    optional = [
        (name, _version(name) or f"not installed (extra {extra})")
        for name, extra in _OPTIONAL.items()
    ]
    return [
        ("chainrule", _version("chainrule") or "not installed, used from its folder"),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        *needed,
        *optional,
    ]


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _machine() -> list[Row]:
    # NumPy's report is a dictionary of dictionaries only when asked so.
    report = cast(dict[str, Any], np.show_config(mode="dicts"))
    simd = report.get("SIMD Extensions", {})
    features = [*simd.get("baseline", []), *simd.get("found", [])]
    blas = report.get("Build Dependencies", {}).get("blas", {})
    limits = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if name in os.environ]
    return [
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("processor", _processor()),
        ("features", " ".join(features) or "unknown"),
        ("cores", f"{_cores()} this process may use"),
        ("thread limits", " ".join(limits) or "none set: NumPy's BLAS takes every core"),
        ("backend", _backend()),
        ("threads", f"{get_num_threads()} for large programs (CHAINRULE_NUM_THREADS)"),
        ("BLAS", f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()),
    ]


def _backend() -> str:
    if os.environ.get("CHAINRULE_BACKEND") == "numpy":
        return "numpy: programs are run by NumPy, as CHAINRULE_BACKEND says"
    if find_spec("llvmlite") is None:
        return "numpy: programs are run by NumPy, as llvmlite is not installed"
    return "llvm: programs are compiled to native code"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders() -> list[Row]:
    cache = cache_folder()
    state = "" if cache.is_dir() else " (made when first needed)"
    own = os.environ.get("CHAINRULE_DATA")
    return [
        ("cache", f"{cache}{state}"),
        ("CHAINRULE_DATA", own or "not set: data sets are looked for in the cache"),
    ]


def _data_sets() -> list[Row]:
    embedded = "made by a formula"
    digits = "comes with scikit-learn" if _version("scikit-learn") else "needs the extra sklearn"
    rows = [("xor", embedded), ("moons", embedded), ("digits", digits)]
    return rows + [(name, _place(data_set)) for name, data_set in CATALOGUE.items()]


def _place(data_set: DataSet) -> str:
    for base in _bases():
        if all((base / data_set.folder / file.name).exists() for file in data_set.files):
            return f"in {base / data_set.folder}"
    if data_set.addresses:
        size = sum(file.size for file in data_set.files)
        return f"not here; downloaded when first used ({size / 1e6:.1f} MB)"
    return f"not here; put its files into {_bases()[0] / data_set.folder}"


def _bases() -> list[Path]:
    own = os.environ.get("CHAINRULE_DATA")
    return [*([Path(own).expanduser()] if own else []), cache_folder()]


def _problems() -> Iterator[str]:
    """Find what will fail later, each with its mend."""
    for name in _NEEDED:
        if _version(name) is None:
            yield f"{name} is missing; run: pip install --force-reinstall chainrule"
    own = os.environ.get("CHAINRULE_DATA")
    if own and not Path(own).expanduser().is_dir():
        yield f"CHAINRULE_DATA is {own}, which is no folder; make it, or unset the variable"
    cache = cache_folder()
    existing = next(each for each in (cache, *cache.parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield f"the cache {cache} cannot be written; set CHAINRULE_CACHE to a folder that can"
    for base in _bases():
        yield from _wrong_sizes(base)


def _wrong_sizes(base: Path) -> Iterator[str]:
    for name, data_set in CATALOGUE.items():
        for file in data_set.files:
            path = base / data_set.folder / file.name
            found = size_of(path)
            if found is not None and found != file.size:
                yield f"{name}: {path} has {found:,} bytes instead of {file.size:,}; remove it"
