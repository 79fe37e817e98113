"""Photographs, read by Pillow; the PNG files of these tests are written without it."""

import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import datasets
from chainrule.datasets import photo
from chainrule.errors import FormatError

PRESENT = (Path(os.environ.get("CHAINRULE_DATA", "/nowhere")) / "photos").is_dir()
COLOURS = {1: 0, 3: 2, 4: 6}
"""PNG's colour type by number of channels."""


def chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(pixels: Any) -> bytes:
    """The bytes of a PNG file, by its specification: every row after a 0, for "not filtered"."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, COLOURS[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Three photos of the right shapes, drawn at random."""
    draw, made = np.random.default_rng(0), {}
    for name, shape in photo.SHAPES.items():
        made[name] = tmp_path / f"{name}.png"
        made[name].write_bytes(png(draw.integers(0, 256, shape, np.uint8)))
    monkeypatch.setattr(photo, "locate", lambda _: list(made.values()))
    return made


@pytest.mark.skipif(not PRESENT, reason="$CHAINRULE_DATA has no folder photos")
def test_photos_are_the_originals() -> None:
    photos = datasets.photos()
    assert {name: each.shape for name, each in photos.items()} == {
        "camera": (512, 512), "chelsea": (300, 451, 3), "coins": (303, 384)
    }  # fmt: skip
    assert all(each.dtype == np.uint8 and each.flags.writeable for each in photos.values())
    assert (photos["camera"][0, 0], photos["coins"][0, 0]) == (200, 47)
    assert photos["chelsea"][0, 0].tolist() == [143, 120, 104]


def test_pixels_are_those_of_the_file(paths: dict[str, Path]) -> None:
    draw = np.random.default_rng(0)
    for name, found in datasets.photos().items():
        np.testing.assert_array_equal(found, draw.integers(0, 256, photo.SHAPES[name], np.uint8))


@pytest.mark.parametrize(
    ("name", "pixels", "match"),
    [
        ("coins", np.zeros((2, 3), np.uint8), "2 x 3 pixels and 1 channel; expected 303 x 384"),
        ("coins", np.zeros((303, 384), np.uint16), "expected 303 x 384 bytes"),
        ("coins", np.zeros((303, 384, 3), np.uint8), "expected 303 x 384 bytes"),
        ("chelsea", np.zeros((300, 451), np.uint8), "1 channel; expected 300 x 451 x 3"),
        ("chelsea", np.zeros((300, 451, 4), np.uint8), "4 channels; expected 300 x 451 x 3"),
    ],
)
def test_an_image_of_another_shape_is_refused(
    paths: dict[str, Path], name: str, pixels: Any, match: str
) -> None:
    paths[name].write_bytes(png(pixels))
    with pytest.raises(FormatError, match=match):
        datasets.photos()


@pytest.mark.parametrize("damage", ["foreign", "cut", "altered", "empty"])
def test_a_corrupt_file_is_refused(paths: dict[str, Path], damage: str) -> None:
    good = paths["camera"].read_bytes()
    half = len(good) // 2
    paths["camera"].write_bytes(
        {
            "foreign": b"GIF89a" + good,
            "cut": good[:half],
            "altered": good[:half] + bytes(100) + good[half + 100 :],
            "empty": b"",
        }[damage]
    )
    with pytest.raises(FormatError, match=r"camera\.png is not a valid PNG file"):
        datasets.photos()


def test_a_header_that_declares_too_much_allocates_nothing(paths: dict[str, Path]) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9))
    paths["coins"].write_bytes(bomb)
    with pytest.raises(FormatError, match="download it again"):
        datasets.photos()


def test_photos_without_pillow_name_the_extra(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[images\]'"):
        datasets.photos()
