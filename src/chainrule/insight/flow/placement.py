"""Placement of boxes in layers, as of Sugiyama, Tagawa & Toda (1981).

The row of a box is the length of the longest path to it from an input; boxes of a row are ordered
by the mean position of their neighbours, in sweeps down and up, so that few arrows cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainrule.insight.flow.flow_graph import Edge, FlowGraph

__all__ = ["Place", "Placement", "place_boxes"]

_SWEEPS = 8


@dataclass(frozen=True)
class Place:
    """The centre of a box, and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Placement:
    """The places of boxes by key, and the points that the arrow of each edge leads through."""

    places: dict[str, Place]
    routes: dict[Edge, list[tuple[float, float]]]


def place_boxes(
    flow: FlowGraph, sizes: Mapping[str, tuple[float, float]], gap: tuple[float, float] = (26, 44)
) -> Placement:
    """Place the boxes of the sizes given; `gap` is between columns and rows, in pixels.

    An arrow that crosses rows leads through a place of its own in each of them.
    """
    levels = _levels(flow)
    pieces = {edge: _pieces(edge, levels) for edge in flow.edges}
    keys = {each.key: levels[each.key] for each in flow.boxes}
    for edge, piece in pieces.items():
        keys |= {key: levels[edge.source] + i for i, key in enumerate(piece) if key not in keys}
    sizes = {key: sizes.get(key, (6.0, 6.0)) for key in keys}
    rows: list[list[str]] = [[] for _ in range(max(keys.values(), default=-1) + 1)]
    for key, level in keys.items():
        rows[level].append(key)
    links = [pair for piece in pieces.values() for pair in pairwise(piece)]
    places = _placed(_ordered(rows, links), sizes, gap)
    routes = {
        edge: [(places[key].x, places[key].y) for key in piece[1:-1]]
        for edge, piece in pieces.items()
    }
    return Placement({each.key: places[each.key] for each in flow.boxes}, routes)


def _pieces(edge: Edge, levels: Mapping[str, int]) -> list[str]:
    """Return the keys of an edge: its ends, and a place in each row between."""
    between = range(levels[edge.source] + 1, levels[edge.target])
    return [edge.source, *(f"{edge.source}>{edge.target}:{i}" for i in between), edge.target]


def _placed(
    rows: Sequence[Sequence[str]],
    sizes: Mapping[str, tuple[float, float]],
    gap: tuple[float, float],
) -> dict[str, Place]:
    """Return the places of rows of keys, each row in the middle."""
    widths = [sum(sizes[key][0] + gap[0] for key in row) - gap[0] for row in rows]
    middle = max(widths, default=0) / 2
    places: dict[str, Place] = {}
    top = 0.0
    for row, row_width in zip(rows, widths, strict=True):
        # Inputs stand above their first use, which may leave the first row empty.
        height = max((sizes[key][1] for key in row), default=0.0)
        left = middle - row_width / 2
        for key in row:
            width, own = sizes[key]
            places[key] = Place(left + width / 2, top + height / 2, width, own)
            left += width + gap[0]
        top += height + gap[1]
    return places


def _levels(flow: FlowGraph) -> dict[str, int]:
    """Return the row of each box; an input stands above its first use."""
    before: dict[str, list[str]] = {each.key: [] for each in flow.boxes}
    after: dict[str, list[str]] = {each.key: [] for each in flow.boxes}
    for edge in flow.edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    level: dict[str, int] = {}
    for box in flow.boxes:
        level[box.key] = max((level.get(each, 0) + 1 for each in before[box.key]), default=0)
    for box in flow.boxes:
        if not before[box.key] and after[box.key]:
            level[box.key] = max(0, min(level[each] for each in after[box.key]) - 1)
    return level


def _ordered(rows: list[list[str]], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Order each row by the mean position of the neighbours in the rows before or after."""
    neighbours: dict[str, list[str]] = {key: [] for row in rows for key in row}
    for source, target in links:
        neighbours[source].append(target)
        neighbours[target].append(source)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        position = _positions(rows)
        for i in range(len(rows)) if down else reversed(range(len(rows))):
            placed = {key for row in (rows[:i] if down else rows[i + 1 :]) for key in row}
            rows[i] = _by_mean(rows[i], neighbours, placed, position)
            position |= _positions([rows[i]])
    return rows


def _by_mean(
    row: Sequence[str],
    neighbours: Mapping[str, Sequence[str]],
    placed: set[str],
    position: Mapping[str, float],
) -> list[str]:
    def mean(key: str) -> float:
        found = [position[each] for each in neighbours[key] if each in placed]
        return sum(found) / len(found) if found else position[key]

    return sorted(row, key=mean)


def _positions(rows: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the place of each key in its row, from 0 to 1."""
    return {key: (i + 0.5) / len(row) for row in rows for i, key in enumerate(row)}
