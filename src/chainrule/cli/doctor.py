"""``chainrule doctor``: diagnosis of the installation: versions, hardware, folders, problems."""

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

from chainrule.cli.json_output import json_option, print_json
from chainrule.compiler.cache.private_folder import why_unusable
from chainrule.compiler.runtime.thread_count import get_num_threads
from chainrule.datasets.catalogue import CATALOGUE, DataSet
from chainrule.datasets.locate import size_of
from chainrule.errors import ArgumentError, counted
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
    "optuna": "optuna",
    "onnx": "onnx",
}
_THREAD_VARIABLES = (
    "CHAINRULE_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


@click.command()
@json_option
def doctor(is_json: bool) -> int:
    """Show versions, processor, threads, backend, cache and data folders, and problems.

    The exit code is 1 if there are problems, each of which is printed with its remedy.

    \b
      chainrule doctor
      chainrule doctor --json
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    sections = {
        "versions": _versions(),
        "machine": _machine(),
        "folders": _folders(),
        "data sets": _data_sets(),
    }
    problems = list(_problems())
    if is_json:
        print_json(
            {**{title: dict(rows) for title, rows in sections.items()}, "problems": problems}
        )
        return 1 if problems else 0
    for title, rows in sections.items():
        click.echo(f"{title}")
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            click.echo(f"  {name:<{width}}  {value}")
        click.echo()
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
        ("chainrule", _version("chainrule") or "not installed, run from its source folder"),
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
    # NumPy types this mode's result as None.
    report = cast(dict[str, Any], np.show_config(mode="dicts"))
    simd = report.get("SIMD Extensions", {})
    features = [*simd.get("baseline", []), *simd.get("found", [])]
    blas = report.get("Build Dependencies", {}).get("blas", {})
    limits = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if name in os.environ]
    return [
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("processor", _processor()),
        ("features", " ".join(features) or "unknown"),
        ("cores", f"{_cores()} available to this process"),
        ("thread limits", " ".join(limits) or "none set: NumPy's BLAS uses every core"),
        ("backend", _backend()),
        ("threads", _threads()),
        ("BLAS", f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()),
    ]


def _threads() -> str:
    try:
        return f"{get_num_threads()} for large programs (CHAINRULE_NUM_THREADS)"
    except ArgumentError:
        return "none: see the problems"


def _backend() -> str:
    if os.environ.get("CHAINRULE_BACKEND") == "numpy":
        return "numpy: programs are run by NumPy, as set by CHAINRULE_BACKEND"
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
    cache, folder = cache_folder(), os.environ.get("CHAINRULE_DATA")
    state = "" if cache is None or cache.is_dir() else " (created when first needed)"
    return [
        ("cache", f"{cache or 'none: there is no home folder'}{state}"),
        ("CHAINRULE_DATA", folder or "not set: data sets are looked up in the cache"),
    ]


def _data_sets() -> list[Row]:
    generated = "generated"
    digits = "part of scikit-learn" if _version("scikit-learn") else "needs the extra sklearn"
    rows = [("xor", generated), ("moons", generated), ("digits", digits)]
    return rows + [(name, _location(data_set)) for name, data_set in CATALOGUE.items()]


def _location(data_set: DataSet) -> str:
    for base in _bases():
        if all((base / data_set.folder / file.name).exists() for file in data_set.files):
            return f"in {base / data_set.folder}"
    if data_set.addresses:
        size = sum(file.size for file in data_set.files)
        return f"not present; downloaded when first used ({size / 1e6:.1f} MB)"
    base = next(iter(_bases()), "$CHAINRULE_DATA")
    return f"not present; put its files into {base}/{data_set.folder}"


def _bases() -> list[Path]:
    folder, cache = os.environ.get("CHAINRULE_DATA"), cache_folder()
    return [*([Path(os.path.expanduser(folder))] if folder else []), *([cache] if cache else [])]


def _problems() -> Iterator[str]:
    """Yield problems of the installation, each with its remedy."""
    for name in _NEEDED:
        if _version(name) is None:
            yield f"{name} is missing; run: pip install --force-reinstall chainrule"
    try:
        get_num_threads()
    except ArgumentError as error:
        yield str(error)
    folder = os.environ.get("CHAINRULE_DATA")
    if folder and not Path(os.path.expanduser(folder)).is_dir():
        yield f"CHAINRULE_DATA is {folder}, which is no folder; create it, or unset the variable"
    yield from _cache_problems(cache_folder())
    for base in _bases():
        yield from _wrong_sizes(base)


def _cache_problems(cache: Path | None) -> Iterator[str]:
    if cache is None:
        yield "there is no home folder for the cache; set CHAINRULE_CACHE to a folder of your own"
        return
    code = cache / "code"
    existing = next(each for each in (code, *code.parents) if os.path.lexists(each))
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield f"the cache {cache} is not writable; set CHAINRULE_CACHE to a writable folder"
    elif existing == code and (reason := why_unusable(code)):
        yield f"compiled programs are not kept: {reason}; run: chmod 700 {code}"


def _wrong_sizes(base: Path) -> Iterator[str]:
    for name, data_set in CATALOGUE.items():
        for file in data_set.files:
            path = base / data_set.folder / file.name
            size = size_of(path)
            if size is not None and size != file.size:
                wrong = f"{counted(size, 'byte')} instead of {file.size:,}"
                yield f"{name}: {path} has {wrong}; remove it"
