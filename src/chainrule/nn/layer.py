"""The base class of layers: parameters, and a forward pass in plain NumPy.

::

    class Scale(nn.Layer):
        def build(self, input_shape):               # called once, sizes known
            self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

        def forward(self, x):                       # plain NumPy
            return x * self.gain

A layer needs no more. ``forward(self, x, training=False, random=None)`` receives whether it runs in
training, where it may draw random numbers by ``random.uniform(x.shape)``; ``train_forward(x,
random)`` is the older spelling of that pass. ``backward(dy)`` is a manual gradient, ``adapt(x)``
takes statistics of the training data. Layers, and networks, that it calls are held in attributes,
lists, tuples or dictionaries; state is a parameter with ``trainable=False``, updated by
``self.mean.value = ...``. ``forward(self, x, mask=None)`` receives the mask, see `compute_mask`.
"""

from __future__ import annotations

from inspect import BoundArguments
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from chainrule.arguments.aliases import LAYER_ARGUMENT_ALIASES, LAYER_ATTRIBUTES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.checks import checked_lengths, checked_text
from chainrule.arguments.keywords import answers_foreign_names, refuse_keywords
from chainrule.arguments.lookup import bind_arguments
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.graph.guards import note_assignment
from chainrule.graph.source_location import frame_at
from chainrule.locks import ReentrantLock
from chainrule.nn import environment
from chainrule.nn.adaptation import note_inputs
from chainrule.nn.binding import Binding
from chainrule.nn.config import describe_arguments, snake_case
from chainrule.nn.freezing import freeze_unless, set_trainable, with_flag
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer_attributes import (
    changed_settings,
    check_assignment,
    check_class,
    check_parameter,
    is_own_file,
)
from chainrule.nn.layer_call import call_layer, no_backward, run_forward
from chainrule.nn.parameter import Parameter
from chainrule.nn.plain_arrays import refuse_lost_update
from chainrule.nn.sublayers import find_all_sublayers, find_sublayers, with_sublayers
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of
from chainrule.tracebacks import with_boundaries

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = ["Layer", "Shape"]

Shape = tuple[int | None, ...]
"""Lengths of the axes; None for the batch axis, whose length varies."""


@independent_copies
@with_boundaries
class Layer:
    """Base class of all layers.

    Parameters
    ----------
    name : str or None
        Layer name; None lets the network number it by kind, as ``dense_1``.
    trainable : bool
        False freezes the layer and its sublayers: training does not change their weights. The
        attribute may be set at any time; the next ``fit`` heeds it, without another ``compile``.

    Attributes
    ----------
    input_shape : tuple of (int or None), or None
        Input shape it was built for, (None, ...); None before it is built.
    dtype : numpy.dtype or None
        Dtype of its parameters; None takes that of the first input.
    activation : str, callable or None
        Activation after its weights, by which "auto" initialises them.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² on its weights; frozen ones are left out, as in Keras 3.
    keeps_steps : bool
        Whether the second axis counts the same steps before and after it; see `compute_mask`.

    Examples
    --------
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")
    ...     def forward(self, x):
    ...         return x * self.gain
    >>> scale = Scale()
    >>> scale(np.array([[1.0, 2.0]]))
    array([[1., 2.]])
    >>> scale.parameters()
    {'gain': <parameter gain f64[2]>}
    """

    _settings_are_versioned: ClassVar[bool] = True  # see `note_assignment`

    fixed_axes: ClassVar[tuple[int, ...]] = (-1,)
    """Axes of the input whose lengths the parameters fix, counted from the end."""

    name: str | None = None
    input_shape: Shape | None = None
    dtype: np.dtype[Any] | None = None
    activation: Any = None
    l2: float = 0.0
    keeps_steps: bool = True
    trainable: bool = True

    _arguments: BoundArguments
    _parameters: dict[str, Parameter]
    _lock: ReentrantLock  # held while building
    _binding: Binding | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Set the attributes that a subclass needs whose ``__init__`` does not call this one's."""
        check_class(cls)
        self = super().__new__(cls)
        vars(self)["_parameters"], vars(self)["_lock"] = {}, ReentrantLock()
        vars(self)["_arguments"] = bind_arguments(cls.__init__, cls.__name__, args, kwargs)
        return self

    def __init__(self, name: str | None = None, trainable: bool = True) -> None:
        self.name = name
        freeze_unless(self, trainable)

    # To be overridden by a custom layer.

    def build(self, input_shape: Shape) -> None:
        """Create the parameters; called once, on the first input.

        Parameters
        ----------
        input_shape : tuple of (int or None)
            Shape of the input, with None for the batch axis.
        """

    def forward(self, x: Any) -> Any:
        """Compute the output in plain NumPy.

        Parameters
        ----------
        x : array, (batch, ...)
            The input.

        Returns
        -------
        array, (batch, ...)
            The output.
        """
        raise UnsupportedError(
            f"{type(self).__name__} has no forward(self, x): define it to compute the output"
        )

    def pre_activation(self, x: Any) -> Any:
        """Compute the output before the final activation, for a layer that ends in one.

        A loss that contains it, as the cross-entropy does a softmax, takes this: more exact.

        Parameters
        ----------
        x : array, (batch, ...)
            The input.

        Returns
        -------
        array, (batch, ...)
            z of ``forward(x) = activate(z)``.
        """
        raise UnsupportedError(f"{type(self).__name__} has no final activation to leave out")

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Compute the output in training, where that differs from `forward`.

        Parameters
        ----------
        x : array, (batch, ...)
            The input.
        random : RandomStream
            Source of random numbers, a function of seed, epoch and step.

        Returns
        -------
        array, (batch, ...)
            The output. Non-trainable state is updated by ``self.mean.value = ...``.
        """
        return self.forward(x)

    def backward(self, dy: Any) -> Any:
        """Compute the gradient manually; without this method it is derived from `forward`.

        Parameters
        ----------
        dy : array, as the output
            Gradient of the loss with respect to the output.

        Returns
        -------
        array, as the input
            Gradient with respect to the input, a tuple for several inputs. The gradients of the
            parameters are assigned to their ``grad``.
        """
        raise UnsupportedError(no_backward(self))

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return which steps of the output are real, where that is not the mask of the input.

        In a network a mask of padded steps travels beside the values: passed to a ``forward`` with
        a parameter ``mask``, and on to outputs with the same steps; else this method says so.

        Parameters
        ----------
        x : array, (batch, steps, ...)
            The input.
        mask : array, bool, (batch, steps), or None
            True where a step of the input is real; None without padding.

        Returns
        -------
        array, bool, (batch, steps), or None
            The mask of the output; None where it ends.
        """
        return mask

    def adapt(self, x: Any) -> None:
        """Take statistics of the data, and keep them as state.

        ``fit`` calls it before the first update, with what reaches the layer from the training
        samples, and their ``mask`` if it takes one; once: later calls and loaded networks do not.

        Parameters
        ----------
        x : array, (n, ...)
            Its inputs from all of them, without those held out for validation.
        """

    # For use in a custom layer.

    @answers_foreign_names(LAYER_ARGUMENT_ALIASES)
    def parameter(
        self,
        name: str,
        shape: Shape,
        initializer: str | Initializer = "auto",
        trainable: bool = True,
    ) -> Parameter:
        """Create a parameter of this layer; to be called in `build`.

        Parameters
        ----------
        name : str
            Its name within the layer.
        shape : tuple of int
            Its shape.
        initializer : str or callable
            Its initialiser; "auto" chooses by the activation for two or more axes, and zeros
            otherwise.
        trainable : bool
            False for state, such as running statistics, which no optimiser updates.

        Returns
        -------
        Parameter
            The parameter, registered with the layer.

        Raises
        ------
        ArgumentError
            If the layer already has a parameter of this name.
        ShapeError
            If the length of an axis is None, or the initialiser returns another shape.
        """
        name = checked_text(self._title(), "the name of a parameter", name, "text")
        title = f"{self._title()}: parameter {name!r}"
        if name in self._parameters:
            once = "create it once, in build" if self.input_shape else "give it another name"
            raise ArgumentError(f"{title} exists already; {once}")
        if isinstance(cast(Any, shape), tuple | list) and None in shape:
            raise ShapeError(
                f"{title} cannot have shape {shape}: the batch axis has no fixed length"
            )
        sizes = checked_lengths(title, "shape", shape)
        binding, dtype = self._binding or Binding(), self.dtype or np.dtype("float32")
        initializer = binding.initializer(name, initializer, self.activation, len(sizes))
        value = binding.initial_value(title, len(self._parameters), initializer, sizes, dtype)
        self._parameters[name] = parameter = Parameter(name, value, trainable)
        parameter.trainable &= self.trainable
        return parameter

    # For the network.

    @property
    def kind(self) -> str:
        """Name of the layer class in snake case, such as ``conv2d``."""
        return snake_case(type(self).__name__)

    def parameters(self) -> dict[str, Parameter]:
        """Return all parameters by name, those of sublayers as ``inner.weight``."""
        parameters = dict(self._parameters)
        for path, layer in find_all_sublayers(self):
            parameters |= {f"{path}.{name}": each for name, each in layer._parameters.items()}
        return parameters

    def penalty(self) -> Any:
        """Return the L2 penalty l2 / 2 · ‖W‖², summed over the trainable weights and sublayers."""
        return sum(
            (layer.l2 / 2) * np.sum(each * each)
            for layer in with_sublayers([self])
            if layer.l2
            for each in layer._parameters.values()
            if each.is_weight and each.trainable
        )

    def config(self) -> dict[str, Any]:
        """Return the constructor arguments as JSON values."""
        arguments = with_flag(self, describe_arguments(self._arguments, self._title()))
        return arguments | {"name": self.name} if "name" in arguments else arguments

    def bind(self, name: str, binding: Binding, dtype: Any) -> None:
        """Bind the layer to a network, before it is built; a name of its own is retained."""
        self.name = self.name or name
        self._binding, self.dtype = binding, np.dtype(dtype)

    def __call__(
        self,
        x: Any,
        *others: Any,
        random: RandomStream | None = None,
        training: bool | None = None,
        **named: Any,
    ) -> Any:
        """Compute the output, in training mode if `random` is given; build on the first call.

        In the `forward` of another layer the mode is that of its call, unless `training` is False.
        Further inputs, such as a memory or a mask, are passed on to `forward`; the shapes of the
        positional ones are passed to `build`.
        """
        if named:
            refuse_keywords(self._title(), self.forward, named, LAYER_ARGUMENT_ALIASES)
        note_inputs(self, x, named.get("mask"))
        return call_layer(
            self, lambda inputs, random: run_forward(self, inputs, named, random), (x, *others),
            random, training,
        )  # fmt: skip

    def scores(self, x: Any, random: RandomStream | None = None, **named: Any) -> Any:
        """Compute `pre_activation`, with the checks of a call."""
        return call_layer(self, lambda x, _: self.pre_activation(*x, **named), (x,), random)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; while traced, a layer that is built has it in that trace alone."""
        if name == "trainable":
            set_trainable(self, self._title(), value)
            return
        if type(vars(self).get(name)) is Parameter:
            check_parameter(self, name, value)
        if is_own_file(frame_at(2).f_code.co_filename):  # beyond the boundary
            self._set(name, value)
            return
        check_assignment(self, name, value)
        for changed, each in changed_settings(self, name, value).items():
            self._set(changed, each)

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, "layer", name, LAYER_ATTRIBUTES)

    def _set(self, name: str, value: Any) -> None:
        traced = environment.current()
        is_shared = traced is None or (self.input_shape is None and not environment.has_node(value))
        if traced is None or is_shared or environment.is_computed(type(self), name):
            object.__setattr__(self, name, value)
            note_assignment()
        else:
            refuse_lost_update(self, name, value)
            traced.set_attribute(self, name, value)

    def __repr__(self) -> str:
        arguments = with_flag(self, self._arguments.arguments).items()
        return f"{type(self).__name__}({', '.join(f'{key}={each!r}' for key, each in arguments)})"

    _repr_html_ = html_of

    def _sublayers(self) -> list[tuple[str, Layer]]:
        return list(find_sublayers(self))

    def _title(self) -> str:
        kind = type(self).__name__
        is_named = isinstance(self.name, str) and self.name
        return f"layer {self.name!r} ({kind})" if is_named else f"layer {kind}"
