"""Convolution and correlation in several dimensions, as ``scipy.signal`` names them."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.numpy_api.padding import pad
from chainrule.ops.numpy_api.products import tensordot, to_common_dtype
from chainrule.ops.numpy_api.shape_manipulation import flip
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.windows import sliding_window_view

__all__ = ["convolve", "convolve2d", "convolve2d_compiled", "correlate", "correlate2d"]

_PADDINGS = {
    "fill": "constant", "pad": "constant", "wrap": "wrap", "circular": "wrap", "symm": "symmetric",
    "symmetric": "symmetric",
}  # fmt: skip
_MODES = ("valid", "same", "full")


def convolve2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """Convolution of two images."""
    _check_images("convolve2d", in1, in2)
    first, second, _ = _ordered("convolve2d", in1, in2, mode)
    return _slide(first, flip(second), mode, boundary, fillvalue, is_flipped=True)


def correlate2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """Cross-correlation of two images."""
    _check_images("correlate2d", in1, in2)
    first, second, is_swapped = _ordered("correlate2d", in1, in2, mode)
    result = _slide(first, second, mode, boundary, fillvalue, is_flipped=False)
    return flip(result) if is_swapped else result


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Convolution of two arrays of equal dimension; always the direct method."""
    first, second, _ = _ordered("convolve", in1, in2, mode)
    if mode == "full" and second.size > first.size:
        first, second = second, first
    return _slide(first, flip(second), mode, "fill", 0, is_flipped=True)


def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Cross-correlation of two arrays of equal dimension; always the direct method."""
    first, second, is_swapped = _ordered("correlate", in1, in2, mode)
    result = _slide(first, second, mode, "fill", 0, is_flipped=mode == "same")
    return flip(result) if is_swapped else result


def convolve2d_compiled(
    in1: Any, in2: Any, flipped: int, mode: int, boundary: int, fillvalue: Any
) -> Any:
    """Compute what SciPy's compiled routine does, for its numbers of mode and boundary."""
    in1, in2 = as_array(in1), as_array(in2)
    kernel = flip(in2) if flipped else in2
    border = {0: "fill", 4: "symm", 8: "wrap"}[boundary]
    return _slide(in1, kernel, _MODES[mode], border, fillvalue, is_flipped=bool(flipped))


def _slide(x: Any, kernel: Any, mode: str, boundary: str, fillvalue: Any, is_flipped: bool) -> Any:
    """Multiply every window of the padded `x` by the kernel."""
    if boundary not in _PADDINGS:
        raise ArgumentError(
            f"convolve2d: boundary must be one of {', '.join(_PADDINGS)}, got {shown(boundary)}"
        )
    x, kernel = to_common_dtype(x, kernel)
    widths = [_width(size, mode, is_flipped) for size in kernel.shape]
    if any(sum(pair) for pair in widths):
        values = {"constant_values": fillvalue} if _PADDINGS[boundary] == "constant" else {}
        x = pad(x, widths, _PADDINGS[boundary], **values)
    axes = tuple(range(-kernel.ndim, 0))
    return tensordot(sliding_window_view(x, kernel.shape), kernel, (axes, axes))


def _width(size: int, mode: str, is_flipped: bool) -> tuple[int, int]:
    """How many entries to pad before and after an axis for a kernel of `size` entries."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return size - 1, size - 1
    less, more = (size - 1) // 2, size // 2
    return (more, less) if is_flipped else (less, more)


def _ordered(name: str, in1: Any, in2: Any, mode: str) -> tuple[Any, Any, bool]:
    """Return the inputs, the larger one first where only whole overlaps count."""
    first, second = as_array(in1), as_array(in2)
    if mode not in _MODES:
        raise ArgumentError(f"{name}: mode must be one of {', '.join(_MODES)}, got {shown(mode)}")
    if first.ndim != second.ndim:
        raise ShapeError(
            f"{name}: shapes {first.shape} and {second.shape} must have the same number of axes"
        )
    pairs = list(zip(first.shape, second.shape, strict=True))
    if mode != "valid" or all(n >= m for n, m in pairs):
        return first, second, False
    if not all(m >= n for n, m in pairs):
        raise ShapeError(
            f"{name}: with mode='valid' one of the shapes {first.shape} and {second.shape} must "
            "be at least as large as the other along every axis"
        )
    return second, first, True


def _check_images(name: str, *images: Any) -> None:
    shapes = [as_array(x).shape for x in images]
    if any(len(shape) != 2 for shape in shapes):
        raise ShapeError(f"{name}: needs two images of two axes, got shapes {shapes}")
