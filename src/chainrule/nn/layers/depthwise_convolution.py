"""Depthwise convolution: each channel convolved separately."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.convolution import PerAxis, convolve
from chainrule.nn.layers.window_geometry import (
    Padding,
    WindowGeometry,
    check_axes,
    per_axis,
    resolve_padding,
)

__all__ = ["DepthwiseConv2D"]


class DepthwiseConv2D(Layer):
    """Convolve each channel of images (batch, height, width, channels) separately.

    Equal to `Conv2D` with one group a channel. Followed by a 1 x 1 `Conv2D` it is a depthwise
    separable convolution.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of the kernels.
    strides : int or (int, int)
        Pixels between adjacent output positions.
    padding : "valid", "same", int, or two of (int or pair of int)
        Zeros added at the borders, as for `Conv2D`.
    depth_multiplier : int > 0
        Kernels, and so output channels, for each input channel.
    dilation_rate : int or (int, int)
        Pixels between adjacent kernel entries.
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
    weight : Parameter, (height, width, 1, channels · depth_multiplier)
        W.
    bias : Parameter, (channels · depth_multiplier,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Howard et al. (2017), "MobileNets: efficient convolutional neural networks for mobile vision
    applications", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> DepthwiseConv2D(3, depth_multiplier=2)(np.zeros((5, 28, 28, 4))).shape
    (5, 26, 26, 8)
    """

    keeps_steps = False

    def __init__(
        self,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: Padding = "valid",
        depth_multiplier: int = 1,
        dilation_rate: PerAxis = 1,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        l2: float = 0.0,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        kind = "DepthwiseConv2D"
        self.geometry = WindowGeometry(
            per_axis(kind, "kernel_size", kernel_size, 2),
            per_axis(kind, "strides", strides, 2),
            per_axis(kind, "dilation_rate", dilation_rate, 2),
            resolve_padding(kind, padding, 2),
        )
        self.depth_multiplier = checked_count(kind, "depth_multiplier", depth_multiplier)
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
        check_axes(self._title(), input_shape, 2)
        filters = (input_shape[-1] or 0) * self.depth_multiplier
        self.weight = self.parameter("weight", (*self.geometry.sizes, 1, filters), self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (filters,))

    def forward(self, x: Any) -> Any:
        """Return f(W * x + b), channel by channel."""
        return self.activate(self.pre_activation(x))

    def pre_activation(self, x: Any) -> Any:
        """Return W * x + b, channel by channel."""
        check_axes(self._title(), x.shape, 2)
        self.geometry.check(self._title(), "kernel", x.shape[1:-1])
        scores = convolve(x, self.weight.value, self.geometry, groups=x.shape[-1])
        return scores if self.bias is None else scores + self.bias
