"""`LayerSequence`: layers in order, their parameters and output; without training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self, overload

import numpy as np

from chainrule.arguments.aliases import FIT_ALIASES, NETWORK_ATTRIBUTES
from chainrule.arguments.assignments import NETWORK_ASSIGNMENTS, WITHOUT_EFFECT
from chainrule.arguments.attributes import refuse_assignment, refuse_missing, unwritable
from chainrule.arguments.checks import checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import suggestion
from chainrule.data.table import Table
from chainrule.errors import ArgumentError
from chainrule.graph.node import Node
from chainrule.nn.layer import Layer, Shape
from chainrule.train.inputs.data_adapter import prepare_inputs
from chainrule.train.model.model import Model, checked_dtype, checked_layers
from chainrule.train.model.parameters import Params
from chainrule.train.model.summary import describe, print_summary

__all__ = ["LayerSequence"]


@answers_foreign_names(FIT_ALIASES)
class LayerSequence:
    """Layers from input to output, and their parameters: what `Network` trains."""

    _guarded_attributes: ClassVar[tuple[str, ...]] = ("_model",)

    def __init__(
        self,
        layers: Iterable[Layer | Table | LayerSequence] = (),
        seed: int = 0,
        dtype: str = "float32",
    ) -> None:
        given = [layers] if isinstance(layers, LayerSequence) else checked_layers(layers)
        self._model = Model(checked_seed("Network", seed), checked_dtype(dtype))
        with self._model.adding():
            for layer in given:
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
    def columns(self) -> list[str] | None:
        """The columns of the data frame it was trained on, in order, if it begins with no table."""
        return None if self._model.columns is None else list(self._model.columns)

    @property
    def classes(self) -> list[str] | None:
        """The class names in the order of the class indices, if trained on names."""
        return None if self._model.classes is None else list(self._model.classes)

    @property
    def input_shape(self) -> Shape | None:
        """Shape of the input, (None, ...); None before the network is built."""
        return self._model.input_shape

    @property
    def output_shape(self) -> Shape | None:
        """Shape of the output, (None, ...); None before the network is built."""
        return self._model.output_shape if self._model.output_shapes else None

    def count_params(self) -> int:
        """Return the number of all elements of the parameters, frozen ones and state included.

        Raises
        ------
        ArgumentError
            If the network is not built yet.
        """
        if not self._model.output_shapes:
            raise ArgumentError(
                "count_params: the network is not built yet, so it has no parameters; call fit, "
                "predict or net(X) first"
            )
        return sum(each.size for each in self._model.stack.parameters().values())

    def add(self, layer: Layer | Table | LayerSequence) -> None:
        """Append a layer, or the layers of another network.

        Those of a network are shared, one by one, as they are now: the parameters are the same
        arrays, which training either network changes, and freezing a layer freezes it in both.
        Layers keep their names, except that a number is changed where it is taken here.

        Parameters
        ----------
        layer : Layer or Network, or Table if it comes first
            Its input is the output of the layer before it.

        Raises
        ------
        ArgumentError
            If it is no layer, is in the network already, or cannot be shared.

        Examples
        --------
        >>> from chainrule import Network, nn
        >>> base = Network([nn.Dense(8, activation="relu"), nn.Dense(3)])
        >>> net = Network([base[:-1], nn.Dense(2)])
        >>> net.layers[0] is base.layers[0], net
        (True, <network: dense → dense_1>)
        """
        if isinstance(layer, LayerSequence):
            self._model.add_shared(layer._model, slice(None))
        else:
            self._model.add(layer)

    def __len__(self) -> int:
        return len(self._model.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __contains__(self, layer: object) -> bool:
        """Whether there is a layer, or one of that name."""
        return layer in self._model.names or any(each is layer for each in self._model.layers)

    @overload
    def __getitem__(self, index: int | str) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: Any) -> Any:
        """Return a layer by number or name, or some adjacent ones as a network that shares them.

        Such a network predicts at once; to train it, compile it.
        """
        names = self._model.names
        if isinstance(index, slice):
            return self._part(index)
        if isinstance(index, str) and index in names:
            return self._model.layers[names.index(index)]
        if isinstance(index, int | np.integer) and -len(names) <= index < len(names):
            return self._model.layers[int(index)]
        kind = KeyError if isinstance(index, str) else IndexError
        if not isinstance(index, str | int | np.integer):
            raise ArgumentError(f"net[...] takes a number, a name or a slice, got {index!r:.60}")
        hint = suggestion(index, names) if isinstance(index, str) else f"it has {len(names)}"
        raise kind(f"net[{index!r}]: there is no such layer; {hint}")

    def _part(self, index: slice) -> Any:
        model, chosen = self._model, range(0)
        with suppress(TypeError, ValueError):  # a bound that is no integer, a step of 0
            chosen = range(len(model.layers))[index]
        if chosen.step != 1 or not chosen:
            raise ArgumentError(
                f"net[...]: the slice must take adjacent layers, in their order, and at least one "
                f"of the {len(model.layers)}; for others create chainrule.Network([...]) of layers"
            )
        # Not of a subclass of the user's, whose constructor may take other arguments.
        kind = next(each for each in type(self).__mro__ if each.__module__.startswith("chainrule."))
        part = kind(seed=model.seed, dtype=model.dtype.name)
        part._model.add_shared(model, slice(chosen.start, chosen.stop))
        shapes = [model.input_shape, *model.output_shapes] if model.output_shapes else []
        shape = shapes[chosen.start] if shapes else None
        if shape is not None and None not in shape[1:]:
            part._model.build((2, *shape[1:]), "net[...]")
        if chosen.stop == len(model.layers):
            part._model.classes = self.classes
        if not chosen.start:
            part._model.columns = self.columns
        return part

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
        # Compiled, it has a training of its own, such as the teacher in the loss of a student.
        is_constant = model.compile_arguments is not None
        if not isinstance(X, Node):
            inputs = prepare_inputs(model, X, "the network")
            return model.parameter_lock.read(
                lambda: model.stack.apply(inputs, training, is_constant)
            )
        model.build(X.shape, "the network")
        return model.stack.apply(X, training, is_constant)

    def apply(
        self, params: Mapping[str, Any], X: Any, training: bool = False, seed: Any = None
    ) -> Any:
        """Compute the output for other values of the parameters: a pure function of its arguments.

        Nothing of the network changes, and `chainrule.grad`, ``jit`` and ``scan`` may trace it. It
        computes in the dtype of `params`.

        Parameters
        ----------
        params : mapping of str to array or node, float
            Values by name, of the names and shapes of `params`.
        X : array or node, (n, ...)
            Inputs, one sample a row.
        training : bool
            Whether layers compute as in `fit`: dropout drops, and batch normalisation uses the
            statistics of the batch, without updating those of the network.
        seed : int in [0, 2**64), key of `chainrule.random`, node of one of them, or None
            Determines the random numbers of layers such as dropout, in training; give another one
            in each step.

        Returns
        -------
        array or node, (n, ...)
            The output.

        Raises
        ------
        ArgumentError, ShapeError, DTypeError
            If the names, shapes or dtypes of `params` differ from those of the network, and if a
            layer draws random numbers without a seed.

        Examples
        --------
        >>> import chainrule as cr
        >>> from chainrule import nn
        >>> net = cr.Network([nn.Dense(2)])
        >>> X, y = np.eye(3), np.ones((3, 2))
        >>> shape = net(X).shape  # builds the layers
        >>> def loss(params):
        ...     return np.mean((net.apply(params, X) - y) ** 2)
        >>> gradients = cr.grad(loss)(net.params)
        >>> {name: each.shape for name, each in gradients.items()}
        {'dense.weight': (3, 2), 'dense.bias': (2,)}
        """
        from chainrule.train.inference.functional import apply  # rarely used

        return apply(self._model, params, X, training, seed)

    def summary(self) -> None:
        """Print a table of layers, output shapes, parameter counts and activations."""
        print_summary(self._model)

    def _named_layers(self) -> list[tuple[str, Layer]]:
        """Name the layers, as the sublayers of a layer that holds the network."""
        return list(zip(self._model.names, self.layers, strict=True))

    def __repr__(self) -> str:
        return f"<network: {describe(self._model)}>"

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that has an effect; a subclass may have attributes of its own."""
        kind = type(self)
        is_known = hasattr(kind, name) and not unwritable(kind, name)
        is_free = not kind.__module__.startswith("chainrule.") and name not in WITHOUT_EFFECT
        if not (name.startswith("_") or is_known or is_free):
            refuse_assignment(self, "net", name, NETWORK_ASSIGNMENTS)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, "net", name, NETWORK_ATTRIBUTES)
