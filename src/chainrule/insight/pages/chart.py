"""Charts as SVG whose colours are those of the page: curves by epoch, and points.

A figure of matplotlib takes some 0.4 s and has the colours of one background; these take a
millisecond, follow the scheme of the reader and need no optional library.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.pages.markup import Markup, element

__all__ = ["SMALL", "WIDE", "Frame", "Series", "chart", "chart_style", "charts"]

Array = NDArray[np.float64]

_CHARACTER = 7.4  # pixels of a letter in the legend
_MANY = 10_000


@dataclass(frozen=True)
class Frame:
    """The size of a chart and the margins of its axes, in pixels."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_gap: int = 90
    y_gap: int = 40
    """Pixels from tick to tick, about."""
    is_small: bool = False
    """Whether the label of the vertical axis stands above it, as the name of the chart."""


WIDE = Frame(480, 280, 82, 14, 32, 44)
SMALL = Frame(360, 200, 52, 14, 28, 40, x_gap=55, y_gap=28, is_small=True)


def chart_style(scope: str) -> str:
    """Return the style of the charts within an element, by the variables of its colours."""
    rules = """
text{fill:var(--ink);font:13px system-ui,sans-serif}
.tick{fill:var(--soft);font-size:12px}
.name{font-weight:600}
.grid{stroke:var(--rule)}
.guide{stroke:var(--ink);stroke-width:1.2}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.dots{stroke-width:5;stroke-linecap:round;stroke-opacity:0.65;fill:none}
.dashed{stroke-dasharray:6 4}
.ring{fill:none;stroke:var(--ink);stroke-width:1.6}
.c0{stroke:var(--c0)}
.c1{stroke:var(--c1)}
.c2{stroke:var(--c2)}
.c3{stroke:var(--c3)}"""
    return rules.replace("\n", f"\n{scope} .chart ")[1:] + "\n"


@dataclass(frozen=True)
class Series:
    """Points of a chart, connected or not; without a name they are not in the legend."""

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
    frame: Frame = WIDE,
    is_logarithmic: bool = False,
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
    frame : Frame
        The size of the chart.
    is_logarithmic : bool
        Whether the horizontal axis is.
    """
    x = np.concatenate([each.x for each in series])
    y = np.concatenate([each.y for each in series])
    is_spread = _is_spread(y) and guide is None
    bottom = frame.height - frame.bottom
    ends = _range(x, is_logarithmic)
    horizontal = _Scale(*ends, frame.left, frame.width - frame.right, is_logarithmic)
    slope, intercept = guide or (0.0, math.nan)
    line = intercept + slope * np.array([horizontal.low, horizontal.high])
    vertical = _Scale(*_range(np.append(y, line), is_spread), bottom, frame.top, is_spread)
    parts = [
        element("title", f"{y_label} by {x_label}"),
        *_grid(frame, horizontal, vertical, 1.0 if counts else 0.0),
    ]
    parts += [_drawn(each, horizontal, vertical) for each in series]
    if guide is not None:
        y1, y2 = vertical(line).tolist()
        ends = {"x1": frame.left, "x2": frame.width - frame.right}
        parts.append(element("line", class_="guide", **ends, y1=f"{y1:.1f}", y2=f"{y2:.1f}"))
    if ring is not None:
        place = {"cx": f"{horizontal(ring[0]):.1f}", "cy": f"{vertical(ring[1]):.1f}"}
        parts.append(element("circle", class_="ring", r=6, **place))
    middle = (frame.left + frame.width - frame.right) / 2
    label = f"{y_label} (logarithmic)" if is_spread else y_label
    parts += [
        _text(x_label, middle, frame.height - (4 if frame.is_small else 10), "middle"),
        *_named(frame, label, series),
    ]
    drawing = element("svg", *parts, viewBox=f"0 0 {frame.width} {frame.height}", role="img")
    return element("div", drawing, class_="chart scroll")


def charts(parts: Iterable[tuple[str, Markup]]) -> Markup:
    """Return charts with their titles, side by side where there is space."""
    return element(
        "div",
        *(element("div", element("h3", title), each) for title, each in parts),
        class_="charts",
    )


def _named(frame: Frame, label: str, series: Sequence[Series]) -> list[Markup]:
    """Return the label of the vertical axis, and the legend."""
    if frame.is_small:
        start = 4 + _CHARACTER * len(label) + 18
        return [_text(label, 4, 20, kind="name"), *_legend(series, start)]
    middle = (frame.top + frame.height - frame.bottom) / 2
    turned = f"translate(16 {middle:.0f}) rotate(-90)"
    named = element("text", label, text_anchor="middle", transform=turned)
    return [named, *_legend(series, frame.left)]


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


def _ticks(scale: _Scale, gap: float, least: float = 0.0) -> list[float]:
    """Return round values in the range of a scale, about a gap apart, and at least so far.

    Examples
    --------
    >>> _ticks(_Scale(0.0, 1.1, 0, 240), gap=40)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    count = max(2, round(abs(scale.stop - scale.start) / gap))
    if scale.is_logarithmic:
        first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
        steps = (1, 2, 5) if last - first <= 2 else (1,)
        stride = max(1, -(-(last - first) // count))
        values = [s * 10.0**e for e in range(first, last + 1, stride) for s in steps]
        return [value for value in values if scale.low <= value <= scale.high]
    rough = max((scale.high - scale.low) / count, least)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * each for each in (1, 2, 5, 10) if unit * each >= rough * 0.999)
    digits = max(0, -math.floor(math.log10(step)))
    places = range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1)
    return [round(each * step, digits) for each in places]


def _tick_text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _MANY and abs(value) < 1e9 else f"{value:g}"


def _grid(frame: Frame, horizontal: _Scale, vertical: _Scale, least: float) -> list[Markup]:
    parts: list[Markup] = []
    ends, bottom = {"x1": frame.left, "x2": frame.width - frame.right}, frame.height - frame.bottom
    for value in _ticks(vertical, frame.y_gap):
        y = f"{vertical(value):.1f}"
        parts.append(element("line", class_="grid", **ends, y1=y, y2=y))
        parts.append(_text(_tick_text(value), frame.left - 8, float(y) + 4, "end", "tick"))
    for value in _ticks(horizontal, frame.x_gap, least):
        x = f"{horizontal(value):.1f}"
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=frame.top, y2=bottom))
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


def _legend(series: Sequence[Series], left: float) -> list[Markup]:
    parts: list[Markup] = []
    named = [each for each in series if each.name]
    for each in named if len(named) > 1 else ():
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
