"""Charts as SVG whose colours are those of the page: curves by epoch, and points.

A figure of matplotlib takes some 0.4 s and has the colours of one background; these take a
millisecond, follow the scheme of the reader and need no optional library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.report.markup import Markup, element

__all__ = ["Series", "chart"]

Array = NDArray[np.float64]

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 18, 34, 46
_CHARACTER = 7.4  # pixels of a letter in the legend
_MANY = 10_000


@dataclass(frozen=True)
class Series:
    """Points of a chart, connected or not."""

    name: str
    x: Array
    y: Array
    kind: Literal["line", "dashed", "points"] = "line"
    colour: int = 0


@dataclass(frozen=True)
class _Scale:
    """The map of a range of values to pixels, linear or logarithmic."""

    low: float
    high: float
    start: float
    stop: float
    is_logarithmic: bool = False

    def __call__(self, values: Any) -> Array:
        ends = np.array([self.low, self.high])
        values = np.asarray(values, float)
        if self.is_logarithmic:
            values, ends = np.log10(values), np.log10(ends)
        share = (values - ends[0]) / (ends[1] - ends[0])
        return self.start + share * (self.stop - self.start)


def chart(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    guide: tuple[float, float] | None = None,
    ring: tuple[float, float] | None = None,
    counts: bool = False,
) -> Markup:
    """Return a chart of some series.

    Parameters
    ----------
    series : sequence of Series
        What is drawn; values that are not finite are left out.
    x_label, y_label : str
        What the axes show.
    guide : (float, float) or None
        Slope and intercept of a straight line.
    ring : (float, float) or None
        A point that is marked.
    counts : bool
        Whether the horizontal axis counts, so that its ticks are integers.
    """
    x = np.concatenate([each.x for each in series])
    y = np.concatenate([each.y for each in series])
    is_spread = _is_spread(y) and guide is None
    horizontal = _Scale(*_range(x), _LEFT, _WIDTH - _RIGHT)
    slope, intercept = guide or (0.0, math.nan)
    line = intercept + slope * np.array([horizontal.low, horizontal.high])
    vertical = _Scale(*_range(np.append(y, line), is_spread), _HEIGHT - _BOTTOM, _TOP, is_spread)
    parts = [
        element("title", f"{y_label} by {x_label}"),
        *_grid(horizontal, vertical, 1.0 if counts else 0.0),
    ]
    parts += [_drawn(each, horizontal, vertical) for each in series]
    if guide is not None:
        y1, y2 = vertical(line).tolist()
        place = {"x1": _LEFT, "x2": _WIDTH - _RIGHT, "y1": f"{y1:.1f}", "y2": f"{y2:.1f}"}
        parts.append(element("line", class_="guide", **place))
    if ring is not None:
        place = {"cx": f"{horizontal(ring[0]):.1f}", "cy": f"{vertical(ring[1]):.1f}"}
        parts.append(element("circle", class_="ring", r=6, **place))
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    label = f"{y_label} (logarithmic)" if is_spread else y_label
    parts += [
        _text(x_label, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "middle"),
        element(
            "text", label, text_anchor="middle", transform=f"translate(16 {middle:.0f}) rotate(-90)"
        ),
        *_legend(series),
    ]
    drawing = element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
    return element("div", drawing, class_="chart scroll")


def _is_spread(values: Array) -> bool:
    """Whether positive values span more than a decade, as a logarithmic scale shows better."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 20 * finite.min())


def _range(values: Array, is_logarithmic: bool = False) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if is_logarithmic:
        return low / 1.1, high * 1.1
    margin = 0.03 * (high - low) or 0.5 * abs(high) or 0.5
    return low - margin, high + margin


def _ticks(scale: _Scale, least: float = 0.0) -> list[float]:
    """Return round values in the range of a scale, at least so far apart.

    Examples
    --------
    >>> _ticks(_Scale(0.0, 1.1, 0, 1))
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if scale.is_logarithmic:
        first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
        steps = (1, 2, 5) if last - first <= 2 else (1,)
        stride = max(1, (last - first) // 6)
        values = [s * 10.0**e for e in range(first, last + 1, stride) for s in steps]
        return [value for value in values if scale.low <= value <= scale.high]
    rough = max((scale.high - scale.low) / 6, least)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * each for each in (1, 2, 5, 10) if unit * each >= rough * 0.999)
    digits = max(0, -math.floor(math.log10(step)))
    count = range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1)
    return [round(each * step, digits) for each in count]


def _tick_text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _MANY and abs(value) < 1e9 else f"{value:g}"


def _grid(horizontal: _Scale, vertical: _Scale, least: float) -> list[Markup]:
    parts: list[Markup] = []
    bottom = _HEIGHT - _BOTTOM
    for value in _ticks(vertical):
        y = f"{vertical(value):.1f}"
        parts.append(element("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y))
        parts.append(_text(_tick_text(value), _LEFT - 8, float(y) + 4, "end", "tick"))
    for value in _ticks(horizontal, least):
        x = f"{horizontal(value):.1f}"
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=_TOP, y2=bottom))
        parts.append(_text(_tick_text(value), float(x), bottom + 17, "middle", "tick"))
    return parts


def _drawn(series: Series, horizontal: _Scale, vertical: _Scale) -> Markup:
    """Draw a series; where it is not finite, the curve is interrupted."""
    with np.errstate(all="ignore"):
        x, y = horizontal(series.x), vertical(series.y)
    is_shown = np.isfinite(x) & np.isfinite(y)
    steps: list[str] = []
    if series.kind == "points" or np.count_nonzero(is_shown) == 1:
        steps = [f"M{a:.1f} {b:.1f}h0" for a, b in zip(x[is_shown], y[is_shown], strict=True)]
        return element("path", class_=f"dots c{series.colour}", d="".join(steps))
    pen = "M"
    for a, b, shown in zip(x.tolist(), y.tolist(), is_shown.tolist(), strict=True):
        if shown:
            steps.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L" if shown else "M"
    kind = " dashed" if series.kind == "dashed" else ""
    return element("path", class_=f"curve{kind} c{series.colour}", d="".join(steps))


def _legend(series: Sequence[Series]) -> list[Markup]:
    parts: list[Markup] = []
    left = float(_LEFT)
    for each in series if len(series) > 1 else ():
        kind = {"line": "curve", "dashed": "curve dashed", "points": "dots"}[each.kind]
        stroke = f"M{left:.1f} 16h{'0' if each.kind == 'points' else '24'}"
        parts.append(element("path", class_=f"{kind} c{each.colour}", d=stroke))
        parts.append(_text(each.name, left + 30, 20))
        left += 48 + _CHARACTER * len(each.name)
    return parts


def _text(
    text: str, x: float, y: float, anchor: str | None = None, kind: str | None = None
) -> Markup:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    return element("text", text, class_=kind, text_anchor=anchor, **place)
