"""Labelled image data sets: digits, MNIST, Fashion-MNIST, notMNIST, CIFAR-10."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.idx import read_idx
from chainrule.datasets.archive import read_members
from chainrule.datasets.embedded import load_embedded
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError, counted

__all__ = ["cifar10", "digits", "fashion_mnist", "mnist", "notmnist"]

Samples = tuple[NDArray[Any], NDArray[np.int64]]
COLOUR_RECORD = np.dtype([("label", np.uint8), ("channels", np.uint8, (3, 32, 32))])


@answers_foreign_names(DATASET_ALIASES)
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Load 1,797 scanned handwritten digits of 8 x 8 pixels, without download.

    They are part of scikit-learn, the extra ``sklearn``.

    Returns
    -------
    X : array, float32, (1797, 64), in [0, 1]
        Grey values, row by row: 0 is paper, 1 is ink. (The original is scaled from 0 to 16.)
    y : array, int64, (1797,), in 0 .. 9
        The digit.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Alpaydin & Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository: its test set.

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, X.dtype, y[:5]
    ((1797, 64), dtype('float32'), array([0, 1, 2, 3, 4]))
    """
    table = load_embedded("digits", "the images are")
    return (table.data / 16).astype(np.float32), table.target.astype(np.int64)


@answers_foreign_names(DATASET_ALIASES)
def mnist() -> tuple[Samples, Samples]:
    """Load 70,000 handwritten digits of 28 x 28 pixels.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : uint8, (60000, 28, 28) and (10000, 28, 28), 0 is paper and 255 is ink;
        y : int64, (60000,) and (10000,), in 0 .. 9.

    Raises
    ------
    DownloadError
        If the files are neither present nor downloadable.
    FormatError
        If a file is corrupt.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), "Gradient-based learning applied to document
    recognition", section III.A.
    """
    return _train_and_test("mnist")


@answers_foreign_names(DATASET_ALIASES)
def fashion_mnist() -> tuple[Samples, Samples]:
    """Load 70,000 images of clothes of 28 x 28 pixels, harder than MNIST and of its shape.

    The classes 0 .. 9 are T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag and
    ankle boot.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : uint8, (60000, 28, 28) and (10000, 28, 28), 0 is background;
        y : int64, (60000,) and (10000,), in 0 .. 9.

    Raises
    ------
    DownloadError
        If the files are neither present nor downloadable.
    FormatError
        If a file is corrupt.

    References
    ----------
    Xiao, Rasul & Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms", arXiv:1708.07747.
    """
    return _train_and_test("fashion_mnist")


@answers_foreign_names(DATASET_ALIASES)
def cifar10() -> tuple[Samples, Samples]:
    """Load 60,000 colour photographs of 32 x 32 pixels.

    The classes 0 .. 9 are airplane, automobile, bird, cat, deer, dog, frog, horse, ship and truck.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : uint8, (50000, 32, 32, 3) and (10000, 32, 32, 3), red, green and blue from 0 to 255;
        y : int64, (50000,) and (10000,), in 0 .. 9.

    Raises
    ------
    DownloadError
        If the file is neither present nor downloadable.
    FormatError
        If it is corrupt.

    References
    ----------
    Krizhevsky (2009), "Learning multiple layers of features from tiny images".
    """
    (path,) = locate("cifar10")
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    members = read_members(path, [f"cifar-10-batches-bin/{name}" for name in names])
    parts = [_colour_images(content, path) for content in members]
    images, labels = (np.concatenate(each) for each in zip(*parts[:-1], strict=True))
    return (images, labels), parts[-1]


def _colour_images(content: bytes, path: Path) -> Samples:
    """Return images and labels of records of a label and 32 x 32 values of each channel."""
    if not content or len(content) % COLOUR_RECORD.itemsize:
        raise FormatError(
            f"{path} has a batch of {counted(len(content), 'byte')}, not of records of "
            f"{COLOUR_RECORD.itemsize}; download it again"
        )
    records = np.frombuffer(content, COLOUR_RECORD)
    if records["label"].max() > 9:
        raise FormatError(f"{path} has labels beyond 0 .. 9; download it again")
    images = np.ascontiguousarray(records["channels"].transpose(0, 2, 3, 1))
    return images, records["label"].astype(np.int64)


@answers_foreign_names(DATASET_ALIASES)
def notmnist() -> tuple[Samples, Samples]:
    """Load 10,000 letters A to J from many fonts, of 28 x 28 pixels, with noisy labels.

    They are the test files of the set, shuffled by its authors: 8,000 for training and the last
    2,000 for testing.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : uint8, (8000, 28, 28) and (2000, 28, 28), 0 is background;
        y : int64, (8000,) and (2000,), in 0 .. 9, the letter being ``"ABCDEFGHIJ"[y]``.

    Raises
    ------
    DownloadError
        If they are not present. There is no download, for want of an open licence; the error
        names the source and the folder.
    FormatError
        If a file is corrupt.

    References
    ----------
    Bulatov (2011), "notMNIST dataset".
    """
    images, labels = _labelled(*locate("notmnist"))
    return (images[:8000], labels[:8000]), (images[8000:], labels[8000:])


def _train_and_test(name: str) -> tuple[Samples, Samples]:
    train_images, train_labels, test_images, test_labels = locate(name)
    return _labelled(train_images, train_labels), _labelled(test_images, test_labels)


def _labelled(image_path: Any, label_path: Any) -> Samples:
    images, labels = read_idx(image_path), read_idx(label_path)
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise FormatError(
            f"{image_path} holds an array of shape {images.shape}, {label_path} one of shape "
            f"{labels.shape}; expected (n, height, width) and (n,): download the files again"
        )
    return images, labels.astype(np.int64)
