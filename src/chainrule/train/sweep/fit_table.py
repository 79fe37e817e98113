"""The table of a sweep: a row a fit; means and standard errors; the settings, ranked, as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.console import encodable, left_aligned
from chainrule.train.sweep.training import Outcome

__all__ = ["Column", "columns_of", "mean_and_error", "ranked_lines"]

Column = list[Any]

_SHOWN = 10
"""Settings that are printed, the best ones."""


def columns_of(outcomes: Sequence[Outcome], metric: str, has_folds: bool) -> dict[str, Column]:
    """Return settings, seed, fold, values and status of the fits, by name."""
    settings = list(dict.fromkeys(name for each in outcomes for name in each.fit.setting))
    columns: dict[str, Column] = {
        name: [each.fit.setting.get(name) for each in outcomes] for name in settings
    }
    if any(each.fit.seed is not None for each in outcomes):
        columns["seed"] = [each.fit.seed for each in outcomes]
    if has_folds:
        columns["fold"] = [each.fit.fold for each in outcomes]
    for name in dict.fromkeys([*(name for each in outcomes for name in each.values), metric]):
        columns[name] = [each.values.get(name, math.nan) for each in outcomes]
    columns["epochs"] = [each.epochs for each in outcomes]
    columns["seconds"] = [each.seconds for each in outcomes]
    columns["status"] = [each.status for each in outcomes]
    return columns


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error s / √n, NaN for a single value.

    Examples
    --------
    >>> mean_and_error([1.0, 3.0])
    (2.0, 1.0)
    """
    count = len(values)
    mean = math.fsum(values) / count if all(map(math.isfinite, values)) else math.nan
    if count < 2 or not math.isfinite(mean):
        return mean, math.nan
    variance = math.fsum((each - mean) ** 2 for each in values) / (count - 1)
    return mean, math.sqrt(variance / count)


def ranked_lines(
    names: Sequence[str], means: Sequence[float], errors: Sequence[float]
) -> list[str]:
    """Return a line for each of the best settings, and how many there are besides."""
    shown = list(zip(names[:_SHOWN], means, errors, strict=False))
    width = max(len(name) for name, _, _ in shown)
    lines: list[str] = []
    for name, mean, error in shown:
        spread = f" {encodable('±')} {error:.2g}" if math.isfinite(error) else ""
        lines.append(f"  {left_aligned(name, width)}  {mean:.4g}{spread}")
    more = len(names) - len(shown)
    return [*lines, f"  and {more} more"] if more else lines
