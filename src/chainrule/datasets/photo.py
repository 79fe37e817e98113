"""Photographs for image filters."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError, counted

__all__ = ["photos"]

SHAPES = {"camera": (512, 512), "chelsea": (300, 451, 3), "coins": (303, 384)}


@answers_foreign_names(DATASET_ALIASES)
def photos() -> dict[str, NDArray[np.uint8]]:
    """Load three standard test images: a photographer, a cat, ancient coins.

    They need Pillow, the extra ``images``.

    Returns
    -------
    dict of str to array, uint8
        ``"camera"`` (512, 512) and ``"coins"`` (303, 384) are grey, from 0 (black) to 255 (white);
        ``"chelsea"`` (300, 451, 3) has the channels red, green and blue.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    DownloadError
        If the files are neither present nor downloadable.
    FormatError
        If a file is corrupt.

    References
    ----------
    van der Walt and others (2014), "scikit-image: image processing in Python", PeerJ 2:e453.
    """
    paths = locate("photos")
    return {path.stem: _read_image(path, SHAPES[path.stem]) for path in paths}


def _read_image(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "datasets.photos: the images need Pillow, which is not installed; "
            "run: pip install 'chainrule[images]'"
        ) from error
    try:
        with Image.open(path, formats=["PNG"]) as image:
            # The header is checked before decompression.
            actual = (image.height, image.width, len(image.getbands()))
            pixels: Any = np.array(image) if actual[: len(shape)] == shape else None
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"{path} is not a valid PNG file: {error}; download it again") from error
    if pixels is None or pixels.shape != shape or pixels.dtype != np.uint8:
        raise FormatError(
            f"{path} holds an image of {actual[0]} x {counted(actual[1], 'pixel')} and "
            f"{counted(actual[2], 'channel')}; expected {' x '.join(map(str, shape))} bytes: "
            "download it again"
        )
    return pixels
