"""Labelled image data sets: digits, MNIST, Fashion-MNIST, notMNIST."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.idx import read_idx
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["digits", "fashion_mnist", "mnist", "notmnist"]

Samples = tuple[NDArray[Any], NDArray[np.int64]]


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
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "datasets.digits: the images are part of scikit-learn, which is not installed; "
            "run: pip install 'chainrule[sklearn]'"
        ) from error
    data, target = cast(tuple[NDArray[Any], NDArray[Any]], load_digits(return_X_y=True))
    return (data / 16).astype(np.float32), target.astype(np.int64)


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
