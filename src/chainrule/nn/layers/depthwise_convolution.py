"""Convolution of each channel by itself."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
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
    """Slide kernels over a picture that see one channel each.

    It is `Conv2D` with as many groups as there are channels; with a 1 x 1 convolution after it, it
    does much of the work of a full one with a fraction of the products.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of the kernels.
    strides : int or (int, int)
        Pixels from one place to the next.
    padding : "valid", "same", int, or two of (int or pair of int)
        Zeros added at the borders, as for `Conv2D`.
    depth_multiplier : int > 0
        How many kernels there are for each channel; their outputs stand side by side.
    dilation_rate : int or (int, int)
        Pixels from one entry of a kernel to the next.
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
    weight : Parameter, (height, width, 1, channels · depth_multiplier)
        W.
    bias : Parameter, (channels · depth_multiplier,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

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
    ) -> None:
        kind = "DepthwiseConv2D"
        self.sliding = WindowGeometry(
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
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W and b for inputs with the channels on the last axis."""
        check_axes(self._title(), input_shape, 2)
        filters = (input_shape[-1] or 0) * self.depth_multiplier
        self.weight = self.parameter("weight", (*self.sliding.sizes, 1, filters), self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (filters,))

    def forward(self, x: Any) -> Any:
        """Compute f(b + W * x), channel by channel."""
        check_axes(self._title(), x.shape, 2)
        self.sliding.check(self._title(), "kernel", x.shape[1:-1])
        scores = convolve(x, self.weight.value, self.sliding, groups=x.shape[-1])
        return self.activate(scores if self.bias is None else scores + self.bias)
