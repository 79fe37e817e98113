"""The page of a debug session for notebooks: HTML without a script, folded by layer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.debugger.stop import Stop, shown_array
from chainrule.insight.pages.image import address
from chainrule.insight.png import png

__all__ = ["page"]

_STYLE = """
.debug-session{font:14px/1.5 system-ui,sans-serif;max-width:64rem;color-scheme:light dark}
.debug-session details{margin:0.15em 0 0.15em 1.1em}
.debug-session>details{margin:0.8em 0}
.debug-session>details>details{background:#8881;border-radius:0.4em;padding:0.25em 0.6em;
margin-left:0}
.debug-session summary{cursor:pointer;overflow-wrap:anywhere}
.debug-session>details>summary{font-size:1.15em;font-weight:600}
.debug-session small{opacity:0.75}
.debug-session code{font-size:0.95em}
.debug-session dl{margin:0.3em 0 0.5em 1.2em;display:grid;gap:0.2em 1em;
grid-template-columns:max-content minmax(0,1fr)}
.debug-session dt{opacity:0.75}
.debug-session dd{margin:0;overflow-x:auto}
.debug-session .arrays{display:flex;flex-wrap:wrap;gap:0.8em 2em;margin:0 0 0.9em 1.2em}
.debug-session figure{margin:0;max-width:100%;overflow-x:auto}
.debug-session figcaption{font-weight:600;font-size:0.9em}
.debug-session table{border-collapse:collapse;font-size:0.9em}
.debug-session td{padding:0.1em 0.5em;text-align:right;color:#111;
font-variant-numeric:tabular-nums}
.debug-session img{image-rendering:pixelated;border:1px solid #8888;display:block;max-width:100%}
.debug-session .bad{color:#b34700;font-weight:600}
@media (prefers-color-scheme:dark){.debug-session .bad{color:#ff8a4c}}
"""

_TABLE_CELLS = 64
_IMAGE_SIDE = 64


def page(title: str, stops: Sequence[Stop]) -> str:
    """Return the page of a walk: passes, in them layers, in them stops, each to be unfolded."""
    parts = [f"<style>{_STYLE}</style>", '<div class="debug-session">']
    parts.append(f"<strong>{escape(title)}</strong>, {len(stops)} stops")
    for direction, of_pass in groupby(stops, key=lambda stop: stop.direction):
        parts.append(f"<details open><summary>{direction}</summary>")
        for layer, group in groupby(of_pass, key=lambda stop: stop.layer):
            members = list(group)
            warning = _warning([each for each in members if _is_bad(each)])
            parts.append(
                f"<details><summary>{escape(layer or _unnamed(members))} "
                f"<small>{_many(len(members))}</small>{warning}</summary>"
            )
            parts += map(_stop, members)
            parts.append("</details>")
        parts.append("</details>")
    return "\n".join([*parts, "</div>"])


def _unnamed(stops: Sequence[Stop]) -> str:
    """Return a heading for stops that belong to no layer."""
    names = [each.name for each in stops]
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"


def _many(count: int) -> str:
    return "1 stop" if count == 1 else f"{count} stops"


def _is_bad(stop: Stop) -> bool:
    return bool(np.any(~np.isfinite(stop.value) & stop.used))


def _warning(stops: Sequence[Stop]) -> str:
    return f' <span class="bad">not finite: {escape(stops[0].name)}</span>' if stops else ""


def _stop(stop: Stop) -> str:
    formula = f" = {stop.formula}" if stop.formula else ""
    rows = [("statistics", escape(str(stop.statistics)))]
    if stop.line:
        rows.insert(0, ("line", f"<code>{escape(stop.where())}</code>"))
    cells = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in rows)
    arrays = [("value", stop.value)]
    if stop.gradient is not None and stop.direction == "forward":
        arrays.append(("gradient", stop.gradient))
    figures = "".join(
        f"<figure><figcaption>{label}</figcaption>{_array(array)}</figure>"
        for label, array in arrays
    )
    bad = _warning([stop]) if _is_bad(stop) else ""
    shape = escape(dict(stop.rows())["shape"])
    return (
        f"<details><summary>{stop.number} <code>{escape(stop.name + formula)}</code> "
        f"<small>{shape}</small>{bad}</summary><dl>{cells}</dl>"
        f'<div class="arrays">{figures}</div></details>'
    )


def _array(array: NDArray[Any]) -> str:
    """Return a number, a small table with coloured cells, or a heat map of a larger array."""
    if array.dtype.kind not in "fiub" or not array.size or not array.ndim:
        return f"<code>{escape(shown_array(array))}</code>"
    matrix = array.reshape(-1, array.shape[-1]).astype("float64")
    colours = _colours(matrix)
    if matrix.size <= _TABLE_CELLS:
        rows = (
            "".join(
                f'<td style="background:rgb({",".join(map(str, colour))})">{value:.4g}</td>'
                for value, colour in zip(values, row, strict=True)
            )
            for values, row in zip(matrix, colours, strict=True)
        )
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
    rows, columns = (_evenly(size) for size in matrix.shape)
    image = colours[np.ix_(rows, columns)]
    width = min(12 * len(columns), 480)
    part = "" if image.shape[:2] == matrix.shape else f", {len(rows)} × {len(columns)} of it"
    note = f"{matrix.shape[0]} × {matrix.shape[1]}{part}; blue is negative, orange positive"
    return f'<img alt="heat map" width="{width}" src="{address(png(image))}"><small>{note}</small>'


def _evenly(size: int) -> NDArray[np.intp]:
    """Return indices of at most as many rows as an image has, evenly spaced."""
    return np.unique(np.linspace(0, size - 1, min(size, _IMAGE_SIDE)).astype(np.intp))


def _colours(matrix: NDArray[Any]) -> NDArray[np.uint8]:
    """Return blue for negative, white for 0 and orange for positive entries; grey if not finite."""
    is_finite = np.isfinite(matrix)
    finite = np.where(is_finite, matrix, 0.0)
    scaled = finite / (np.abs(finite).max() or 1.0)
    ends = np.where(scaled[..., None] < 0, [86.0, 180.0, 233.0], [230.0, 159.0, 0.0])
    colours = 255 + (ends - 255) * np.abs(scaled)[..., None]
    return np.where(is_finite[..., None], colours, 128.0).astype(np.uint8)
