"""The plot of a network: neurons and weights, blocks, and directed graphs."""

from typing import Any

import numpy as np
import pytest

from chainrule import Network, nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot


def _built(*layers: Any, features: int = 4) -> Any:
    net = Network(list(layers), seed=0)
    net(np.ones((2, features), np.float32))
    return net


def _lines(axes: Any) -> Any:
    return next(each for each in axes.collections if hasattr(each, "set_segments"))


def _circles(axes: Any) -> int:
    return len(axes.collections[-1].get_offsets())


def test_each_weight_is_a_line_as_thick_as_it_is_large_and_red_if_positive() -> None:
    net = _built(nn.Dense(3, activation="tanh"), nn.Dropout(0.5), nn.Dense(2))
    figure: Any = plot.network(net, names=["no", "yes"])
    axes = figure.axes[0]
    assert axes.get_title() == "Network of 23 parameters: 4 → 3 → 2"
    lines = _lines(axes)
    weights = np.concatenate([np.asarray(net.params[f"{each}.weight"]).ravel()
                              for each in ("dense", "dense_1")])  # fmt: skip
    ordered = weights[np.argsort(np.abs(weights))]
    assert len(lines.get_segments()) == len(ordered) == 18
    assert (np.diff(lines.get_linewidths()) >= 0).all()
    colours = lines.get_colors()
    assert ((colours[:, 0] > colours[:, 2]) == (ordered > 0)).all()
    assert _circles(axes) == 9
    texts = [each.get_text() for each in axes.texts]
    assert texts == ["no", "yes", "input\n4", "dense\ntanh\ndropout\n3", "dense_1\n2"]
    assert figure.axes[1].get_ylabel() == "weight of a line, bias of a neuron"


def test_wide_layers_are_cut_and_large_networks_are_blocks() -> None:
    net = _built(nn.Dense(30), nn.Dense(2))
    assert _circles(plot.network(net, style="neurons").axes[0]) == 4 + 16 + 2
    axes = plot.network(net).axes[0]
    assert axes.get_title() == "Network of 2 layers, 212 parameters"
    assert len(axes.patches) == 3
    assert [each.get_text() for each in axes.texts if each.get_text()][:6] == [
        "input", "4", "dense", "Dense", "150 parameters", "30"
    ]  # fmt: skip


def test_convolutions_are_blocks_with_their_shapes() -> None:
    net = _built(nn.Reshape((4, 4, 1)), nn.Conv2D(2, 3), nn.Flatten(), features=16)
    texts = [each.get_text() for each in plot.network(net).axes[0].texts]
    assert "2 × 2 × 2" in texts
    with pytest.raises(ArgumentError, match=r"'reshape' is no dense layer .* style='blocks'"):
        plot.network(net, style="neurons")
    deep = _built(*(nn.Dense(30) for _ in range(50)))
    assert "12 more layers" in [each.get_text() for each in plot.network(deep).axes[0].texts]


def test_the_nodes_of_a_directed_graph_stand_to_the_right_of_their_predecessors() -> None:
    from networkx import DiGraph

    graph = DiGraph()
    sizes = (6, 8, 5, 2)
    starts = np.cumsum((0, *sizes))
    for before, middle, after in zip(starts, starts[1:], starts[2:], strict=False):
        for source in range(before, middle):
            for target in range(middle, after):
                graph.add_edge(source, target, weight=source - target)
    axes: Any = plot.network(graph).axes[0]
    assert axes.get_title() == "Graph of 21 nodes and 98 edges"
    lefts = axes.collections[-1].get_offsets()[:, 0]
    place = {node: index for index, node in enumerate(graph.nodes)}
    assert all(lefts[place[source]] < lefts[place[target]] for source, target in graph.edges)
    assert len(_lines(axes).get_segments()) == 98
    assert [each.get_text() for each in axes.texts] == [str(each) for each in graph.nodes]


def test_graphs_without_weights_have_arrows_and_cycles_are_drawn_on_a_circle() -> None:
    from networkx import DiGraph

    axes: Any = plot.network(DiGraph([(0, 1), (1, 2), (2, 0), (2, 2)])).axes[0]
    distances = np.hypot(*axes.collections[-1].get_offsets().T)
    np.testing.assert_allclose(distances, distances[0])
    assert (
        sum(each.arrowprops is not None for each in axes.texts if hasattr(each, "arrowprops")) == 4
    )


def test_what_cannot_be_drawn_is_refused_with_a_remedy() -> None:
    from networkx import DiGraph

    graph = DiGraph()
    with pytest.raises(DataError, match="no nodes"):
        plot.network(graph)
    graph.add_edge(0, 1, weight=np.nan)
    with pytest.raises(DataError, match=r"weight nan; .* leave the attribute out"):
        plot.network(graph)
    with pytest.raises(ArgumentError, match="leave style out"):
        plot.network(graph, style="blocks")
    with pytest.raises(ArgumentError, match=r"not built yet; call fit or net\(X\) first"):
        plot.network(Network([nn.Dense(2)]))
    with pytest.raises(ArgumentError, match="style is 'dots'"):
        plot.network(_built(nn.Dense(2)), style="dots")
    with pytest.raises(ArgumentError, match="net is 3"):
        plot.network(3)
    with pytest.raises(DataError, match="2 outputs; give a name for each"):
        plot.network(_built(nn.Dense(2)), names=["one"])
