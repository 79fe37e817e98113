"""Placement of boxes in layers, as of Sugiyama, Tagawa & Toda (1981).

The row of a box is the length of the longest path to it from an input; boxes of a row are ordered
by the mean position of their neighbours, in sweeps down and up, so that few arrows cross. Then each
box is moved towards the mean of its neighbours, as far as the others of its row allow; arrows that
cross rows are kept straight (the priority of Gansner, Koutsofios, North & Vo 1993, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from chainrule.insight.flow.flow_graph import Edge, FlowGraph

__all__ = ["Place", "Placement", "place_boxes"]

_SWEEPS = 8
_STRAIGHT = 8.0
"""Weight of a link between two places of one arrow, that of a link between boxes being 1."""


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
    rows = _ordered(rows, links)
    columns = _columns(rows, links, {key: width for key, (width, _) in sizes.items()}, gap[0])
    places = _placed(rows, columns, sizes, gap[1])
    routes = {
        edge: [(places[key].x, places[key].y) for key in piece[1:-1]]
        for edge, piece in pieces.items()
    }
    return Placement({each.key: places[each.key] for each in flow.boxes}, routes)


def _pieces(edge: Edge, levels: Mapping[str, int]) -> list[str]:
    """Return the keys of an edge: its ends, and a place in each row between."""
    between = range(levels[edge.source] + 1, levels[edge.target])
    return [edge.source, *(f"{edge.source}>{edge.target}:{i}" for i in between), edge.target]


def _columns(
    rows: Sequence[Sequence[str]],
    links: Sequence[tuple[str, str]],
    widths: Mapping[str, float],
    gap: float,
) -> dict[str, float]:
    """Return the horizontal places of keys: near those they are linked with, without overlap."""
    linked: tuple[dict[str, list[tuple[str, float]]], ...] = ({}, {})
    for source, target in links:
        weight = _STRAIGHT if ">" in source and ">" in target else 1.0
        linked[0].setdefault(target, []).append((source, weight))
        linked[1].setdefault(source, []).append((target, weight))
    columns: dict[str, float] = {}
    for row in rows:
        columns |= _spread(row, [(0.0, 1.0)] * len(row), widths, gap)
    for sweep in range(_SWEEPS):
        neighbours = linked[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_wanted(key, neighbours.get(key, ()), columns) for key in row]
            columns |= _spread(row, wanted, widths, gap)
    return columns


def _wanted(
    key: str, neighbours: Sequence[tuple[str, float]], columns: Mapping[str, float]
) -> tuple[float, float]:
    """Return where a key would stand alone, and its weight."""
    total = sum(weight for _, weight in neighbours)
    if not total:
        return columns[key], 0.1
    return sum(weight * columns[each] for each, weight in neighbours) / total, total


def _spread(
    row: Sequence[str],
    wanted: Sequence[tuple[float, float]],
    widths: Mapping[str, float],
    gap: float,
) -> dict[str, float]:
    """Return the places of a row nearest to those wanted, by least squares, that do not overlap.

    Less the widths before them, the places must not decrease: isotonic regression, solved by
    pooling adjacent violators (Barlow et al. 1972).
    """
    apart = ((widths[left] + widths[right]) / 2 + gap for left, right in pairwise(row))
    offsets = list(accumulate(apart, initial=0.0))[: len(row)]
    pools: list[tuple[float, float, int]] = []  # mean, weight and size
    for (place, weight), offset in zip(wanted, offsets, strict=True):
        pool = place - offset, weight, 1
        while pools and pools[-1][0] >= pool[0]:
            mean, before, size = pools.pop()
            total = before + pool[1]
            pool = (mean * before + pool[0] * pool[1]) / total, total, size + pool[2]
        pools.append(pool)
    means = [mean for mean, _, size in pools for _ in range(size)]
    return {key: x + offset for key, x, offset in zip(row, means, offsets, strict=True)}


def _placed(
    rows: Sequence[Sequence[str]],
    columns: Mapping[str, float],
    sizes: Mapping[str, tuple[float, float]],
    gap: float,
) -> dict[str, Place]:
    """Return the places of rows of keys, one beneath the other."""
    left = min((x - sizes[key][0] / 2 for key, x in columns.items()), default=0.0)
    places: dict[str, Place] = {}
    top = 0.0
    for row in rows:
        # Inputs stand above their first use, which may leave the first row empty.
        height = max((sizes[key][1] for key in row), default=0.0)
        for key in row:
            width, own = sizes[key]
            places[key] = Place(columns[key] - left, top + height / 2, width, own)
        top += height + gap
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
        position, placed = _positions(rows), set[str]()
        for i in range(len(rows)) if down else reversed(range(len(rows))):
            rows[i] = _by_mean(rows[i], neighbours, placed, position)
            position |= _positions([rows[i]])
            placed.update(rows[i])
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
