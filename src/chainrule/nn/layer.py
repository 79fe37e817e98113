"""The layer: a piece of network with parameters of its own, written in plain NumPy.

::

    class Scale(nn.Layer):
        def build(self, input_shape):               # called once, sizes known
            self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

        def forward(self, x):                       # plain NumPy
            return x * self.gain

That is all a layer needs. It may also have ``train_forward(x, random)`` for what it does only
while it is trained, ``backward(dy)`` for a derivative written by hand, and ``l2``, a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zlib import crc32

import numpy as np

from chainrule import tree
from chainrule.errors import ArgumentError, GradientError, ShapeError, UnsupportedError
from chainrule.graph.node import Node, ancestors, next_serial
from chainrule.nn.description import describe
from chainrule.nn.initializer import Initializer, by_activation, generator_at, resolve_initializer
from chainrule.nn.parameter import Parameter, bound
from chainrule.nn.spelling import bind_arguments
from chainrule.ops.custom import with_backward

if TYPE_CHECKING:
    from chainrule.nn.random import Stream

__all__ = ["Layer", "Shape", "kind_of"]

Shape = tuple[int | None, ...]
"""Lengths of axes; None for the batch, which may have any."""


def kind_of(name: str) -> str:
    """Return what layers of a class are called: ``Conv2D`` gives ``conv2d``.

    Examples
    --------
    >>> [kind_of(name) for name in ("Dense", "MaxPool2D", "LSTM", "GaussianNoise")]
    ['dense', 'max_pool2d', 'lstm', 'gaussian_noise']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


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
    """Axes of the input that a layer with parameters is built for; others may vary in length."""

    activation: Any = None
    l2: float = 0.0

    name: str | None
    input_shape: Shape | None
    dtype: np.dtype[Any] | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._arguments = bind_arguments(cls.__init__, cls.__name__, args, kwargs)
        self._own: dict[str, Parameter] = {}
        self._random: Stream | None = None
        self._seed, self._place = 0, None
        self.name = None
        self.input_shape = None
        self.dtype = None
        return self

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    # What a layer of one's own gives.

    def build(self, input_shape: Shape) -> None:
        """Make the parameters; called once, with the batch axis as None."""

    def forward(self, x: Any) -> Any:
        """Compute the output, in plain NumPy."""
        raise UnsupportedError(
            f"{type(self).__name__} has no forward(self, x): write there what the layer computes"
        )

    def train_forward(self, x: Any, random: Stream) -> Any:
        """Compute the output while training, where that differs from `forward`."""
        return self.forward(x)

    def backward(self, dy: Any) -> Any:
        """Return the derivative by the input and set ``grad`` of each parameter; optional."""
        raise UnsupportedError(f"{type(self).__name__} has no backward written by hand")

    # What it gets.

    def parameter(
        self,
        name: str,
        shape: Shape,
        initializer: str | Initializer = "auto",
        trainable: bool = True,
    ) -> Parameter:
        """Make a parameter of this layer; to be called in `build`."""
        title = f"{self._title()}: parameter {name!r}"
        if name in self._own:
            raise ArgumentError(f"{title} was made before; give it another name")
        sizes = tuple(n for n in shape if n is not None)
        if len(sizes) < len(shape):
            raise ShapeError(f"{title} cannot have shape {shape}: the batch has no fixed length")
        if initializer == "auto":
            initializer = by_activation(self.activation) if len(sizes) >= 2 else "zeros"
        generator = generator_at(self._seed, (*(self._place or ()), len(self._own)))
        dtype = self.dtype or np.dtype("float32")
        value = resolve_initializer(initializer)(sizes, generator, dtype)
        self._own[name] = Parameter(name, np.array(value, dtype), trainable)
        return self._own[name]

    def parameters(self) -> dict[str, Parameter]:
        """Return all parameters by name, those of layers inside as ``inner.weight``."""
        found = dict(self._own)
        for path, layer in self._inner_layers():
            found |= {f"{path}.{name}": each for name, each in layer.parameters().items()}
        return found

    def penalty(self) -> Any:
        """Return l2 / 2 · ‖W‖², summed over the weights that an ``l2`` counts."""
        total: Any = 0.0
        for weight in self._own.values():
            if self.l2 and weight.trainable and weight.is_weight:
                total = total + (self.l2 / 2) * np.sum(weight * weight)
        for _, layer in self._inner_layers():
            total = total + layer.penalty()
        return total

    def attach(self, name: str, seed: int, place: tuple[int, ...], dtype: Any) -> None:
        """Tell a layer where it stands in a network, before it is built."""
        self.name = self.name or name
        self._seed, self._place, self.dtype = seed, place, np.dtype(dtype)

    def config(self) -> dict[str, Any]:
        """Return the arguments it was made with, as JSON values."""
        arguments = dict(self._arguments)
        if "name" in arguments:
            arguments["name"] = self.name
        return {key: describe(value, self._title()) for key, value in arguments.items()}

    @property
    def kind(self) -> str:
        """What layers of this class are called, such as ``conv2d``."""
        return kind_of(type(self).__name__)

    def __call__(self, x: Any, random: Stream | None = None) -> Any:
        """Compute the output; with `random`, as while training. Builds on first use."""
        x = x if hasattr(x, "shape") else np.asarray(x)
        start = next_serial()
        self._build_once(x)
        random = self._random if random is None else random
        try:
            with self._handing_on(random):
                y = self._compute(x, random)
        except ValueError as error:
            if not _is_about_shapes(error) or str(error).startswith("layer "):
                raise
            raise ShapeError(self._misfit(x, error)) from error
        _mark(y, start, self.name or self.kind)
        return y

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self._arguments.items())
        return f"{type(self).__name__}({given})"

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        return (), dict(self._arguments)

    def _build_once(self, x: Any) -> None:
        if x.ndim == 0:
            raise ShapeError(
                f"{self._title()}: its input is a single number; the first axis must count the "
                "samples, so pass np.reshape(x, (1, 1))"
            )
        if self.input_shape is not None:
            return self._check_input(x)
        if self.dtype is None:
            self.dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
        shape = (None, *x.shape[1:])
        self._adopt()
        try:
            self.build(shape)
        except BaseException:
            self._own.clear()
            raise
        self.input_shape = shape
        self._adopt()

    def _check_input(self, x: Any) -> None:
        """Refuse an input that would misfit the parameters, or be stretched over them unasked."""
        assert self.input_shape is not None
        if not self._own:
            return
        for axis in self.fixed_axes:
            if x.ndim + axis < 1 or x.shape[axis] != self.input_shape[axis]:
                made = ", ".join(f"{each.name} {each.shape}" for each in self._own.values())
                shape = ("batch", *self.input_shape[1:])
                raise ShapeError(
                    f"{self._title()}: its input has shape {x.shape}, but it was built for "
                    f"{self.input_shape[axis]} on axis {axis} and has {made}; pass inputs shaped "
                    f"({', '.join(map(str, shape))}), or make a new layer"
                )

    def _compute(self, x: Any, random: Stream | None) -> Any:
        if type(self).backward is Layer.backward:
            return self._run(x, random)
        parameters = [each for each in self.parameters().values() if each.trainable]
        values = [each.value for each in parameters]
        y = self._run(x, random)
        remembered = dict(vars(self))

        def backward(dy: Any) -> list[Any]:
            # The layer may have run again since: what its forward kept must be that of this run.
            now = dict(vars(self))
            vars(self).update(remembered)
            with bound(parameters, values):
                for parameter in parameters:
                    parameter.grad = None
                cotangents = [self.backward(dy), *(each.grad for each in parameters)]
            vars(self).update(now)
            return self._checked_gradients(parameters, cotangents)

        return with_backward(y, [x, *values], backward)

    def _run(self, x: Any, random: Stream | None) -> Any:
        return self.forward(x) if random is None else self.train_forward(x, random)

    def _checked_gradients(self, parameters: list[Parameter], cotangents: list[Any]) -> list[Any]:
        for parameter, gradient in zip(parameters, cotangents[1:], strict=True):
            if gradient is None:
                raise GradientError(
                    f"{self._title()}: backward did not set the derivative by {parameter.name}; "
                    f"write self.{parameter.name}.grad = ... in it"
                )
        return cotangents

    def _inner_layers(self) -> Iterator[tuple[str, Layer]]:
        """Find the layers held in attributes, lists and dictionaries, each once."""
        seen = {id(self)}
        held = {key: value for key, value in vars(self).items() if key != "_arguments"}
        for key, value in held.items():
            leaves, _ = tree.flatten(value)
            for path, leaf in zip(tree.paths(value), leaves, strict=True):
                if isinstance(leaf, Layer) and id(leaf) not in seen:
                    seen.add(id(leaf))
                    steps = re.findall(r"\w+", path)
                    yield ".".join([key.lstrip("_"), *steps]), leaf

    def _adopt(self) -> None:
        """Give the layers inside their names, and random numbers of their own."""
        assert self.dtype is not None
        for path, layer in self._inner_layers():
            if layer._place is None:
                place = (*(self._place or ()), crc32(path.encode()))
                layer.attach(f"{self.name or self.kind}.{path}", self._seed, place, self.dtype)

    @contextmanager
    def _handing_on(self, random: Stream | None) -> Iterator[None]:
        """Let the layers inside train too when this one does, without being told in `forward`."""
        inner = [layer for _, layer in self._inner_layers()]
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

    def _misfit(self, x: Any, error: ValueError) -> str:
        made = ", ".join(f"{each.name} {each.shape}" for each in self._own.values())
        return (
            f"{self._title()} cannot compute with an input of shape {x.shape}: {error}; "
            + (f"its parameters are {made}" if made else "it has no parameters")
            + f", and it was built for {self.input_shape}"
        )


def _is_about_shapes(error: ValueError) -> bool:
    """Whether NumPy or a node refused the shapes, rather than the user's code something else."""
    if isinstance(error, ShapeError):
        return True
    words = ("shape", "dimension", "broadcast", "axis", "axes")
    return type(error) is ValueError and any(word in str(error) for word in words)


def _mark(result: Any, start: int, name: str) -> None:
    """Write the layer's name on the nodes made since `start`, for printed graphs."""
    nodes = [each for each in tree.flatten(result)[0] if isinstance(each, Node)]
    for node in ancestors(nodes, lambda each: each.serial < start):
        node.layer = node.layer or name
