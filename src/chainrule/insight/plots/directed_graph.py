"""The layout of a directed graph: nodes in columns by their depth, or on a circle."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, counted
from chainrule.insight.plots.node_link import NodeLink

__all__ = ["nodes_of_digraph"]

Array = NDArray[Any]

_SWEEPS = 9  # odd, so that the last goes along the edges


def nodes_of_digraph(function: str, graph: Any) -> NodeLink:
    """Return a graph of NetworkX with a position for each node."""
    nodes: list[Hashable] = list(graph.nodes)
    if not nodes:
        raise DataError(f"{function}: the graph has no nodes; add some, as by graph.add_edge(1, 2)")
    place = {node: index for index, node in enumerate(nodes)}
    pairs = [(place[source], place[target]) for source, target in graph.edges()]
    edges = np.array(pairs, int).reshape(-1, 2)
    weights = [attributes.get("weight") for _, _, attributes in graph.edges(data=True)]
    attributes: list[Mapping[str, Any]] = [graph.nodes[node] for node in nodes]
    columns = _columns(attributes, edges)
    positions = _on_circle(len(nodes)) if columns is None else _in_columns(columns, edges)
    title = f"Graph of {counted(len(nodes), 'node')} and {counted(len(edges), 'edge')}"
    labels = [str(each.get("label", node)) for each, node in zip(attributes, nodes, strict=True)]
    return NodeLink(
        str(graph.graph.get("name") or title),
        positions,
        edges,
        None if not weights or None in weights else _numbers(function, weights),
        labels=tuple(f"{each[:13]}…" if len(each) > 14 else each for each in labels),
    )


def _numbers(function: str, weights: list[Any]) -> Array:
    try:
        values = np.array(weights, float)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        bad = next(each for each in weights if not _is_finite(each))
        raise DataError(
            f"{function}: an edge has the weight {bad!r:.40}; weights are finite numbers: leave "
            "the attribute out for edges without one"
        )
    return values


def _is_finite(value: Any) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except (TypeError, ValueError):
        return False


def _columns(attributes: list[Mapping[str, Any]], edges: Array) -> Array | None:
    """Return the column of each node: as given, or its depth; None if a cycle has no first node."""
    given = [each.get("layer", each.get("subset")) for each in attributes]
    if all(isinstance(each, int | float) for each in given):
        return np.unique(np.array(given), return_inverse=True)[1]
    depth = np.zeros(len(attributes), int)
    for _ in range(len(attributes)):
        deeper = depth.copy()
        np.maximum.at(deeper, edges[:, 1], depth[edges[:, 0]] + 1)
        if np.array_equal(deeper, depth):
            return _with_late_sources(depth, edges)
        depth = deeper
    return None


def _with_late_sources(depth: Array, edges: Array) -> Array:
    """Move nodes without predecessors to the column before the first of their successors."""
    first = np.full(len(depth), len(depth))
    np.minimum.at(first, edges[:, 0], depth[edges[:, 1]])
    is_source = ~np.isin(np.arange(len(depth)), edges[:, 1])
    return np.where(is_source & (first < len(depth)), first - 1, depth)


def _in_columns(columns: Array, edges: Array) -> Array:
    """Place nodes in columns, each at the mean height of its neighbours, so that few edges cross.

    References
    ----------
    Sugiyama, Tagawa & Toda (1981), "Methods for visual understanding of hierarchical system
    structures": the barycentric method.
    """
    members = [np.flatnonzero(columns == each) for each in range(columns.max() + 1)]
    height = np.zeros(len(columns))
    for group in members:
        height[group] = _even(len(group))
    for sweep in range(_SWEEPS):
        source, target = edges.T if sweep % 2 == 0 else edges.T[::-1]
        for group in members if sweep % 2 == 0 else members[::-1]:
            means = [
                height[source[target == node]].mean() if (target == node).any() else height[node]
                for node in group
            ]
            height[group[np.argsort(-np.array(means), kind="stable")]] = _even(len(group))
    tallest = max(map(len, members))
    step = max(1.6, 1.5 * tallest / max(len(members), 2))
    return np.stack([columns * step, height], axis=1)


def _even(count: int) -> Array:
    return (count - 1) / 2 - np.arange(count)


def _on_circle(count: int) -> Array:
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    radius = max(1.0, count / (2 * np.pi)) * 1.2
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
