"""``--json``: results as JSON on standard output; what is said on the way goes to standard error.

RFC 8259 has no NaN and no infinity: they are null.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Generator, Mapping
from os import PathLike, fspath
from typing import Any, TypeVar, cast

import click
import numpy as np

__all__ = ["as_json", "json_option", "on_standard_error", "print_json"]

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add ``--json`` to a command, which takes it as the keyword `as_json`."""
    help_text = "Print the result as JSON; everything else goes to standard error."
    return click.option("--json", "is_json", is_flag=True, help=help_text)(command)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(as_json(value), ensure_ascii=False, allow_nan=False, indent=2))


@contextlib.contextmanager
def on_standard_error(is_json: bool) -> Generator[None]:
    """Move what is printed to standard error, if standard output is for JSON."""
    with contextlib.redirect_stdout(sys.stderr) if is_json else contextlib.nullcontext():
        yield


def as_json(value: Any) -> Any:
    """Return a value of what JSON has: arrays are lists, numbers that are not finite null.

    Examples
    --------
    >>> as_json({"loss": np.float32(0.5), "auc": float("nan"), "rows": np.arange(2)})
    {'loss': 0.5, 'auc': None, 'rows': [0, 1]}
    """
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        return {str(key): as_json(each) for key, each in items}
    if isinstance(value, np.ndarray | np.generic):
        return as_json(cast(Any, value).tolist())
    if isinstance(value, list | tuple):
        return [as_json(each) for each in cast(list[Any], value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return fspath(cast(Any, value)) if isinstance(value, PathLike) else str(value)
