"""The layer: a piece of network with parameters of its own, written in plain NumPy.

::

    class Scale(nn.Layer):
        def build(self, input_shape):               # called once, sizes known
            self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

        def forward(self, x):                       # plain NumPy
            return x * self.gain

That is all a layer needs. It may also have ``train_forward(x, random)`` for what it does only
while it is trained, and ``backward(dy)`` for a derivative written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import BoundArguments
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zlib import crc32

import numpy as np

from chainrule.arguments.lookup import bind_arguments
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.graph.node import next_serial
from chainrule.nn.config import describe_arguments, snake_case
from chainrule.nn.initializers.initializer import (
    Initializer,
    by_activation,
    generator_at,
    resolve_initializer,
)
from chainrule.nn.manual_backward import apply_with_backward
from chainrule.nn.parameter import Parameter
from chainrule.nn.shape_errors import (
    check_fixed_axes,
    check_has_samples,
    is_about_shapes,
    shape_error,
    tag_nodes,
)
from chainrule.nn.sublayers import find_sublayers

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = ["Layer", "Shape"]

Shape = tuple[int | None, ...]
"""Lengths of axes; None for the batch, which may have any."""


class Layer:
    """A piece of network: what it computes, and the parameters it computes with.

    Parameters
    ----------
    name : str or None
        Its name; None lets the network number it by kind, as ``dense_1``.

    Attributes
    ----------
    input_shape : tuple of (int or None), or None
        What it was built for; None before that.
    dtype : numpy.dtype or None
        Kind of number of its parameters; None takes that of the first input.
    activation : str, callable or None
        What its weights feed, by which they are initialised.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² on its weights.

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

    fixed_axes: ClassVar[tuple[int, ...]] = (-1,)
    """Axes of the input whose length the parameters fix; counted from the end."""

    name: str | None = None
    input_shape: Shape | None = None
    dtype: np.dtype[Any] | None = None
    activation: Any = None
    l2: float = 0.0

    _arguments: BoundArguments
    _own: dict[str, Parameter]
    _random: RandomStream | None = None
    _seed: int = 0
    _place: tuple[int, ...] | None = None
    _stored: Callable[..., Initializer] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Prepare what a layer needs before ``__init__``, which a subclass may forget to call."""
        self = super().__new__(cls)
        vars(self)["_own"] = {}
        vars(self)["_arguments"] = bind_arguments(cls.__init__, cls.__name__, args, kwargs)
        return self

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    # What a layer of one's own says.

    def build(self, input_shape: Shape) -> None:
        """Make the parameters; called once, when sizes are known.

        Parameters
        ----------
        input_shape : tuple of (int or None)
            Shape of the input, with None for the batch.
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
            f"{type(self).__name__} has no forward(self, x): write there what the layer computes"
        )

    def pre_activation(self, x: Any) -> Any:
        """Compute the output before the final activation, for a layer that ends in one.

        A loss that contains that activation, such as the cross-entropy of a softmax, takes it in
        place of the output, which is more exact.

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
        """Compute the output while training, where that differs from `forward`.

        Parameters
        ----------
        x : array, (batch, ...)
            The input.
        random : RandomStream
            Gives random numbers that are functions of seed, epoch and step.

        Returns
        -------
        array, (batch, ...)
            The output. State may be renewed by ``self.mean.value = ...``.
        """
        return self.forward(x)

    def backward(self, dy: Any) -> Any:
        """Derive by hand, as the tutorials do; without it the derivative follows from `forward`.

        Parameters
        ----------
        dy : array, as the output
            Derivative of the loss by the output.

        Returns
        -------
        array, as the input
            Derivative of the loss by the input, a tuple of them for several. Those by the
            parameters go to their ``grad``.
        """
        raise UnsupportedError(f"{type(self).__name__} has no backward written by hand")

    # What it can use.

    def parameter(
        self,
        name: str,
        shape: Shape,
        initializer: str | Initializer = "auto",
        trainable: bool = True,
    ) -> Parameter:
        """Make a parameter of this layer; to be called in `build`.

        Parameters
        ----------
        name : str
            Its name within the layer.
        shape : tuple of int
            Its shape.
        initializer : str or callable
            How its numbers are drawn; "auto" goes by the activation for weights and takes zeros for
            what has fewer than two axes.
        trainable : bool
            False for state that training does not descend on.

        Returns
        -------
        Parameter
            The parameter, which belongs to the layer from now on.

        Raises
        ------
        ArgumentError
            For a name that was given before.
        ShapeError
            If the length of an axis is not known.
        """
        title = f"{self._title()}: parameter {name!r}"
        if name in self._own:
            raise ArgumentError(f"{title} was made before; give it another name")
        sizes = tuple(n for n in shape if n is not None)
        if len(sizes) < len(shape):
            raise ShapeError(f"{title} cannot have shape {shape}: the batch has no fixed length")
        if self._stored is not None:
            initializer = self._stored(name)
        elif initializer == "auto":
            initializer = by_activation(self.activation) if len(sizes) >= 2 else "zeros"
        generator = generator_at(self._seed, (*(self._place or ()), len(self._own)))
        dtype = self.dtype or np.dtype("float32")
        value = np.array(resolve_initializer(initializer)(sizes, generator, dtype), dtype)
        if value.shape != sizes:
            raise ShapeError(f"{title}: its initializer gave shape {value.shape}, not {sizes}")
        self._own[name] = Parameter(name, value, trainable)
        return self._own[name]

    # What a network asks.

    @property
    def kind(self) -> str:
        """What layers of this class are called, such as ``conv2d``."""
        return snake_case(type(self).__name__)

    def parameters(self) -> dict[str, Parameter]:
        """Return all parameters by name, those of layers inside as ``inner.weight``."""
        found = dict(self._own)
        for path, layer in self._inner():
            found |= {f"{path}.{name}": each for name, each in layer.parameters().items()}
        return found

    def penalty(self) -> Any:
        """Return l2 / 2 · ‖W‖², summed over the weights that an ``l2`` counts."""
        own = [each for each in self._own.values() if each.is_weight and each.trainable]
        total = sum((self.l2 / 2) * np.sum(each * each) for each in own if self.l2)
        return sum((layer.penalty() for _, layer in self._inner()), start=total)

    def config(self) -> dict[str, Any]:
        """Return the arguments it was made with, as JSON values."""
        arguments = describe_arguments(self._arguments, self._title())
        return arguments | {"name": self.name} if "name" in arguments else arguments

    def bind(
        self,
        name: str,
        seed: int,
        place: tuple[int, ...],
        dtype: Any,
        stored: Callable[..., Initializer] | None = None,
    ) -> None:
        """Bind the layer to a network before it is built.

        `seed` and `place`, its index in the network, determine its initial weights, unless `stored`
        gives an initialiser for each parameter, by the parts of its name: values from a file.
        """
        self.name = self.name or name
        self._seed, self._place, self.dtype = seed, place, np.dtype(dtype)
        self._stored = stored

    def __call__(
        self, x: Any, *others: Any, random: RandomStream | None = None, **named: Any
    ) -> Any:
        """Compute the output; with `random`, as while training. Builds on first use.

        Inputs beyond the first, such as a second series or a mask, are handed to `forward`, and the
        shapes of those without a name to `build`.
        """
        return self._call(
            lambda inputs, random: self._compute(inputs, named, random), (x, *others), random
        )

    def scores(self, x: Any, random: RandomStream | None = None) -> Any:
        """Compute `pre_activation`, with the checks of a call."""
        return self._call(lambda inputs, random: self.pre_activation(*inputs), (x,), random)

    def _call(
        self,
        compute: Callable[[list[Any], RandomStream | None], Any],
        inputs: Sequence[Any],
        random: RandomStream | None,
    ) -> Any:
        x, *rest = (each if hasattr(each, "shape") else np.asarray(each) for each in inputs)
        start = next_serial()
        self._build_once(x, rest)
        random = self._random if random is None else random
        try:
            with self._handing_on(random):
                y = compute([x, *rest], random)
        except ValueError as error:
            if not is_about_shapes(error) or str(error).startswith("layer "):
                raise
            raise shape_error(
                self._title(), x, self.input_shape, self.parameters(), error
            ) from error
        tag_nodes(y, start, self.name or self.kind)
        return y

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={each!r}" for key, each in self._arguments.arguments.items())
        return f"{type(self).__name__}({given})"

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Copy by making the layer anew from its arguments."""
        return self._arguments.args, self._arguments.kwargs

    def _build_once(self, x: Any, others: Sequence[Any]) -> None:
        check_has_samples(self._title(), x)
        if self.input_shape is not None:
            axes = self.fixed_axes if self._own else ()
            check_fixed_axes(self._title(), x, self.input_shape, axes, self.parameters())
            return
        if self.dtype is None:
            self.dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
        self._adopt()
        try:
            if type(self).build is not Layer.build:
                self.build(*((None, *each.shape[1:]) for each in (x, *others)))
        except BaseException:
            self._own.clear()  # so that it can be tried again
            raise
        self.input_shape = (None, *x.shape[1:])
        self._adopt()

    def _compute(
        self, inputs: list[Any], named: dict[str, Any], random: RandomStream | None
    ) -> Any:
        def run(x: Any, *others: Any) -> Any:
            if random is None or type(self).train_forward is Layer.train_forward:
                return self.forward(x, *others, **named)
            return self.train_forward(x, random, *others, **named)

        if type(self).backward is Layer.backward:
            return run(*inputs)
        trained = [each for each in self.parameters().values() if each.trainable]
        return apply_with_backward(self, self._title(), trained, run, inputs)

    def _inner(self) -> list[tuple[str, Layer]]:
        return list(find_sublayers(self, Layer, but="_arguments"))

    def _adopt(self) -> None:
        """Give the layers inside their names, and random numbers of their own."""
        for path, layer in self._inner():
            if layer._place is None:
                place = (*(self._place or ()), crc32(path.encode()))
                stored = self._stored and partial(self._stored, path)
                name = f"{self.name or self.kind}.{path}"
                layer.bind(name, self._seed, place, self.dtype, stored)

    @contextmanager
    def _handing_on(self, random: RandomStream | None) -> Generator[None]:
        """Let the layers inside train too when this one does, without being told in `forward`."""
        inner = [layer for _, layer in self._inner()]
        before = [layer._random for layer in inner]
        try:
            for layer in inner:
                layer._random = random
            yield
        finally:
            for layer, stream in zip(inner, before, strict=True):
                layer._random = stream

    def _title(self) -> str:
        kind = type(self).__name__
        return f"layer {self.name!r} ({kind})" if self.name else f"layer {kind}"
