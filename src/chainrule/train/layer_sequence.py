"""`LayerSequence`: layers in order, their parameters and output; without training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.attributes import refuse_assignment, refuse_missing, unwritable
from chainrule.arguments.checks import checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.network_aliases import NETWORK_ASSIGNMENTS, NETWORK_ATTRIBUTES
from chainrule.data.table import Table
from chainrule.graph.node import Node
from chainrule.nn.layer import Layer
from chainrule.train.inputs.data_adapter import prepare_inputs
from chainrule.train.model.model import Model, checked_dtype, checked_layers
from chainrule.train.model.parameters import Params
from chainrule.train.model.summary import print_summary

__all__ = ["LayerSequence"]

_WITHOUT_EFFECT = NETWORK_ASSIGNMENTS.keys() & NETWORK_ATTRIBUTES.remedies.keys()
"""What other libraries read in ``fit``, which subclasses may not assign either."""


@answers_foreign_names(FIT_ALIASES)
class LayerSequence:
    """Layers from input to output, and their parameters: what `Network` trains."""

    _guarded_attributes: ClassVar[tuple[str, ...]] = ("_model",)

    def __init__(
        self,
        layers: Iterable[Layer | Table] = (),
        seed: int = 0,
        dtype: str = "float32",
    ) -> None:
        self._model = Model(checked_seed("Network", seed), checked_dtype(dtype))
        for layer in checked_layers(layers):
            self.add(layer)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, from input to output."""
        return tuple(self._model.layers)

    @property
    def params(self) -> Params:
        """All parameters by name (``dense.weight``): live arrays to read, assign and write into."""
        return Params(self._model.stack.parameters(), self._model)

    @property
    def trainable(self) -> bool:
        """Whether some layer is not frozen; assigned to, it sets the flag of every layer.

        Frozen layers compute, but training does not change their weights; see `Layer`.
        """
        return any(layer.trainable for layer in self._model.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        flag = checked_flag("net", "trainable", value)
        for layer in self._model.layers:
            layer.trainable = flag

    @property
    def table(self) -> Table | None:
        """The table that encodes the inputs, with the statistics it learned in `fit`."""
        return self._model.table

    @property
    def classes(self) -> list[str] | None:
        """The class names in the order of the class indices, if trained on names."""
        return None if self._model.classes is None else list(self._model.classes)

    def add(self, layer: Layer | Table) -> None:
        """Append a layer.

        Parameters
        ----------
        layer : Layer, or Table if it comes first
            Its input is the output of the layer before it.

        Raises
        ------
        ArgumentError
            If it is not a layer, or the layer or its name is in the network already.
        """
        self._model.add(layer)

    def __call__(self, X: Any, training: bool | None = None) -> Any:
        """Compute the output for arrays, or trace it for nodes; builds the layers on first use.

        Parameters
        ----------
        X : array or node, (n, ...)
            Inputs, one sample a row.
        training : bool or None
            Within a layer that holds the network: False turns its training mode off, None is the
            mode of that layer.

        Returns
        -------
        array or node, (n, ...)
            The output.

        Raises
        ------
        ShapeError
            If the inputs differ in shape from those the network was built for.
        """
        model = self._model
        if not isinstance(X, Node):
            inputs = prepare_inputs(model, X, "the network")
            return model.parameter_lock.read(lambda: model.stack.apply(inputs, training))
        model.build(X.shape, "the network")
        return model.stack.apply(X, training)

    def summary(self) -> None:
        """Print a table of layers, output shapes, parameter counts and activations."""
        print_summary(self._model)

    def _named_layers(self) -> list[tuple[str, Layer]]:
        """Name the layers, as the sublayers of a layer that holds the network."""
        return [(str(layer.name), layer) for layer in self.layers]

    def __repr__(self) -> str:
        return f"<network: {' → '.join(str(layer.name) for layer in self.layers)}>"

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that has an effect; a subclass may have attributes of its own."""
        kind = type(self)
        is_known = hasattr(kind, name) and not unwritable(kind, name)
        is_free = not kind.__module__.startswith("chainrule.") and name not in _WITHOUT_EFFECT
        if not (name.startswith("_") or is_known or is_free):
            refuse_assignment(self, "net", name, NETWORK_ASSIGNMENTS)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, "net", name, NETWORK_ATTRIBUTES)
