"""A network as a directed graph of 21 nodes: neurons, edges with weights, and values along them.

A node is a neuron, an edge carries the weight from one to another. Visited in topological order,
each node sums what its edges bring and applies tanh: that is the forward pass, and ∂L/∂w of an edge
is the value at its tail times the derivative at its head. `chainrule` computes both by matrices.

Run it with ``python examples/38_network_as_a_directed_graph.py [folder]``. It prints::

    21 nodes, 98 edges: 4 inputs, 7 and 7 hidden units, 3 outputs
    values along the edges equal those of the network: True
    derivatives of the edges equal those of the network: True
    longest path: 4 nodes
    written: graph.png, network.png, blocks.svg
"""

import sys
import tempfile
from pathlib import Path

import networkx as nx
import numpy as np

import chainrule as cr
from chainrule import nn

SIZES = 4, 7, 7, 3


def as_graph(net):
    """Return the neurons, numbered from layer to layer, with an edge for each weight."""
    graph, first = nx.DiGraph(), np.cumsum([0, *SIZES])
    matrices = [each for name, each in net.params.items() if name.endswith("weight")]
    for layer, weights in enumerate(matrices):
        for (i, j), weight in np.ndenumerate(weights):
            edge = int(first[layer] + i), int(first[layer + 1] + j)
            graph.add_edge(*edge, weight=float(weight))
    return graph


def forward(graph, inputs):
    """Return the value of each node: tanh of the sum over its edges."""
    values = dict(enumerate(inputs))
    for node in nx.topological_sort(graph):
        if node not in values:
            edges = graph.in_edges(node, data="weight")
            values[node] = np.tanh(sum(values[tail] * weight for tail, _, weight in edges))
    return values


def backward(graph, values, of_outputs):
    """Return the derivative of the loss by the weight of each edge, from those by the outputs."""
    derivatives = dict(zip(sorted(graph)[-SIZES[-1] :], of_outputs, strict=True))
    for node in reversed(list(nx.topological_sort(graph))):
        edges = graph.out_edges(node, data="weight")
        before_tanh = derivatives.get(node, 0.0) + sum(
            derivatives[head] * w for _, head, w in edges
        )
        derivatives[node] = before_tanh * (1 - values[node] ** 2)
    return {(tail, head): values[tail] * derivatives[head] for tail, head in graph.edges}


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    layers = [nn.Dense(units, activation="tanh", use_bias=False) for units in SIZES[1:]]
    net = cr.Network(layers, seed=0, dtype="float64")
    net.compile(loss="mse")
    x, y = np.array([0.5, -1.0, 0.25, 0.75]), np.array([1.0, 0.0, -1.0])
    outputs = net(x[None])[0]

    graph = as_graph(net)
    counts = f"{SIZES[0]} inputs, {SIZES[1]} and {SIZES[2]} hidden units, {SIZES[3]} outputs"
    print(f"{len(graph)} nodes, {graph.number_of_edges()} edges: {counts}")
    values = forward(graph, x)
    found = [values[node] for node in sorted(graph)[-SIZES[-1] :]]
    print("values along the edges equal those of the network:", np.allclose(found, outputs))

    derivatives = backward(graph, values, 2 * (outputs - y) / len(y))
    gradients = net.gradients(x[None], y[None])
    expected = np.concatenate([gradients[name].ravel() for name in net.params])
    found = [derivatives[edge] for edge in sorted(graph.edges)]
    print("derivatives of the edges equal those of the network:", np.allclose(found, expected))
    print(f"longest path: {len(nx.dag_longest_path(graph, weight=None))} nodes")

    cr.plot.network(graph, folder / "graph.png")
    cr.plot.network(net, folder / "network.png")
    net.diagram(folder / "blocks.svg")
    print("written: graph.png, network.png, blocks.svg")


if __name__ == "__main__":
    main()
