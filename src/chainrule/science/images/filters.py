"""Linear filters of images with any kernel, smoothing, the Laplacian, and the median."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.science.images.layout import (
    Image,
    border_of,
    checked_image,
    spans_of,
    stored,
)
from chainrule.science.ndimage.arithmetic import (
    MOST_TERMS,
    Line,
    Window,
    contracted,
    filtered,
    weighted,
)
from chainrule.science.ndimage.borders import Border, Span
from chainrule.science.ndimage.dispatch import compiled
from chainrule.science.ndimage.order_statistics import median_filter
from chainrule.science.ndimage.selection import middle

__all__ = ["correlated", "filter2d", "gaussian", "laplacian", "median"]

_KINDS = ("correlation", "convolution")

_LAPLACIANS = {
    4: ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
    8: ((1.0, 1.0, 1.0), (1.0, -8.0, 1.0), (1.0, 1.0, 1.0)),
}

_LARGEST_NETWORK = 5
"""Side of the largest window whose median is found by a network of comparisons."""


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


def correlated(operation: str, image: Image, kernel: Any, origin: Any, border: Border) -> Any:
    """Correlate an image with a kernel in the dtype of its computed values."""
    spans = spans_of(operation, image, kernel.shape, origin, border)
    if isinstance(kernel, Node):
        return contracted(image.pixels, kernel, spans, image.work, image.work)
    factors = _factors(kernel)
    if factors is not None:
        lines: list[Line] = []
        for span, weights in zip(spans, factors, strict=True):
            if not (weights.size == 1 and weights[0] == 1):
                lines.append(Line(span.axis, tuple(weights.tolist()), span.before, border))
            # Beyond the edges the first pass gives a constant, too, which the second one reads.
            border = border._replace(cval=border.cval * float(weights.sum()))
        return compiled(filtered, image.pixels, tuple(lines), image.work, image.work)
    window = Window(kernel.shape, tuple(kernel.ravel().tolist()), spans)
    if kernel.size > MOST_TERMS:
        return compiled(_contracted, image.pixels, window, image.work)
    return compiled(weighted, image.pixels, window, image.work, image.work)


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


def median(
    image: Any,
    size: int = 3,
    border: str = "reflect",
    *,
    cval: float = 0.0,
    channels: bool | None = None,
) -> Any:
    """Replace each pixel by the median of the square around it, which removes single outliers.

    The derivative is that of the pixel selected.

    Parameters
    ----------
    image : array, real
        The image or images, as for `filter2d`; may be traced for sizes up to 5.
    size : int >= 1, odd
        The side of the square.
    border, cval, channels : str, float, bool
        As for `filter2d`.

    Returns
    -------
    array
        Of the shape and the dtype of the image.

    Raises
    ------
    ArgumentError
        If `size` is not odd.
    UnsupportedError
        If the image is traced and `size` more than 5.

    References
    ----------
    Knuth (1998), The Art of Computer Programming, volume 3, section 5.3.4: sorting networks.

    Examples
    --------
    >>> median(np.array([[1, 1, 1], [1, 255, 1], [1, 1, 1]], np.uint8))
    array([[1, 1, 1],
           [1, 1, 1],
           [1, 1, 1]], dtype=uint8)
    """
    size = checked_count("median", "size", size)
    if size % 2 == 0:
        raise ArgumentError(f"median: size is {size}; it must be odd, such as 3 or 5")
    found = checked_image("median", image, channels)
    beyond = border_of("median", border, cval)
    values = found.pixels
    spans = spans_of("median", found, (size, size), 0, beyond)
    if size <= _LARGEST_NETWORK and not _has_nan(values):
        ordered = tuple(sorted(spans, key=_axis))
        window = Window((size, size), (), ordered)
        values = compiled(middle, values, window, isinstance(values, Node))
    elif isinstance(values, Node):
        raise UnsupportedError(
            f"median: size is {size}, and traced images take at most {_LARGEST_NETWORK}; filter "
            "the image before it is traced, or use smaller squares"
        )
    else:
        values = median_filter(values, size, mode=beyond.mode, cval=beyond.cval, axes=found.axes)
    is_half = getattr(image, "dtype", None) == np.float16
    return values.astype(np.float16) if is_half else values


def _axis(span: Span) -> int:
    return span.axis


def _has_nan(pixels: Any) -> bool:
    is_known = not isinstance(pixels, Node) and pixels.dtype.kind == "f"
    return is_known and bool(np.isnan(pixels.max()))


def _contracted(x: Any, window: Window, work: np.dtype[Any]) -> Any:
    weights = np.reshape(np.array(window.weights), window.shape)
    return contracted(x, weights, window.spans, work, work)


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


def _factors(kernel: Any) -> tuple[Any, Any] | None:
    """Return weights of rows and of columns whose outer product the kernel is, or None."""
    row, column = np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)
    pivot = kernel[row, column]
    if pivot == 0:
        return np.zeros(kernel.shape[0]), np.ones(kernel.shape[1])
    of_rows, of_columns = kernel[:, column], kernel[row] / pivot
    rest = np.abs(kernel - np.outer(of_rows, of_columns)).max()
    return (of_rows, of_columns) if rest <= 8 * np.finfo(float).eps * abs(pivot) else None
