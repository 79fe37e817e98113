"""Data sets in files; those downloaded are tested where their files are present."""

import io
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from chainrule import datasets
from chainrule.data import write_idx
from chainrule.datasets import images, series, speech, tables, text
from chainrule.errors import ArgumentError, FormatError


def needs(folder: str) -> pytest.MarkDecorator:
    base = os.environ.get("CHAINRULE_DATA")
    present = bool(base) and (Path(str(base)) / folder).is_dir()
    return pytest.mark.skipif(not present, reason=f"$CHAINRULE_DATA has no folder {folder}")


def test_digits_equal_those_of_scikit_learn_scaled_to_1() -> None:
    X, y = datasets.digits()
    assert (X.shape, X.dtype) == ((1797, 64), np.float32)
    assert (y.shape, y.dtype) == ((1797,), np.int64)
    assert (X.min(), X.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(X * 16, np.round(X * 16), "the scale loses nothing")
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_without_scikit_learn_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(
        ImportError, match=rf"datasets\.{name}: .* pip install 'chainrule\[sklearn\]'"
    ):
        getattr(datasets, name)()


def test_embedded_tables_equal_those_of_scikit_learn() -> None:
    theirs = pytest.importorskip("sklearn.datasets")
    for name, shape in {"iris": (150, 4), "wine": (178, 13), "breast_cancer": (569, 30)}.items():
        X, y = getattr(datasets, name)()
        expected = getattr(theirs, f"load_{name}")()
        np.testing.assert_array_equal(X, expected.data)
        np.testing.assert_array_equal(y, expected.target)
        assert (X.shape, X.dtype, y.dtype) == (shape, np.float64, np.int64)
        columns, _ = getattr(datasets, name)(as_columns=True)
        assert list(columns) == list(expected.feature_names)
        np.testing.assert_array_equal(np.column_stack(list(columns.values())), X)


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


@needs("churn")
def test_churn_is_the_original() -> None:
    X, y = datasets.churn()
    assert list(X) == [
        "CreditScore", "Geography", "Gender", "Age", "Tenure", "Balance", "NumOfProducts",
        "HasCrCard", "IsActiveMember", "EstimatedSalary",
    ]  # fmt: skip
    assert {each.shape for each in X.values()} == {(10000,)} == {y.shape}
    assert (y.dtype, y.sum()) == (np.int64, 2037)
    assert (X["Geography"] == "Germany").sum() == 2509
    assert (X["Gender"] == "Female").sum() == 4543
    assert X["CreditScore"].mean() == 650.5288
    assert round(X["EstimatedSalary"].mean(), 3) == 100090.240


@needs("timeseries")
def test_monthly_series_are_complete_and_in_order() -> None:
    months, passengers = datasets.airline()
    assert (str(months[0]), str(months[-1]), months.size) == ("1949-01", "1960-12", 144)
    assert (passengers[0], passengers.max(), passengers.dtype) == (112, 622, np.float64)
    months, spots = datasets.sunspots()
    assert (str(months[0]), str(months[-1]), months.size) == ("1749-01", "1983-12", 2820)
    assert (spots[0], spots.max(), spots.dtype) == (58.0, 253.8, np.float64)
    assert set(np.diff(months).astype(int)) == {1}


@needs("prices")
def test_prices_cover_the_trading_days() -> None:
    columns = datasets.prices()
    assert {each.shape for each in columns.values()} == {(5105,)}
    assert (str(columns["date"][0]), str(columns["date"][-1])) == ("2000-01-03", "2020-04-17")
    assert (columns["close"].min(), columns["close"].max()) == (676.530029, 3386.149902)
    assert np.all(columns["high"] >= columns["close"])


@needs("speech")
def test_spoken_digits_are_split_as_by_their_authors() -> None:
    (Xtr, ytr), (Xte, yte) = datasets.spoken_digits()
    assert (Xtr.shape, Xte.shape, Xtr.dtype) == ((2700, 8000), (300, 8000), np.float32)
    assert np.bincount(ytr).tolist() == [270] * 10
    assert np.bincount(yte).tolist() == [30] * 10
    assert np.bincount(yte[:60]).tolist() == [6] * 10, "any stretch has all digits"
    assert np.abs(Xtr).max() <= 1
    first = samples_of(Path(os.environ["CHAINRULE_DATA"]) / "speech/recordings/0_george_0.wav")
    np.testing.assert_array_equal(Xte[0, : first.size] * 32768, first)
    assert not Xte[0, first.size :].any()


def samples_of(path: Path) -> Any:
    """The samples behind the 44 bytes of header that each of the recordings has."""
    return np.frombuffer(path.read_bytes()[44:], "<i2")


@needs("speech")
def test_recordings_are_cut_to_the_requested_length() -> None:
    (_, _), (long, _) = datasets.spoken_digits(seconds=2)
    (_, _), (short, _) = datasets.spoken_digits(seconds=0.25)
    assert (long.shape, short.shape) == ((300, 16000), (300, 2000))
    np.testing.assert_array_equal(long[:, :2000], short)
    for seconds in (0, -1, float("inf"), float("nan"), "1"):
        with pytest.raises(ArgumentError, match="spoken_digits: seconds is"):
            datasets.spoken_digits(seconds)  # type: ignore[arg-type]


@needs("tinyshakespeare")
def test_shakespeare_is_a_million_characters() -> None:
    text = datasets.shakespeare()
    assert (len(text), len(set(text)), text.count("\n")) == (1_115_394, 65, 40_000)
    characters, codes = np.unique(list(text[:1000]), return_inverse=True)
    assert "".join(characters[codes]) == text[:1000]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Paths of files that the lookup is made to find."""
    paths = [tmp_path / name for name in ("images", "labels")]
    monkeypatch.setattr(images, "locate", lambda _: paths)
    for module in (tables, series, speech, text):
        monkeypatch.setattr(module, "locate", lambda _: paths[:1])
    return paths


@pytest.mark.parametrize(
    ("images", "labels"), [((5, 2, 2), (4,)), ((5, 4), (5,)), ((5, 2, 2), (5, 1))]
)
def test_images_and_labels_of_different_counts_are_refused(
    found: list[Path], images: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    for path, shape in zip(found, (images, labels), strict=True):
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
def test_a_corrupt_letters_table_is_refused(found: list[Path], row: str, match: str) -> None:
    good = "B" + ",1" * 16 + "\n"
    found[0].write_text(good + row)
    with pytest.raises(FormatError, match=match):
        datasets.letters()


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("churn", "a,b\n1,2\n", "has no column Exited of 0 and 1"),
        ("churn", "a,Exited\n1,2\n", "has no column Exited of 0 and 1"),
        ("airline", "a,b\n1,2\n", "not a table of Month and Passengers"),
        ("sunspots", "Month,Sunspots\n1749-01,many\n", "not a table of Month and Sunspots"),
        ("sunspots", "Month,Sunspots\nMay,1\n", "has an invalid date"),
        ("sunspots", "Month,Sunspots\n1749-02,1\n1749-01,2\n", "not in temporal order"),
        ("prices", "date,close\n2000-01-03,1\n", "has the columns date, close"),
        ("prices", "a,b\n1,2\n", "has the columns a, b"),
        ("shakespeare", "Ænd", r"not ASCII text; download it again \(at byte 0\)"),
    ],
)
def test_a_corrupt_file_is_refused(found: list[Path], name: str, content: str, match: str) -> None:
    found[0].write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=match):
        getattr(datasets, name)()


@pytest.mark.parametrize(
    ("name", "rate", "match"),
    [
        ("notes.wav", 8000, "not one of the recordings"),
        ("7_ann_0.wav", 16000, "not one channel at 8000 Hz"),
        ("7_ann_0.wav", 8000, "holds 1 recording, not the 3,000 originals"),
    ],
)
def test_recordings_that_are_not_the_originals_are_refused(
    found: list[Path], name: str, rate: int, match: str
) -> None:
    found[0].mkdir()
    wavfile.write(found[0] / name, rate, np.zeros(10, np.int16))
    with pytest.raises(FormatError, match=match):
        datasets.spoken_digits()


def write_archive(path: Path, **members: bytes) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_houses_are_described_a_household(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "houses.tgz"
    monkeypatch.setattr(tables, "locate", lambda _: [path])
    text = (
        "-122.2,37.9,41.0,880,129,322,126,8.3252,452600\n-122,37.8,21,7099,1106,2401,1138,8,1e5\n"
    )
    write_archive(path, **{"CaliforniaHousing/cal_housing.data": text.encode()})
    X, y = datasets.california_housing()
    expected = [8.3252, 41, 880 / 126, 129 / 126, 322, 322 / 126, 37.9, -122.2]
    np.testing.assert_allclose(X[0], expected)
    assert (X.shape, y.tolist()) == ((2, 8), [4.526, 1.0])
    columns, _ = datasets.california_housing(as_columns=True)
    assert (next(iter(columns)), columns["Longitude"].tolist()) == ("MedInc", [-122.2, -122])
    for wrong, match in {
        "1,2\n": "9 columns",
        "a,b": "table of numbers",
        text.replace("126", "nan"): "9 columns",
    }.items():
        write_archive(path, **{"CaliforniaHousing/cal_housing.data": wrong.encode()})
        with pytest.raises(FormatError, match=match):
            datasets.california_housing()


def test_colour_images_have_their_channels_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.tar.gz"
    monkeypatch.setattr(images, "locate", lambda _: [path])
    names = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
    channels = np.arange(3 * 32 * 32, dtype=np.uint32).astype(np.uint8)
    batches = {
        f"cifar-10-batches-bin/{name}": bytes([k]) + channels.tobytes() + bytes([9]) + bytes(3072)
        for k, name in enumerate(names)
    }
    write_archive(path, **batches)
    (X, y), (X_test, y_test) = datasets.cifar10()
    assert (X.shape, X.dtype, y.tolist()) == (
        (10, 32, 32, 3),
        np.uint8,
        [0, 9, 1, 9, 2, 9, 3, 9, 4, 9],
    )
    assert (X_test.shape, y_test.tolist(), y.dtype) == ((2, 32, 32, 3), [5, 9], np.int64)
    np.testing.assert_array_equal(X[0], channels.reshape(3, 32, 32).transpose(1, 2, 0))
    test = "cifar-10-batches-bin/test_batch.bin"
    for wrong, match in [
        (batches | {test: b"\0" * 5}, "records of 3073"),
        (batches | {test: b"\x0a" + bytes(3072)}, "labels beyond"),
        ({test: batches[test]}, "lacks cifar-10-batches-bin/data_batch_1.bin"),
    ]:
        write_archive(path, **wrong)
        with pytest.raises(FormatError, match=match):
            datasets.cifar10()
    write_archive(path, **batches)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FormatError, match="no valid archive"):
        datasets.cifar10()


def test_every_name_is_a_documented_function() -> None:
    for name in datasets.__all__:
        function: Any = getattr(datasets, name)
        assert function.__doc__
        assert "Returns\n" in function.__doc__
