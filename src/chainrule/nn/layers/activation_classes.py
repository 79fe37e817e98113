"""Activations as layers of their own, ``nn.ReLU()``, for ``nn.Activation("relu")``.

They compute the functions in ``nn.ACTIVATIONS`` of the same names, see there for the formulas. A
final `Softmax` or sigmoid is fused with the loss that contains it, as any final activation is.
Initial weights do not depend on them but on the argument `activation` of the layer before: where a
layer of the ReLU family follows, give that one ``initializer="he_normal"``, or ``activation=``.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from chainrule.arguments.checks import FINITE, POSITIVE, as_position, bad_argument, checked_number
from chainrule.errors import ShapeError
from chainrule.nn.activations.rectifiers import elu, leaky_relu
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import constant
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.activation_layers import Activation

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "HardSigmoid",
    "LeakyReLU",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]  # fmt: skip


class _Named(Activation):
    """The activation layer of one name."""

    _activation: ClassVar[str]

    def __init__(self, name: str | None = None) -> None:
        Activation.__init__(self, self._activation, name)


class ReLU(_Named):
    """Apply the rectified linear unit, max(x, 0).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> ReLU()(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    _activation = "relu"


class SELU(_Named):
    """Apply the scaled exponential linear unit, which retains mean 0 and variance 1.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "selu"


class GELU(_Named):
    """Apply the Gaussian error linear unit, x Φ(x), by the error function.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "gelu"


class SiLU(_Named):
    """Apply the sigmoid linear unit, x σ(x), also called swish.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "silu"


class Mish(_Named):
    """Apply mish, x tanh(softplus(x)).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "mish"


class Softplus(_Named):
    """Apply softplus, log(1 + exp(x)).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "softplus"


class Softsign(_Named):
    """Apply softsign, x / (1 + |x|).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "softsign"


class Sigmoid(_Named):
    """Apply the logistic function, 1 / (1 + exp(-x)).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "sigmoid"


class HardSigmoid(_Named):
    """Apply the piecewise linear sigmoid.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "hard_sigmoid"


class Tanh(_Named):
    """Apply the hyperbolic tangent.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    """

    _activation = "tanh"


class _OverClasses(Activation):
    """A function of all the classes of a sample, which are on the last axis."""

    _activation: ClassVar[str]

    def __init__(self, axis: int = -1, name: str | None = None) -> None:
        Activation.__init__(self, self._activation, name)
        axis_or_none = as_position(axis)
        if axis_or_none is None or axis_or_none == 0:
            rule = "the number of the last axis, such as -1 (0 is the batch)"
            raise bad_argument(type(self).__name__, "axis", axis, rule)
        self.axis = axis_or_none

    def build(self, input_shape: Shape) -> None:
        """Check that the axis is the last one."""
        if self.axis not in (-1, len(input_shape) - 1):
            shape = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: axis={self.axis}, but its input has shape ({shape}), and it is "
                "computed over the last axis: put nn.Permute before it, which moves the classes "
                "there"
            )


class Softmax(_OverClasses):
    """Apply the softmax over the last axis, which gives the probabilities of classes.

    Parameters
    ----------
    axis : int
        The last axis, by its number or as -1; others are refused.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `axis` is no integer, or the batch.

    Examples
    --------
    >>> Softmax()(np.array([[5.0, 5.0]]))
    array([[0.5, 0.5]])
    """

    _activation = "softmax"


class LogSoftmax(_OverClasses):
    """Apply the logarithm of the softmax over the last axis.

    Parameters
    ----------
    axis : int
        The last axis, by its number or as -1; others are refused.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `axis` is no integer, or the batch.
    """

    _activation = "log_softmax"


class LeakyReLU(Activation):
    """Apply the leaky rectified linear unit: x where x > 0, slope · x elsewhere.

    Parameters
    ----------
    slope : float
        The slope for negative numbers. That of Keras is 0.3, that of PyTorch 0.01.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `slope` is not a finite number.

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    def __init__(self, slope: float = 0.01, name: str | None = None) -> None:
        Activation.__init__(self, "leaky_relu", name)
        self.slope = checked_number("LeakyReLU", "slope", slope)
        self.activate = partial(leaky_relu, slope=self.slope)


class ELU(Activation):
    """Apply the exponential linear unit: x where x > 0, α (exp(x) - 1) elsewhere.

    Parameters
    ----------
    alpha : float > 0
        α, the distance of the limit at -∞ from 0.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `alpha` is not positive.

    Examples
    --------
    >>> ELU(2.0)(np.array([[-100.0, 1.0]]))
    array([[-2.,  1.]])
    """

    def __init__(self, alpha: float = 1.0, name: str | None = None) -> None:
        Activation.__init__(self, "elu", name)
        self.alpha = checked_number("ELU", "alpha", alpha, POSITIVE)
        self.activate = partial(elu, alpha=self.alpha)


class PReLU(Layer):
    """Apply a leaky rectified linear unit whose slope is learned, one for each channel.

    Parameters
    ----------
    slope : float
        The initial slope for negative numbers, of all channels.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    slopes : Parameter, (channels,)
        The slopes, one for each entry of the last axis.

    Raises
    ------
    ArgumentError
        If `slope` is not a finite number.

    References
    ----------
    He et al. (2015), "Delving deep into rectifiers", equation 1.

    Examples
    --------
    >>> layer = PReLU()
    >>> layer(np.array([[-1.0, 2.0]]))
    array([[-0.25,  2.  ]])
    >>> layer.slopes[:]
    array([0.25, 0.25])
    """

    def __init__(
        self, slope: float = 0.25, name: str | None = None, trainable: bool = True
    ) -> None:
        self.slope = checked_number("PReLU", "slope", slope, FINITE)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Create the slopes."""
        channels = input_shape[-1:] if len(input_shape) > 1 else (1,)
        self.slopes = self.parameter("slopes", channels, partial(constant, value=self.slope))

    def forward(self, x: Any) -> Any:
        """Return x where x > 0, and slopes · x elsewhere."""
        return np.where(x > 0, x, x * self.slopes)
