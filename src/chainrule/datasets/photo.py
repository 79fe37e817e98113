"""Photos to look for edges in."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["photos"]

SHAPES = {"camera": (512, 512), "chelsea": (300, 451, 3), "coins": (303, 384)}


def photos() -> dict[str, NDArray[np.uint8]]:
    """Load three photos that many books on pictures show: a photographer, a cat, old coins.

    They are read by Pillow, the extra ``images``.

    Returns
    -------
    dict of str to array, uint8
        ``"camera"`` (512, 512) and ``"coins"`` (303, 384) are grey, 0 is black and 255 is white;
        ``"chelsea"`` (300, 451, 3) has the colours red, green and blue.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    DownloadError
        If the files are neither on this machine nor to be fetched.
    FormatError
        If a file is not what it should be.

    References
    ----------
    van der Walt and others (2014), "scikit-image: image processing in Python", PeerJ 2:e453.
    """
    paths = locate("photos")
    return {path.stem: _picture(path, SHAPES[path.stem]) for path in paths}


def _picture(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "datasets.photos: the pictures are read by Pillow, which is not installed; "
            "run: pip install 'chainrule[images]'"
        ) from error
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            # What the header announces is compared before anything is unpacked.
            found = (picture.height, picture.width, len(picture.getbands()))
            pixels: Any = np.array(picture) if found[: len(shape)] == shape else None
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"{path} is not a sound PNG file: {error}; fetch it again") from error
    if pixels is None or pixels.shape != shape or pixels.dtype != np.uint8:
        raise FormatError(
            f"{path} holds a picture of {found[0]} x {found[1]} points and {found[2]} channels; "
            f"expected {' x '.join(map(str, shape))} bytes: fetch it again"
        )
    return pixels
