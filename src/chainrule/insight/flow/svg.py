"""A flow graph as SVG, for light and dark backgrounds, without any program of the system."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from zlib import crc32

from chainrule.insight.flow.flow_graph import Box, FlowGraph
from chainrule.insight.flow.placement import Place, place_boxes

__all__ = ["to_svg"]

_MARGIN, _PADDING, _LINE, _CHARACTER = 16, 10, 16, 7.0
_LONGEST = 44
"""Characters of a line, at most."""

_WIDTHS = {"title": 1.22, "note": 0.9}
"""Of characters of a kind of line, in those of the others, in a wide font."""

_STYLE = """
.flow-graph{font:13px ui-sans-serif,system-ui,sans-serif;color-scheme:light dark}
.flow-graph .box{fill:#f7f7f7;stroke:#555;stroke-width:1.2}
.flow-graph .input .box{fill:#dcebf7;stroke:#0072B2}
.flow-graph .parameter .box{fill:#fdf0d5;stroke:#b87900}
.flow-graph .derivative .box{fill:#e2f4ec;stroke:#009E73}
.flow-graph .output .box{fill:#fbe3d6;stroke:#D55E00}
.flow-graph text{fill:#1a1a1a}
.flow-graph .title{font-weight:600}
.flow-graph .note{fill:#555;font-size:11px}
.flow-graph .edge{fill:none;stroke:#777;stroke-width:1.2}
.flow-graph .head{fill:#777}
@media (prefers-color-scheme:dark){
.flow-graph .box{fill:#2b2b2b;stroke:#aaa}
.flow-graph .input .box{fill:#123249;stroke:#56B4E9}
.flow-graph .parameter .box{fill:#43330f;stroke:#E69F00}
.flow-graph .derivative .box{fill:#0f3a2d;stroke:#2fc79b}
.flow-graph .output .box{fill:#4a2410;stroke:#ff8a4c}
.flow-graph text{fill:#eee}
.flow-graph .note{fill:#bbb}
.flow-graph .edge{stroke:#999}
.flow-graph .head{fill:#999}}
"""


def to_svg(flow: FlowGraph) -> str:
    """Return the drawing of a flow graph."""
    lines = {box.key: _lines(box) for box in flow.boxes}
    sizes = {key: _size(each) for key, each in lines.items()}
    placement = place_boxes(flow, sizes)
    places = placement.places
    points = [point for route in placement.routes.values() for point in route]
    points += [(p.x + side * p.width / 2, p.y) for p in places.values() for side in (-1, 1)]
    left = min((x for x, _ in points), default=0)
    width = max((x for x, _ in points), default=0) - left + 2 * _MARGIN
    height = max((p.y + p.height / 2 for p in places.values()), default=0) + 2 * _MARGIN
    size = f"{width:.0f} {height:.0f}"
    fit = f"width:100%;min-width:{0.75 * width:.0f}px;max-width:{width:.0f}px;height:auto"
    # In a page with several drawings a name belongs to one, which may be folded away.
    name = f"head-{crc32(repr((flow, size)).encode()):08x}"
    root = f'xmlns="http://www.w3.org/2000/svg" class="flow-graph" role="img" style="{fit}"'
    parts = [
        f'<svg {root} viewBox="0 0 {size}" width="{width:.0f}" height="{height:.0f}">',
        f"<title>{escape(flow.name)}</title><style>{_STYLE}</style>",
        _head(name),
        f'<g transform="translate({_MARGIN - left:.1f} {_MARGIN})">',
    ]
    parts += [
        _edge(places[edge.source], places[edge.target], placement.routes[edge], name)
        for edge in flow.edges
    ]
    parts += [_box(box, lines[box.key], places[box.key]) for box in flow.boxes]
    return "\n".join([*parts, "</g></svg>"])


def _head(name: str) -> str:
    """Return the head of the arrows, to which they refer by a name."""
    return (
        f'<defs><marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
    )


def _lines(box: Box) -> list[tuple[str, str]]:
    """Return the lines of a box with their classes."""
    title = f"{box.title} = {box.text}" if box.text and box.text != box.title else box.title
    is_layer = bool(box.layer) and box.key.startswith(("layer", "back"))
    rows = [("title", box.title), ("", box.text)] if is_layer else [("title", title)]
    rows += [("note", box.shape), ("note", box.value)]
    return [(kind, _short(text)) for kind, text in rows if text]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _size(lines: list[tuple[str, str]]) -> tuple[float, float]:
    longest = max((len(text) * _WIDTHS.get(kind, 1.0) for kind, text in lines), default=1)
    return longest * _CHARACTER + 2 * _PADDING, len(lines) * _LINE + _PADDING


def _box(box: Box, lines: list[tuple[str, str]], place: Place) -> str:
    left, top = place.x - place.width / 2, place.y - place.height / 2
    texts = "".join(
        f'<text class="{kind}" x="{place.x:.1f}" y="{top + _LINE * (i + 0.95):.1f}" '
        f'text-anchor="middle">{escape(text)}</text>'
        for i, (kind, text) in enumerate(lines)
    )
    return (
        f'<g class="{box.kind}"><rect class="box" rx="6" x="{left:.1f}" y="{top:.1f}" '
        f'width="{place.width:.1f}" height="{place.height:.1f}"/>{texts}</g>'
    )


def _edge(source: Place, target: Place, route: Sequence[tuple[float, float]], head: str) -> str:
    """Draw an arrow from the lower edge of a box to the upper edge of another, along a route."""
    start = source.x, source.y + source.height / 2
    end = target.x, target.y - target.height / 2
    path = [f"M{start[0]:.1f} {start[1]:.1f}"]
    points = [start, *route, end]
    turns = [
        each
        for before, each, after in zip(points, points[1:], points[2:], strict=False)
        if not before[0] == each[0] == after[0]  # within a straight line
    ]
    for (x0, y0), (x1, y1) in pairwise([start, *turns, end]):
        bend = (y1 - y0) / 2
        path.append(f"C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}")
    return f'<path class="edge" marker-end="url(#{head})" d="{"".join(path)}"/>'
