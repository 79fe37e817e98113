"""Folders of images: classes by folder, every kind of file as it is seen, damage named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import Pipeline, images
from chainrule.errors import ArgumentError, ChainruleWarning, DataError, FormatError

Image = pytest.importorskip("PIL.Image")


def made(folder: Path, *names: str, size: tuple[int, int] = (12, 8), color: Any = "red") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, color).save(folder / name)
    return folder


def test_folders_are_classes_in_alphabetical_order(tmp_path: Path) -> None:
    made(tmp_path, "dogs/b.png", "cats/2.jpg", "cats/deep/1.PNG", "cats/.hidden/x.png")
    made(tmp_path, ".cache/x.png", "__MACOSX/y.png")
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    pets = images(tmp_path, size=(4, 6))
    assert pets.class_names == ["cats", "dogs"]
    assert [path.name for path in pets.paths] == ["2.jpg", "1.PNG", "b.png"]
    X, y = pets.arrays()
    assert (X.shape, X.dtype, y.tolist()) == ((3, 4, 6, 3), np.uint8, [0, 0, 1])
    np.testing.assert_allclose(X, np.broadcast_to([255, 0, 0], X.shape), atol=2)
    image, label = pets[2]
    np.testing.assert_array_equal(image, X[2])
    assert label == 1
    assert len(pets[1:]) == len(pets[[0, 2]]) == len(pets[pets.labels == 0]) == 2
    assert repr(pets) == "<3 images of 2 classes, rgb, of 4 x 6 pixels>"
    chosen = images(tmp_path, classes=["dogs", "cats"], size=4, color="grey")
    assert chosen.class_names == ["dogs", "cats"]
    assert chosen.arrays()[0].shape == (3, 4, 4, 1)


def test_images_are_read_lazily_by_pipelines_and_into_files(tmp_path: Path) -> None:
    made(tmp_path, *(f"{name}/{i}.png" for name in "ab" for i in range(5)))
    pets = images(tmp_path, size=(4, 4))
    X, _ = pets.arrays()
    batches = list(Pipeline(pets).map(lambda pair: (pair[0] / 255, pair[1])).batch(4))
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    np.testing.assert_allclose(np.concatenate([pixels for pixels, _ in batches]) * 255, X)
    mapped, _ = pets.arrays(tmp_path / "images.npy")
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, X)
    np.testing.assert_array_equal(np.asarray(pets), X)
    (tmp_path / "a" / "4.png").write_bytes(b"damaged")
    assert len(pets) == 10, "no file is read before it is asked for"
    train, validation, test = pets.split(test_size=0.2, validation_size=0.2)
    assert [len(part) for part in (train, validation, test)] == [6, 2, 2]
    assert sorted(test.labels) == sorted(validation.labels) == [0, 1]
    assert test.class_names == ["a", "b"]


def test_a_network_learns_classes_of_images_with_augmentation(tmp_path: Path) -> None:
    made(tmp_path, *(f"blue/{i}.png" for i in range(8)), color="blue")
    made(tmp_path, *(f"red/{i}.png" for i in range(8)))
    X, y = images(tmp_path, size=(8, 8)).arrays()
    net = cr.Network([nn.Rescale(1 / 255), nn.RandomFlip(), nn.Flatten(), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=0.05, metrics=["accuracy"])
    net.fit(X, y, epochs=10, batch_size=4, verbose=0)
    assert net.evaluate(X, y)["accuracy"] == 1
    np.testing.assert_array_equal(net.predict_class(images(tmp_path, size=8)), y)


def test_an_image_is_read_as_it_is_seen(tmp_path: Path) -> None:
    folder = made(tmp_path / "classes", "b/plain.png")

    def read(image: Any, name: str = "a/x.png", **options: Any) -> np.ndarray[Any, Any]:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        image.save(path, **options)
        pixels, _ = images(folder, size=None)[0]
        path.unlink()
        return pixels

    half = np.zeros((2, 4), np.uint8)
    half[:, 2:] = 255
    grey = np.repeat(half[:, :, None], 3, axis=2)
    clear = Image.fromarray(np.dstack([np.zeros((2, 4, 3), np.uint8), 255 - half]))
    np.testing.assert_array_equal(read(clear), grey)  # transparent is white
    palette = Image.fromarray(grey).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_array_equal(read(palette), grey)
    np.testing.assert_array_equal(read(palette, "a/x.gif"), grey)
    np.testing.assert_array_equal(read(Image.fromarray(half)), grey)
    np.testing.assert_array_equal(read(Image.fromarray(half).convert("1")), grey)
    np.testing.assert_array_equal(read(Image.fromarray(half.astype(np.uint16) * 257)), grey)
    deep = Image.fromarray(half.astype(np.int32) * 257)
    np.testing.assert_array_equal(read(deep, "a/x.tif"), grey)
    cmyk = read(Image.fromarray(grey).convert("CMYK"), "a/x.tif")
    np.testing.assert_allclose(cmyk, grey, atol=2)
    turned = Image.fromarray(grey)
    exif = turned.getexif()
    exif[0x0112] = 6  # turned by a quarter to the right when it is shown
    np.testing.assert_array_equal(read(turned, exif=exif), np.rot90(grey, -1))
    wide = np.zeros((4, 8, 3), np.uint8)
    wide[:, 2:6] = 200
    Image.fromarray(wide).save(folder / "b" / "plain.png")
    cropped = images(folder, size=(4, 4), crop=True, classes=["b"])[0][0]
    np.testing.assert_array_equal(cropped, np.full((4, 4, 3), 200))
    stretched = images(folder, size=(4, 4), classes=["b"])[0][0]
    assert stretched.min() < 100


def test_damaged_files_are_named(tmp_path: Path) -> None:
    made(tmp_path, "a/1.png", "b/1.png", size=(60, 60))
    good = (tmp_path / "a" / "1.png").read_bytes()
    for content in (b"", b"no image", good[:60], good[:-30], b"<html></html>"):
        (tmp_path / "a" / "2.png").write_bytes(content)
        with pytest.raises(FormatError, match=r"a.2\.png cannot be read as an image .*; remove"):
            images(tmp_path).arrays()
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a" / "2.tif")
    (tmp_path / "a" / "2.png").unlink()
    with pytest.raises(FormatError, match=r"2\.tif .*floats of unknown range; save it as 8 bits"):
        images(tmp_path).arrays()


def test_folders_that_are_no_classes_are_told(tmp_path: Path) -> None:
    flat = made(tmp_path / "flat", "1.png", "2.png")
    with pytest.raises(DataError, match=r"has 2 images, and no folder for each class; .*=None"):
        images(flat)
    plain = images(flat, classes=None, size=4)
    assert plain.labels is None
    assert plain.arrays().shape == (2, 4, 4, 3)
    assert plain[0].shape == (4, 4, 3)
    assert len(plain.split(test_size=0.5)[1]) == 1
    parts = made(tmp_path / "parts", "train/a/1.png", "test/a/1.png")
    with pytest.raises(DataError, match="are test, train, parts of a data set"):
        images(parts)
    deep = made(tmp_path / "deep", "pets/a/1.png", "pets/b/1.png")
    with pytest.raises(DataError, match="one folder, pets, which has the folders a, b; read"):
        images(deep)
    assert images(deep / "pets").class_names == ["a", "b"]
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match=r"the folder a of .* has no images"):
        images(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="has the folders deep, empty, flat, parts"):
        images(tmp_path / "missing")
    with pytest.raises(NotADirectoryError, match="is a file"):
        images(flat / "1.png")
    with pytest.warns(ChainruleWarning, match=r"1 images of .* left out, first 0\.png"):
        assert len(images(made(deep / "pets", "0.png"))) == 2
    differing = made(made(tmp_path / "sizes", "a/1.png"), "b/1.png", size=(5, 5))
    with pytest.raises(DataError, match="8 x 12; give size="):
        images(differing, size=None).arrays()
    for options, match in (
        ({"size": (4, 0)}, "size is 0"),
        ({"size": "big"}, "size is 'big'"),
        ({"color": "red"}, "color is 'red'"),
        ({"classes": ["x"]}, "classes has 'x', but the folders are a, b"),
        ({"image_size": 4}, "here it is `size`"),
    ):
        with pytest.raises(ArgumentError, match=match):
            images(differing, **options)
