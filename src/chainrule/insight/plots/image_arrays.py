"""Arrays of images: their forms, and how numbers become brightness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.errors import DataError

__all__ = ["as_images", "brightness", "is_square"]

Array = NDArray[Any]

_FORMS = "(n, height, width), (n, height, width, 1), (n, height, width, 3) or (n, pixels)"


def as_images(function: str, X: Any, image_shape: Any = None) -> Array:
    """Return images as (n, height, width) or (n, height, width, 3), the latter in [0, 1]."""
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise DataError(f"{function}: the images of X differ in size; crop or pad them") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"{function}: X holds {array.dtype}; images are numbers, {_FORMS}")
    if array.ndim == 2:
        array = _folded(function, array, image_shape)
    elif image_shape is not None and tuple(image_shape) not in (array.shape[1:3], array.shape[1:]):
        rule = f"left out, or {array.shape[1:]}, the shape of the images of X"
        raise bad_argument(function, "image_shape", image_shape, rule)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (3, 4):
        raise DataError(
            f"{function}: X has shape {array.shape}, channels first; channels come last here: "
            "np.moveaxis(X, 1, -1)"
        )
    if not (array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (3, 4))) or not array.size:
        raise DataError(f"{function}: X has shape {array.shape}; images are {_FORMS}, n at least 1")
    return array if array.ndim == 3 else _in_colour(array)


def is_square(pixels: int) -> bool:
    """Whether rows of so many numbers are likely images: a square of 7 × 7 or more."""
    return pixels >= 49 and math.isqrt(pixels) ** 2 == pixels


def brightness(images: Array) -> dict[str, Any]:
    """Return the options of ``imshow``: one scale of grey for all images."""
    if images.ndim == 4:
        return {}
    finite = images[np.isfinite(images)] if images.dtype.kind == "f" else images
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return {"cmap": "gray", "vmin": low, "vmax": high if high > low else low + 1}


def _folded(function: str, rows: Array, image_shape: Any) -> Array:
    pixels = rows.shape[1]
    if image_shape is None:
        side = math.isqrt(pixels)
        if side * side != pixels or side < 2:
            raise DataError(
                f"{function}: X has shape {rows.shape}, and {pixels} pixels are no square; give "
                "image_shape=(height, width), or (height, width, 3) of images in colour; one image "
                "is X[None]"
            )
        image_shape = (side, side)
    is_pair = isinstance(image_shape, tuple | list) and all(
        isinstance(each, int | np.integer) for each in image_shape
    )
    shape = tuple(image_shape) if is_pair else ()
    if math.prod(shape) != pixels or len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)):
        rule = (
            f"(height, width) or (height, width, 3), with the product {pixels}, as rows of X have"
        )
        raise bad_argument(function, "image_shape", image_shape, rule)
    return rows.reshape(-1, *shape)


def _in_colour(array: Array) -> Array:
    """Return colours in [0, 1]: of integers, of 0 to 255, or of any range, which is stretched."""
    values = array.astype(float)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    if array.dtype == np.uint8 or (low >= 0 and 1 < high <= 255):
        values /= 255
    elif low < 0 or high > 1:
        values = (values - low) / (high - low)
    return np.clip(np.nan_to_num(values, nan=1.0), 0, 1)
