"""Linear filters of images: with any kernel, smoothing, the Laplacian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.graph.node import Node
from chainrule.science.images.kernel import correlated
from chainrule.science.images.layout import border_of, checked_image, stored
from chainrule.science.ndimage.arithmetic import Line, filtered
from chainrule.science.ndimage.dispatch import compiled

__all__ = ["filter2d", "gaussian", "laplacian"]

_KINDS = ("correlation", "convolution")

_LAPLACIANS = {
    4: ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
    8: ((1.0, 1.0, 1.0), (1.0, -8.0, 1.0), (1.0, 1.0, 1.0)),
}


def filter2d(
    image: Any,
    kernel: Any,
    border: str = "reflect",
    *,
    kind: str = "correlation",
    origin: int | tuple[int, int] = 0,
    cval: float = 0.0,
    channels: bool | None = None,
    dtype: Any = None,
) -> Any:
    """Filter an image with a kernel: the sum of each pixel's neighbours, weighted.

    ``out[i, j] = sum_uv kernel[u, v] image[i + u - m // 2, j + v - n // 2]``, the correlation. The
    convolution reads the kernel backwards. Kernels of rank 1 are applied along rows and columns.

    Parameters
    ----------
    image : array, real, (h, w), (h, w, channels), (images, h, w) or (images, h, w, channels)
        The image or images; may be traced.
    kernel : array, real, (m, n)
        The weights, of any lengths; may be traced.
    border : str
        What lies beyond the edges: ``reflect`` (d c b a | a b c d), ``mirror`` or ``reflect101``
        (d c b | a b c d), ``nearest`` or ``replicate``, ``constant``, ``wrap``.
    kind : {"correlation", "convolution"}
        Which of them.
    origin : int or pair of int
        By how many pixels the kernel is moved, up and to the left; see `scipy.ndimage`.
    cval : float
        The value beyond the edges with the border ``constant``.
    channels : bool, optional
        Whether the last of three axes is that of colours; by default, if its length is 1, 3 or 4.
    dtype : dtype, optional
        The dtype of the result; integers are rounded and limited to their range.

    Returns
    -------
    array
        Of the shape of the image: float32 of integers up to 16 bits, float16 and float32, and
        float64 of others, so that nothing wraps around.

    Raises
    ------
    ShapeError
        If the image or the kernel has another number of axes, or is empty.
    DTypeError
        If one of them does not hold real numbers.
    ArgumentError
        If the border is unknown, or the kernel is not finite.

    Examples
    --------
    >>> image = np.array([[0, 0, 200], [0, 0, 200], [0, 0, 200]], np.uint8)
    >>> filter2d(image, [[-1, 0, 1]])
    array([[  0., 200., 200.],
           [  0., 200., 200.],
           [  0., 200., 200.]], dtype=float32)
    """
    if kind not in _KINDS:
        raise ArgumentError(f"filter2d: kind is {kind!r}; it must be one of {', '.join(_KINDS)}")
    found = checked_image("filter2d", image, channels)
    beyond = border_of("filter2d", border, cval)
    weights = _checked_kernel(kernel)
    if kind == "convolution":
        weights = weights[::-1, ::-1]
        rows, columns = origin if isinstance(origin, tuple) else (origin, origin)
        # The middle of an even number of weights is right of it: reversed, it is left of it.
        origin = -rows - (weights.shape[0] % 2 == 0), -columns - (weights.shape[1] % 2 == 0)
    return stored("filter2d", correlated("filter2d", found, weights, origin, beyond), dtype)


def gaussian(
    image: Any,
    sigma: float | tuple[float, float],
    border: str = "reflect",
    *,
    truncate: float = 4.0,
    cval: float = 0.0,
    channels: bool | None = None,
    dtype: Any = None,
) -> Any:
    """Smooth an image with a Gaussian kernel.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced.
    sigma : float >= 0 or pair of them
        The standard deviation in pixels, of rows and columns.
    border : str
        As for `filter2d`.
    truncate : float > 0
        The kernel ends at this number of standard deviations.
    cval, channels, dtype : float, bool, dtype
        As for `filter2d`.

    Returns
    -------
    array
        Of the shape of the image; its dtype as for `filter2d`.

    Raises
    ------
    ArgumentError
        If `sigma` is negative or not finite, or the border is unknown.

    Examples
    --------
    >>> float(gaussian(np.eye(5), 1.0).sum().round(6))
    5.0
    """
    found = checked_image("gaussian", image, channels)
    beyond = border_of("gaussian", border, cval)
    sigmas = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    lines: list[Line] = []
    for axis, each in zip(found.axes, sigmas, strict=True):
        if not 0 <= each < math.inf or not 0 < truncate < math.inf:
            raise ArgumentError(
                f"gaussian: sigma is {sigma!r} and truncate {truncate!r}; a standard deviation is "
                "at least 0 pixels, and truncate more than 0 of them"
            )
        radius = int(truncate * each + 0.5)
        if radius:
            x = np.arange(-radius, radius + 1)
            weights = np.exp(-0.5 * (x / each) ** 2)
            weights /= weights.sum()
            lines.append(Line(axis, tuple(weights.tolist()), radius, beyond))
    smooth = compiled(filtered, found.pixels, tuple(lines), found.work, found.work)
    return stored("gaussian", smooth, dtype)


def laplacian(
    image: Any,
    border: str = "reflect",
    *,
    neighbours: int = 4,
    cval: float = 0.0,
    channels: bool | None = None,
    dtype: Any = None,
) -> Any:
    """Sum the second differences of an image: zero on planes, large at edges and points.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced.
    border : str
        As for `filter2d`.
    neighbours : {4, 8}
        Differences along rows and columns, or along the diagonals too.
    cval, channels, dtype : float, bool, dtype
        As for `filter2d`.

    Returns
    -------
    array
        Of the shape of the image; its dtype as for `filter2d`.

    Raises
    ------
    ArgumentError
        If `neighbours` is neither 4 nor 8.

    Examples
    --------
    >>> laplacian(np.eye(3))
    array([[-2.,  2.,  0.],
           [ 2., -4.,  2.],
           [ 0.,  2., -2.]])
    """
    if neighbours not in _LAPLACIANS:
        raise ArgumentError(f"laplacian: neighbours is {neighbours!r}; it must be 4 or 8")
    found = checked_image("laplacian", image, channels)
    kernel = np.array(_LAPLACIANS[neighbours])
    beyond = border_of("laplacian", border, cval)
    return stored("laplacian", correlated("laplacian", found, kernel, 0, beyond), dtype)


def _checked_kernel(kernel: Any) -> Any:
    weights = kernel if isinstance(kernel, Node) else np.asarray(kernel)
    if weights.ndim != 2 or 0 in weights.shape:
        raise ShapeError(
            f"filter2d: the kernel has shape {weights.shape}; it must be (rows, columns), none of "
            "them 0, as [[-1, 0, 1]]"
        )
    if weights.dtype.kind not in "biuf":
        raise DTypeError(f"filter2d: the kernel holds {weights.dtype}; give real numbers")
    if isinstance(weights, Node):
        return weights
    weights = weights.astype(np.float64)
    if not np.isfinite(weights).all():
        raise ArgumentError("filter2d: the kernel holds NaN or infinity; give finite weights")
    return weights
