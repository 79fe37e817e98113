"""Reader of image files, by Pillow: upright, of one size, 8 bits a channel."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError

__all__ = ["ENDINGS", "Color", "read_image", "require_pillow"]

Color = Literal["rgb", "grey"]
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".avif", ".tga", ".ppm", ".pgm", ".pbm", ".pnm"),
)
"""Endings of the names of images."""
_MODES = {"rgb": "RGB", "grey": "L"}
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
"""Modes of 16 bits a pixel."""


def require_pillow() -> None:
    """Raise ImportError, with the command that installs Pillow, where it is missing."""
    try:
        __import__("PIL.Image")  # here, as most programs read no images
    except ImportError as error:
        raise ImportError(
            "data.images: images are read by Pillow, which is not installed; "
            "run: pip install 'chainrule[images]'"
        ) from error


def read_image(
    path: Path, size: tuple[int, int] | None, color: Color, crop: bool
) -> NDArray[np.uint8]:
    """Return an image of (height, width, channels), resized to a size unless that is None."""
    from PIL import Image

    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            # What is wrong beside the pixels, such as in the metadata, harms nothing.
            warnings.simplefilter("ignore")
            resized = _resized(_in_color(_upright(image), _MODES[color]), size, crop)
            pixels = np.asarray(resized, np.uint8)
    except FileNotFoundError:
        raise
    except (
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        TypeError,
        OverflowError,
        MemoryError,
    ) as error:
        reason = f"{error}".replace(str(path), "").replace(repr(str(path)), "")[:80]
        raise FormatError(
            f"data.images: {path} cannot be read as an image ({reason}); remove or replace it"
        ) from None
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _upright(image: Any) -> Any:
    """Return an image turned as its EXIF orientation says, as cameras write it."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _in_color(image: Any, mode: str) -> Any:
    """Return an image in a mode, of 8 bits; transparent pixels are drawn on white."""
    from PIL import Image

    if image.mode in _DEEP:
        deep = np.asarray(image).astype(np.int64)
        if deep.min() < 0 or deep.max() > 65535:
            raise ValueError("its pixels are no integers of 16 bits; save it as 8 bits")
        # 65535 = 257 · 255
        image = Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("its pixels are floats of unknown range; save it as 8 bits")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _resized(image: Any, size: tuple[int, int] | None, crop: bool) -> Any:
    """Return an image of (height, width) pixels: stretched, or its centre part of that aspect."""
    from PIL import Image

    if size is None or (image.height, image.width) == size:
        return image
    height, width = size
    box = None
    if crop:
        scale = min(image.height / height, image.width / width)
        part_height, part_width = height * scale, width * scale
        left, top = (image.width - part_width) / 2, (image.height - part_height) / 2
        box = (left, top, left + part_width, top + part_height)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)
