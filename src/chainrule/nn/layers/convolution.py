"""Convolution layers over one, two and three spatial axes, channels last.

As in all such libraries the kernel is not mirrored (cross-correlation)::

    y[p, out] = f(b[out] + Σᵢ Σ_in x[p · stride + i · dilation, in] W[i, in, out])

The windows of the input are unfolded (im2col) and contracted with the kernel.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

import numpy as np

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.window_geometry import (
    Padding,
    WindowGeometry,
    check_axes,
    per_axis,
    resolve_padding,
)
from chainrule.nn.mask import note_end, real_steps_only
from chainrule.ops.numpy_api.einsum import einsum

__all__ = ["Conv1D", "Conv2D", "Conv3D", "PerAxis", "convolve"]

PerAxis = int | tuple[int, ...] | list[int]
"""One int for all axes, or one for each."""


class _Convolution(Layer):
    """Convolution over `dimensions` spatial axes."""

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
        trainable: bool = True,
    ) -> None:
        kind, count = type(self).__name__, self.dimensions
        self.filters = checked_count(kind, "filters", filters)
        self.groups = checked_count(kind, "groups", groups)
        if self.filters % self.groups:
            raise ArgumentError(
                f"{kind}: filters={filters} is not divisible by groups={groups}; choose a "
                f"multiple of {groups}"
            )
        self.geometry = WindowGeometry(
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
        freeze_unless(self, trainable)
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W and b for the input's number of channels."""
        check_axes(self._title(), input_shape, self.dimensions)
        channels = input_shape[-1] or 0
        if channels % self.groups:
            raise ShapeError(
                f"{self._title()}: its input has {counted(channels, 'channel')}, which is not "
                f"divisible by groups={self.groups}; choose groups that divide {channels}"
            )
        shape = (*self.geometry.sizes, channels // self.groups, self.filters)
        self.weight = self.parameter("weight", shape, self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return f(W * x + b), (batch, *positions, filters)."""
        return self.activate(self.pre_activation(x, mask))

    def pre_activation(self, x: Any, mask: Any = None) -> Any:
        """Return W * x + b, (batch, *positions, filters); masked steps count as zeros."""
        check_axes(self._title(), x.shape, self.dimensions)
        x = x if mask is None else real_steps_only(x, mask)
        self.geometry.check(self._title(), "kernel", x.shape[1:-1])
        scores = convolve(x, self.weight.value, self.geometry, self.groups)
        return scores if self.bias is None else scores + self.bias

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return which positions a sequence without its padded steps would have, too."""
        if mask is None:
            return None
        margin = sum(self.geometry.pad_widths(x.shape[1:-1])[0])
        length = self.geometry.effective_sizes[0] - margin  # steps that each window must have
        if self.geometry.strides[0] > 1 or length < 1:
            note_end(self)
            return None
        count = x.shape[1] - length + 1
        return reduce(np.logical_and, [mask[:, i : i + count] for i in range(length)])


def convolve(x: Any, kernel: Any, geometry: WindowGeometry, groups: int = 1) -> Any:
    """Contract the unfolded windows of `x` with a kernel.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(5.0).reshape(1, 5, 1)
    >>> difference = np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> convolve(x, difference, WindowGeometry((3,), (1,), (1,), "valid")).ravel()
    array([2., 2., 2.])
    """
    windows = geometry.unfold(x)
    count = len(geometry.sizes)
    positions, within = "xyz"[:count], "ijk"[:count]
    if groups == 1:
        return einsum(f"b{positions}c{within},{within}cf->b{positions}f", windows, kernel)
    head, tail = windows.shape[: count + 1], windows.shape[count + 2 :]
    windows = windows.reshape((*head, groups, windows.shape[count + 1] // groups, *tail))
    filters = kernel.shape[-1]
    kernels = kernel.reshape((*kernel.shape[:-1], groups, filters // groups))
    result = einsum(f"b{positions}gc{within},{within}cgf->b{positions}gf", windows, kernels)
    return result.reshape((*head, filters))


class Conv1D(_Convolution):
    """Convolve sequences (batch, steps, channels) with trainable kernels: f(W * x + b).

    Padded steps count as zeros, as beyond the ends, and stay masked, see `Masking`; with strides,
    which depend on where a sequence begins, the mask ends.

    Parameters
    ----------
    filters : int > 0
        Number of output channels.
    kernel_size : int
        Length of the kernel, in steps.
    strides : int
        Steps between adjacent output positions.
    padding : "valid", "same", int, or ((before, after),)
        Zeros added at both ends: none, enough for ⌈steps / strides⌉ output steps, or these. Causal
        padding is ``((kernel_size - 1, 0),)``.
    dilation_rate : int
        Steps between adjacent kernel entries.
    groups : int
        Number of groups the channels are split into, each convolved separately.
    activation : str, callable or None
        Activation f of the output; None for linear.
    use_bias : bool
        Whether to add the bias b.
    initializer : str or callable
        Initialiser of W; "auto" takes He normal for the ReLU family, Glorot uniform otherwise.
        b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (kernel_size, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    Examples
    --------
    >>> import numpy as np
    >>> Conv1D(8, 3, strides=2)(np.zeros((5, 30, 4))).shape
    (5, 14, 8)
    """

    dimensions = 1


class Conv2D(_Convolution):
    """Convolve images (batch, height, width, channels) with trainable kernels: f(W * x + b).

    Parameters
    ----------
    filters : int > 0
        Number of output channels.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int)
        Pixels between adjacent output positions.
    padding : "valid", "same", int, or two of (int or pair of int)
        Zeros added at the borders: none, enough for ⌈pixels / strides⌉ output positions along each
        axis (an odd total has one more at the end, as in Keras), or these.
    dilation_rate : int or (int, int)
        Pixels between adjacent kernel entries.
    groups : int
        Number of groups the channels are split into, each convolved separately.
    activation : str, callable or None
        Activation f of the output; None for linear.
    use_bias : bool
        Whether to add the bias b.
    initializer : str or callable
        Initialiser of W; "auto" takes He normal for the ReLU family, Glorot uniform otherwise.
        b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (height, width, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

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
    """Convolve volumes (batch, depth, height, width, channels): f(W * x + b).

    Parameters
    ----------
    filters : int > 0
        Number of output channels.
    kernel_size : int or (int, int, int)
        Depth, height and width of the kernel.
    strides : int or (int, int, int)
        Voxels between adjacent output positions.
    padding : "valid", "same", int, or three of (int or pair of int)
        Zeros added at the borders, as for `Conv2D`.
    dilation_rate : int or (int, int, int)
        Voxels between adjacent kernel entries.
    groups : int
        Number of groups the channels are split into, each convolved separately.
    activation : str, callable or None
        Activation f of the output; None for linear.
    use_bias : bool
        Whether to add the bias b.
    initializer : str or callable
        Initialiser of W; "auto" takes He normal for the ReLU family, Glorot uniform otherwise.
        b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (depth, height, width, channels / groups, filters)
        W.
    bias : Parameter, (filters,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3D(4, (1, 3, 3), padding="same")(np.zeros((2, 6, 8, 8, 3))).shape
    (2, 6, 8, 8, 4)
    """

    dimensions = 3
