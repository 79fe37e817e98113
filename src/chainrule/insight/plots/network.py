"""Plot of a network: neurons and their weights, a box for each layer, or any directed graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError, counted
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.plots.classifier import class_names
from chainrule.insight.plots.directed_graph import nodes_of_digraph
from chainrule.insight.plots.layer_blocks import draw_blocks, figure_size
from chainrule.insight.plots.neurons import dense_columns, nodes_of_columns
from chainrule.insight.plots.node_link import NodeLink, draw_nodes
from chainrule.insight.plots.plane import feature_names
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["network"]

_NAME = "plot.network"
_WHAT = "a network, or a directed graph of NetworkX"
_STYLES = ("neurons", "blocks")
_WIDEST = 24  # units of a layer, up to which each is drawn without being asked for


@answers_foreign_names(PLOT_ALIASES)
def network(
    net: Any,
    path: File = None,
    *,
    style: str | None = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot a network: its neurons and weights, or a box for each layer.

    Parameters
    ----------
    net : Network, or DiGraph of NetworkX
        A built network. Of a graph, the attribute ``weight`` of edges is drawn, and the attributes
        ``layer`` (or ``subset``) and ``label`` of nodes place and name them; without layers, a
        node stands to the right of all its predecessors, and those of a cycle on a circle.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    style : "neurons", "blocks" or None
        A circle for each unit, with a line for each weight, of dense layers; or a box for each
        layer, with its output shape. None takes neurons if no layer has more than 24.
    names : list or dict of str, or None
        What the outputs stand for; None takes the classes of the network, if trained on names.
    features : list of str or None
        What the inputs stand for; None takes the columns that the network was trained on.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Positive weights are red, negative ones blue, and thick where they are large;
        so are the biases, by the colour of the neurons. Of wide layers the first and last eight
        neurons are drawn.

    Raises
    ------
    ArgumentError
        If the network is not built yet, or has a layer without neurons to draw for
        ``style="neurons"``; if `style` is none of these, or `path` names no known format.
    DataError
        If a graph has no nodes, or a weight that is not finite.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import nn
    >>> net = Network([nn.Dense(3, activation="tanh"), nn.Dense(1)], seed=0)
    >>> shape = net(np.ones((5, 2))).shape  # builds the layers
    >>> network(net).axes[0].get_title()
    'Network of 13 parameters: 2 → 3 → 1'
    """
    if style not in (None, *_STYLES):
        raise bad_argument(_NAME, "style", style, '"neurons", "blocks" or None')
    if hasattr(net, "nodes") and hasattr(net, "edges") and hasattr(net, "is_directed"):
        if style is not None:
            raise ArgumentError(
                f"{_NAME}: net is a graph, which has nodes of its own; leave style out"
            )
        return _draw_nodes(nodes_of_digraph(_NAME, net), path, axes)
    if not isinstance(net, Network):
        raise bad_argument(_NAME, "net", net, _WHAT)
    model = model_of(net)
    if not model.output_shapes:
        raise ArgumentError(f"{_NAME}: the network is not built yet; call fit or net(X) first")
    columns, obstacle = dense_columns(model)
    if style == "neurons" and obstacle is not None:
        raise ArgumentError(
            f"{_NAME}: {obstacle}, so it has no neurons to draw; use style='blocks'"
        )
    is_small = obstacle is None and max(each.width for each in columns) <= _WIDEST
    if style == "blocks" or not (is_small or style == "neurons"):
        with drawing(axes, path, figure_size(len(model.layers))) as panel:
            draw_blocks(panel, model)
            return root_figure(panel)
    inputs = feature_names(_NAME, features, columns[0].width)
    if inputs is None and net.columns is not None and len(net.columns) == columns[0].width:
        inputs = list(net.columns)
    nodes = nodes_of_columns(columns, inputs, _outputs(net, names, columns[-1].width))
    return _draw_nodes(nodes, path, axes)


def _outputs(net: Network, names: Any, width: int) -> list[str] | None:
    if names is not None:
        if not isinstance(names, Mapping) and np.size(names) != width:
            raise DataError(
                f"{_NAME}: names are {shown(names)}, and the network has "
                f"{counted(width, 'output')}; give a name for each"
            )
        return class_names(_NAME, names, np.arange(width))
    return net.classes if net.classes is not None and len(net.classes) == width else None


def _draw_nodes(nodes: NodeLink, path: File, axes: Axes | None) -> Figure:
    with drawing(axes, path, (8.0, 4.8)) as panel:
        draw_nodes(panel, nodes)
        return root_figure(panel)
