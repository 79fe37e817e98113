"""Convolutions: the same weights at every place of a series, a picture or a volume.

::

    y[place, out] = f(b[out] + Σ x[place · stride + i · dilation, in] W[i, in, out])

All of them are windows of the input, then one contraction with the kernel.
"""

from __future__ import annotations

from typing import Any, ClassVar

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.window_geometry import (
    Padding,
    WindowGeometry,
    check_axes,
    per_axis,
    resolve_padding,
)
from chainrule.ops.numpy_api.einsum import einsum

__all__ = ["Conv1D", "Conv2D", "Conv3D", "PerAxis", "convolve"]

PerAxis = int | tuple[int, ...] | list[int]
"""One number for all axes, or one for each."""


class _Convolution(Layer):
    """What convolutions over one, two and three axes have in common."""

    dimensions: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: Padding = "valid",
        dilation_rate: PerAxis = 1,
        groups: int = 1,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        kind, count = type(self).__name__, self.dimensions
        self.filters = checked_count(kind, "filters", filters)
        self.groups = checked_count(kind, "groups", groups)
        if self.filters % self.groups:
            raise ArgumentError(
                f"{kind}: filters={filters} cannot be shared out among groups={groups}; choose "
                f"filters that {groups} divides"
            )
        self.sliding = WindowGeometry(
            per_axis(kind, "kernel_size", kernel_size, count),
            per_axis(kind, "strides", strides, count),
            per_axis(kind, "dilation_rate", dilation_rate, count),
            resolve_padding(kind, padding, count),
        )
        self.activation = activation
        self.activate = resolve_activation(activation)
        self.use_bias = checked_flag(kind, "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2(kind, l2)
        self.name = name
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W and b for inputs with the channels on the last axis."""
        check_axes(self._title(), input_shape, self.dimensions)
        channels = input_shape[-1] or 0
        if channels % self.groups:
            raise ShapeError(
                f"{self._title()}: its input has {channels} channels, which cannot be shared out "
                f"among groups={self.groups}; choose groups that divide {channels}"
            )
        shape = (*self.sliding.sizes, channels // self.groups, self.filters)
        self.weight = self.parameter("weight", shape, self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def forward(self, x: Any) -> Any:
        """Compute f(b + W * x)."""
        check_axes(self._title(), x.shape, self.dimensions)
        self.sliding.check(self._title(), "kernel", x.shape[1:-1])
        scores = convolve(x, self.weight.value, self.sliding, self.groups)
        return self.activate(scores if self.bias is None else scores + self.bias)


def convolve(x: Any, kernel: Any, sliding: WindowGeometry, groups: int = 1) -> Any:
    """Contract the windows of an array with a kernel.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(5.0).reshape(1, 5, 1)
    >>> difference = np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> convolve(x, difference, WindowGeometry((3,), (1,), (1,), "valid")).ravel()
    array([2., 2., 2.])
    """
    seen = sliding.over(x)
    count = len(sliding.sizes)
    places, within = "xyz"[:count], "ijk"[:count]
    if groups == 1:
        return einsum(f"b{places}c{within},{within}cf->b{places}f", seen, kernel)
    head, tail = seen.shape[: count + 1], seen.shape[count + 2 :]
    seen = seen.reshape((*head, groups, seen.shape[count + 1] // groups, *tail))
    filters = kernel.shape[-1]
    parts = kernel.reshape((*kernel.shape[:-1], groups, filters // groups))
    result = einsum(f"b{places}gc{within},{within}cgf->b{places}gf", seen, parts)
    return result.reshape((*head, filters))


class Conv1D(_Convolution):
    """Slide a kernel along a series.

    Parameters
    ----------
    filters : int > 0
        How many outputs at each place.
    kernel_size : int
        How many steps the kernel reaches over.
    strides : int
        Steps from one place to the next.
    padding : "valid", "same", int, or ((before, after),)
        Zeros added at both ends; "same" adds so many that there are ⌈steps / strides⌉ places. One
        that sees the past only is ``((kernel_size - 1, 0),)``.
    dilation_rate : int
        Steps from one entry of the kernel to the next.
    groups : int
        Parts that the channels fall into, each convolved by itself.
    activation : str, callable or None
        Applied to the result; None for none.
    use_bias : bool
        Whether to add b.
    initializer : str or callable
        How W is drawn; "auto" takes He's for the ReLU family and Glorot's otherwise. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (kernel_size, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    Examples
    --------
    >>> import numpy as np
    >>> Conv1D(8, 3, strides=2)(np.zeros((5, 30, 4))).shape
    (5, 14, 8)
    """

    dimensions = 1


class Conv2D(_Convolution):
    """Slide a kernel over a picture.

    Parameters
    ----------
    filters : int > 0
        How many outputs at each place.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int)
        Pixels from one place to the next.
    padding : "valid", "same", int, or two of (int or pair of int)
        Zeros added at the borders; "same" adds so many that there are ⌈pixels / strides⌉ places
        along each axis, one more at the end than at the start where that is odd, as Keras does.
    dilation_rate : int or (int, int)
        Pixels from one entry of the kernel to the next.
    groups : int
        Parts that the channels fall into, each convolved by itself.
    activation : str, callable or None
        Applied to the result; None for none.
    use_bias : bool
        Whether to add b.
    initializer : str or callable
        How W is drawn; "auto" takes He's for the ReLU family and Glorot's otherwise. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (height, width, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    LeCun et al. (1989), "Backpropagation applied to handwritten zip code recognition"; Dumoulin &
    Visin (2016), "A guide to convolution arithmetic for deep learning".

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2D(32, 3, activation="relu")
    >>> layer(np.zeros((5, 28, 28, 1))).shape, layer.weight.shape
    ((5, 26, 26, 32), (3, 3, 1, 32))
    """

    dimensions = 2


class Conv3D(_Convolution):
    """Slide a kernel through a volume, or through a film.

    Parameters
    ----------
    filters : int > 0
        How many outputs at each place.
    kernel_size : int or (int, int, int)
        Depth, height and width of the kernel.
    strides : int or (int, int, int)
        Voxels from one place to the next.
    padding : "valid", "same", int, or three of (int or pair of int)
        Zeros added at the borders, as for `Conv2D`.
    dilation_rate : int or (int, int, int)
        Voxels from one entry of the kernel to the next.
    groups : int
        Parts that the channels fall into, each convolved by itself.
    activation : str, callable or None
        Applied to the result; None for none.
    use_bias : bool
        Whether to add b.
    initializer : str or callable
        How W is drawn; "auto" takes He's for the ReLU family and Glorot's otherwise. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (depth, height, width, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3D(4, (1, 3, 3), padding="same")(np.zeros((2, 6, 8, 8, 3))).shape
    (2, 6, 8, 8, 4)
    """

    dimensions = 3
