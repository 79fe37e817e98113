"""Laws of the data sets that lie in files; the large ones where their files are."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import datasets
from chainrule.data import write_idx
from chainrule.datasets import images, tables
from chainrule.errors import FormatError


def needs(folder: str) -> pytest.MarkDecorator:
    base = os.environ.get("CHAINRULE_DATA")
    present = bool(base) and (Path(str(base)) / folder).is_dir()
    return pytest.mark.skipif(not present, reason=f"$CHAINRULE_DATA has no folder {folder}")


def test_digits_are_the_scanned_ones_scaled_to_one() -> None:
    X, y = datasets.digits()
    assert (X.shape, X.dtype) == ((1797, 64), np.float32)
    assert (y.shape, y.dtype) == ((1797,), np.int64)
    assert (X.min(), X.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(X * 16, np.round(X * 16), "the scale loses nothing")
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_without_scikit_learn_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[sklearn\]'"):
        datasets.digits()


@needs("mnist")
def test_mnist_is_the_original() -> None:
    (Xtr, ytr), (Xte, yte) = datasets.mnist()
    assert (Xtr.shape, Xtr.dtype) == ((60000, 28, 28), np.uint8)
    assert (Xte.shape, Xte.dtype) == ((10000, 28, 28), np.uint8)
    assert (ytr.shape, ytr.dtype, yte.dtype) == ((60000,), np.int64, np.int64)
    assert np.bincount(yte).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(Xtr.mean() / 255, 4) == 0.1307
    assert round(Xtr.std() / 255, 4) == 0.3081


@needs("fashion-mnist")
def test_fashion_mnist_has_the_shape_of_mnist() -> None:
    (Xtr, ytr), (Xte, yte) = datasets.fashion_mnist()
    assert (Xtr.shape, Xte.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(ytr).tolist() == [6000] * 10
    assert np.bincount(yte).tolist() == [1000] * 10


@needs("notmnist")
def test_notmnist_is_split_in_its_own_order() -> None:
    (Xtr, ytr), (Xte, yte) = datasets.notmnist()
    assert (Xtr.shape, Xte.shape, Xtr.dtype) == ((8000, 28, 28), (2000, 28, 28), np.uint8)
    assert np.bincount(np.concatenate([ytr, yte])).tolist() == [1000] * 10


@needs("letter-recognition")
def test_letters_are_the_original() -> None:
    (Xtr, ytr), (Xte, yte) = datasets.letters()
    assert (Xtr.shape, Xte.shape, Xtr.dtype) == ((16000, 16), (4000, 16), np.float32)
    assert (Xtr.min(), Xtr.max()) == (0.0, 1.0)
    assert (Xtr[0] * 15).tolist() == [2, 8, 3, 5, 1, 8, 13, 0, 6, 6, 10, 8, 0, 8, 0, 8]
    assert "".join(chr(ord("A") + label) for label in ytr[:3]) == "TID"
    counts = np.bincount(np.concatenate([ytr, yte]))
    assert (counts.size, counts[0], counts[25]) == (26, 789, 734)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Paths of files that the lookup is made to find."""
    paths = [tmp_path / name for name in ("images", "labels")]
    monkeypatch.setattr(images, "locate", lambda _: paths)
    monkeypatch.setattr(tables, "locate", lambda _: paths[:1])
    return paths


@pytest.mark.parametrize(
    ("pictures", "labels"), [((5, 2, 2), (4,)), ((5, 4), (5,)), ((5, 2, 2), (5, 1))]
)
def test_pictures_and_labels_that_do_not_belong_together_are_refused(
    found: list[Path], pictures: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    for path, shape in zip(found, (pictures, labels), strict=True):
        write_idx(path, np.zeros(shape, np.uint8))
    with pytest.raises(FormatError, match=r"expected \(n, height, width\) and \(n,\)"):
        datasets.notmnist()


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("A,1,2\n", "not a table of a letter and 16 numbers"),
        ("A" + ",x" * 16 + "\n", "not a table of a letter and 16 numbers"),
        ("A" + ",16" * 16 + "\n", r"values beyond 0 \.\. 15"),
        ("a" + ",1" * 16 + "\n", r"values beyond .* A \.\. Z"),
    ],
)
def test_a_damaged_table_of_letters_is_refused(found: list[Path], row: str, match: str) -> None:
    good = "B" + ",1" * 16 + "\n"
    found[0].write_text(good + row)
    with pytest.raises(FormatError, match=match):
        datasets.letters()


def test_every_name_is_a_documented_function() -> None:
    for name in datasets.__all__:
        function: Any = getattr(datasets, name)
        assert function.__doc__
        assert "Returns\n" in function.__doc__
