"""Flow graphs: their boxes, formulas and formats."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError
from chainrule.graph.graph import Graph

X, Y = np.eye(4), np.arange(4) % 2


def loss(x: Any, W: Any, b: Any) -> Any:
    z = x @ W + b
    return np.mean(np.tanh(z) ** 2)


def gradient() -> Graph:
    args = np.ones((4, 3)), np.ones((3, 2)), np.ones(2)
    return cr.simplify(cr.trace(cr.grad(loss, argnums=(1, 2)))(*args))


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


def compiled(*layers: Any) -> cr.Network:
    net = cr.Network(list(layers), seed=0)
    net.compile(loss="cross_entropy")
    return net


def test_each_value_is_a_box_with_its_formula_and_shape() -> None:
    found = texts(gradient().svg())
    assert {"x", "f64[4,3]", "z = c + b", "d_z = h ⊙ j", "d_W = xᵀ d_z"} <= set(found)


def test_values_are_written_where_inputs_are_given() -> None:
    graph = cr.trace(lambda x: 2 * x)(3.0)
    assert texts(graph.svg(3.0))[-1] == "6"
    assert "6" not in texts(graph.svg())


def test_graphs_are_exported_to_dot_and_networkx() -> None:
    graph = gradient()
    found = graph.to_networkx()
    (weight,) = [n for n, title in found.nodes(data="title") if title == "d_W"]
    assert {found.nodes[each]["title"] for each in found.predecessors(weight)} == {"x", "d_z"}
    assert graph.dot().count("->") == found.number_of_edges()
    assert graph.dot().startswith('digraph "derivative of loss" {')


def test_a_network_has_one_box_for_a_layer_unless_it_is_unfolded(tmp_path: Path) -> None:
    net = compiled(nn.Dense(3, activation="tanh"), nn.Dense(2))
    diagram = net.diagram(tmp_path / "net.svg", X, Y)
    titles = [box.title for box in diagram.flow.boxes]
    assert titles == [
        "X", "y", "dense", "dense_1", "loss", "gradient of loss", "gradient of dense_1",
        "gradient of dense",
    ]  # fmt: skip
    assert (tmp_path / "net.svg").read_text() == diagram.svg()
    assert "f32[4,3]" in texts(diagram.svg())
    assert "f32[N,3]" in texts(net.diagram().svg())
    unfolded = net.diagram(tmp_path / "net.dot", fold=False)
    assert len(unfolded.flow.boxes) > 20
    assert (tmp_path / "net.dot").read_text().startswith("digraph")


def test_arrows_lead_from_a_box_to_a_later_one_also_around_shortcuts() -> None:
    block = nn.Residual([nn.Dense(4, activation="tanh"), nn.Dense(4)])
    net = compiled(nn.Dense(4), block, nn.Dense(2))
    for fold in (True, False):
        flow = net.diagram(X=X, y=Y, fold=fold).flow
        order = {box.key: place for place, box in enumerate(flow.boxes)}
        assert all(order[edge.source] < order[edge.target] for edge in flow.edges)
    pairs = {(edge.source, edge.target) for edge in net.diagram().flow.edges}
    assert ("layer residual", "layer dense_1") in pairs
    assert ("layer dense", "layer residual") in pairs


def test_no_two_boxes_overlap() -> None:
    from chainrule.insight.flow.placement import place_boxes

    flow = compiled(nn.LSTM(2), nn.Dense(2)).diagram(X=np.ones((4, 3, 2)), y=Y, fold=False).flow
    places = list(place_boxes(flow, {box.key: (90.0, 40.0) for box in flow.boxes}).places.values())
    for i, one in enumerate(places):
        for two in places[:i]:
            assert abs(one.x - two.x) >= 90 or abs(one.y - two.y) >= 40


def test_a_network_without_shapes_needs_data() -> None:
    with pytest.raises(ArgumentError, match=r"not built yet; call net\(X\) first"):
        compiled(nn.Dense(2)).diagram()


def test_a_network_with_a_mask_is_drawn() -> None:
    net = cr.Network([nn.Masking(0.0), nn.LSTM(2, return_sequences=True), nn.Dense(1)])
    net.compile(loss="mse")
    net(np.ones((2, 3, 2)))
    assert net.diagram().svg().startswith("<svg")


def test_what_cannot_be_drawn_or_written_is_refused_by_name(tmp_path: Path) -> None:
    net = compiled(nn.Dense(3, activation="tanh"), nn.Dense(2))
    net(X)
    with pytest.raises(ArgumentError, match=r"suffix of another format.*name it 'net\.svg'"):
        net.diagram(tmp_path / "net.png")
    with pytest.raises(ArgumentError, match=r"path is a.*array.*such as 'net\.svg'"):
        net.diagram(X, Y)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match=r"y is missing.*net\.diagram\(X=X, y=y\)"):
        net.diagram(X=X)
    assert not list(tmp_path.iterdir())
