"""Nodes in columns, and lines between them whose colour and thickness are their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.figure import root_figure
from chainrule.insight.palette import text_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NodeLink", "draw_nodes"]

Array = NDArray[Any]

_THICKEST, _THINNEST = 3.2, 0.25  # points
_COLOURS = "RdBu_r"
_PLAIN = "#DCE6F0"
_LEAST_HEIGHT = 4.0
_DENSE = 150  # lines above which small weights become transparent


@dataclass(frozen=True)
class NodeLink:
    """A graph with a position for each node."""

    title: str
    positions: Array  # (n, 2)
    edges: Array  # (m, 2), the nodes at both ends
    weights: Array | None  # (m,); None draws arrows of one colour
    biases: Array | None = None  # (n,), NaN where a node has none
    labels: tuple[str, ...] = ()  # within each node, or beside it if long; () for none
    beside: tuple[tuple[int, str], ...] = ()  # nodes with a text to their left or right
    headings: tuple[tuple[float, str], ...] = ()  # x, and the text above the column there
    gaps: tuple[tuple[float, float], ...] = ()  # where nodes are left out
    radius: float = 0.0  # of a node; 0 chooses one by the distance between nodes


def draw_nodes(axes: Axes, graph: NodeLink) -> None:
    """Draw a graph with its title, and a scale of colours if it has weights."""
    lines = max((heading.count("\n") + 1 for _, heading in graph.headings), default=0)
    axes.set_title(graph.title, pad=6 + 13 * lines)
    axes.set_axis_off()
    radius = graph.radius or _radius(graph.positions)
    _fit(axes, graph, radius)
    limit = _limit(graph)
    if graph.weights is None:
        _draw_arrows(axes, graph, radius)
    else:
        _draw_lines(axes, graph, graph.weights, limit)
    faces = _draw_circles(axes, graph, radius, limit)
    _draw_texts(axes, graph, radius, faces)
    if graph.weights is not None or graph.biases is not None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        scale = ScalarMappable(Normalize(-limit, limit), _COLOURS)
        what = "weight of a line" + (", bias of a neuron" if graph.biases is not None else "")
        bar = root_figure(axes).colorbar(scale, ax=axes, shrink=0.8, pad=0.02, label=what)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]


def _radius(positions: Array) -> float:
    """Return a radius at which the closest nodes do not touch."""
    if len(positions) < 2:
        return 0.3
    offsets = positions[:, None] - positions[None]
    distances = np.hypot(offsets[..., 0], offsets[..., 1])
    distances[np.diag_indices(len(positions))] = np.inf
    return float(0.36 * distances.min())


def _fit(axes: Axes, graph: NodeLink, radius: float) -> None:
    """Set limits that hold the nodes and the texts around them."""
    x, y = graph.positions.T
    margin = 0.04 * np.ptp(x) if graph.headings else radius
    aside = 0.16 * (np.ptp(x) or 1.0) if graph.beside else 0.0
    empty = max(0.0, _LEAST_HEIGHT - np.ptp(y)) / 2  # few nodes are not drawn huge
    axes.set_xlim(x.min() - margin - aside, x.max() + margin + aside)
    axes.set_ylim(y.min() - 1.6 * radius - empty, y.max() + 1.6 * radius + empty)
    axes.set_aspect("auto" if graph.headings else "equal")


def _limit(graph: NodeLink) -> float:
    """Return the largest weight or bias in magnitude, at least a tiny one."""
    parts = [each for each in (graph.weights, graph.biases) if each is not None and each.size]
    values = np.abs(np.concatenate(parts)) if parts else np.zeros(1)
    return float(np.nanmax(values)) if np.isfinite(values).any() and np.nanmax(values) else 1.0


def _draw_lines(axes: Axes, graph: NodeLink, weights: Array, limit: float) -> None:
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    order = np.argsort(np.abs(weights), kind="stable")  # large weights above small ones
    share = np.abs(weights[order]) / limit
    # The middle of the scale is white, which lines on white must not be.
    signs = np.where(weights[order] < 0, -1, 1)
    colours = colormaps[_COLOURS](0.5 + 0.5 * signs * (0.25 + 0.75 * share))
    if len(order) > _DENSE:
        colours[:, 3] = 0.25 + 0.75 * share
    widths = _THINNEST + (_THICKEST - _THINNEST) * share
    axes.add_collection(
        LineCollection(
            list(graph.positions[graph.edges[order]]), linewidths=list(widths),
            colors=list(map(tuple, colours)), zorder=1, capstyle="round",
        )
    )  # fmt: skip


def _draw_arrows(axes: Axes, graph: NodeLink, radius: float) -> None:
    for source, target in graph.edges:
        start, end = graph.positions[source], graph.positions[target]
        length = float(np.hypot(*(end - start)))
        if source == target or not length:
            offset = np.array([0.6 * radius, radius])
            start, end = start + offset * [-1, 1], start + offset
            style = "arc3,rad=-1.4"
        else:
            bend = 0.35 if _is_crossed(graph.positions, source, target, radius) else 0.0
            style = f"arc3,rad={bend}"
            start, end = (
                start + (end - start) * radius / length,
                end - (end - start) * 1.05 * radius / length,
            )
        axes.annotate(
            "", tuple(end), tuple(start), zorder=1,
            arrowprops={
                "arrowstyle": "-|>", "color": "#555555", "lw": 1.0, "mutation_scale": 10,
                "shrinkA": 0, "shrinkB": 0, "connectionstyle": style,
            },
        )  # fmt: skip


def _is_crossed(positions: Array, source: int, target: int, radius: float) -> bool:
    """Whether a straight line between two nodes passes over another one."""
    start, along = positions[source], positions[target] - positions[source]
    share = np.clip((positions - start) @ along / (along @ along), 0, 1)
    distances = np.hypot(*(positions - start - share[:, None] * along).T)
    distances[[source, target]] = np.inf
    return bool(distances.min() < 1.2 * radius)


def _draw_circles(axes: Axes, graph: NodeLink, radius: float, limit: float) -> Array:
    """Draw the nodes, and return the colour of each, (n, 3)."""
    from matplotlib import colormaps
    from matplotlib.collections import EllipseCollection
    from matplotlib.colors import to_rgb

    faces = np.tile(to_rgb(_PLAIN), (len(graph.positions), 1))
    if graph.biases is not None:
        known = np.isfinite(graph.biases)
        shades = colormaps[_COLOURS](0.5 + 0.5 * np.nan_to_num(graph.biases) / limit)[:, :3]
        faces = np.where(known[:, None], shades, faces)
    # Circles on axes whose units differ: in units of y, as lines between columns are long.
    size = np.full(len(faces), 2 * radius)
    axes.add_collection(
        EllipseCollection(
            size, size, np.zeros(len(faces)), units="y", offsets=graph.positions,
            offset_transform=axes.transData, facecolors=list(map(tuple, faces)),
            edgecolors="#333333", linewidths=1.0, zorder=2, clip_on=False,
        )
    )  # fmt: skip
    return faces


def _draw_texts(axes: Axes, graph: NodeLink, radius: float, faces: Array) -> None:
    centred: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 3}
    for place, label in enumerate(graph.labels):
        x, y = graph.positions[place]
        if len(label) > 4:
            axes.text(x, y - 1.15 * radius, label, fontsize=8.5, ha="center", va="top", zorder=3)
        else:
            axes.text(x, y, label, fontsize=9, color=text_colour(faces[place]), **centred)
    left = graph.positions[:, 0].min()
    for place, label in graph.beside:
        x, y = graph.positions[place]
        is_left = x == left
        axes.annotate(
            f"{label[:17]}…" if len(label) > 18 else label, (x, y), fontsize=9, va="center",
            xytext=(-14 if is_left else 14, 0), textcoords="offset points",
            ha="right" if is_left else "left",
        )  # fmt: skip
    for x, heading in graph.headings:
        axes.text(
            x, 1.0, heading, fontsize=9.5, ha="center", va="bottom", color="#222222",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    for x, y in graph.gaps:
        axes.text(x, y, "⋮", fontsize=15, **centred)
