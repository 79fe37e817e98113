"""Every argument of `data` and `datasets` answers what it cannot take in the library's words."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import data, datasets
from chainrule.errors import ArgumentError, ChainruleError, DataError

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2
SIGNAL = np.zeros(800)


def bad_values(folder: Path) -> Iterator[Any]:
    """Yield values that most arguments refuse; some take some of them."""
    yield from (None, 3, -1, 0, 10**20, float("nan"), float("inf"), 1.5, -0.0, 1e308, True, 1 + 2j)
    yield from (
        "",
        "abc",
        "a\0b",
        b"abc",
        "\udcff",
        [],
        {},
        (),
        {1, 2},
        object(),
        int,
        np,
        range(6),
    )
    yield from (
        ValueError("x"),
        np.True_,
        np.int64(3),
        np.array(1.0),
        np.zeros(0),
        np.zeros((0, 2)),
    )
    yield from (np.zeros((2, 3, 4)), np.zeros(6, complex), np.array(["a", "b"]), ["a", "b"])
    yield from (np.array([None, {}], object), np.zeros(6, "M8[D]"), np.zeros(3, "f8, U3"))
    yield from (
        [[1, 2], [3]],
        [{"a": 1}],
        [1, "a", None],
        [float("nan")] * 6,
        np.ma.masked_less([1, 2], 2),
    )
    yield from ({"a": 1, 2: "b"}, {"a": None}, {"a": {1, 2}}, {"a": [object()]}, {"a": {"x": 1}})
    yield from ({"a": X}, {"": [1], None: [2]}, {"a": [[1], [2]]}, {"a": [1j, 2]}, {"a": iter([1])})
    yield from (
        folder,
        folder / "none",
        folder / "empty.csv",
        folder / "bytes",
        folder / "table.csv",
    )
    yield (each for each in (1, 2))
    yield iter([1, 2])


def table() -> data.Table:
    return data.Table().fit({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})


def calls(folder: Path) -> Iterator[Callable[[Any], Any]]:
    """Yield each argument of each public function as a function of its value."""
    yield lambda v: data.Table(v)
    yield lambda v: data.Table("a", v)
    yield lambda v: data.Table(target=v)
    yield lambda v: data.Table(drop=v)
    yield lambda v: data.Table.of(v)
    yield lambda v: data.Table().fit(v)
    yield lambda v: data.Table("a").fit(v)
    yield lambda v: data.Table().fit({"a": [v, v], "b": ["x", "y"]})
    yield lambda v: table().transform(v)
    yield lambda v: table().transform({"a": [v], "b": ["x"]})
    yield lambda v: table().transform({"a": [1.0], "b": v})
    yield lambda v: table().transform({"a": [1.0], "b": ["x"]}, dtype=v)
    yield lambda v: data.Table(target="a").targets(v)
    yield lambda v: data.Table(target="a").targets({"a": [v, 1]})
    yield lambda v: data.Number(v)
    yield lambda v: data.Number("a", fill=v)
    yield lambda v: data.Number("a", scaled=v)
    yield lambda v: data.Number("a").fit(v)
    yield lambda v: data.Category(v)
    yield lambda v: data.Category("a", encoding=v)
    yield lambda v: data.Category("a", unseen=v)
    yield lambda v: data.Category("a").fit(v)
    yield lambda v: data.read_csv(v)
    yield lambda v: data.read_csv(folder / "table.csv", delimiter=v)
    yield lambda v: data.read_csv(folder / "table.csv", encoding=v)
    yield lambda v: data.read_csv(folder / "table.csv", missing=v)
    yield lambda v: data.read_csv(folder / "table.csv", header=v)
    yield lambda v: data.read_csv(folder / "table.csv", names=v)
    yield lambda v: data.read_csv(folder / "table.csv", comment=v)
    yield lambda v: data.read_csv(folder / "table.csv", skip_rows=v)
    yield lambda v: data.read_idx(v)
    yield lambda v: data.read_wav(v)
    yield lambda v: data.write_idx(folder / "array.idx", v)
    yield lambda v: data.write_idx(v, Y) if not isinstance(v, str | Path) else None
    yield lambda v: data.split(v, Y)
    yield lambda v: data.split(X, v)
    yield lambda v: data.split(v, v)
    yield lambda v: data.split(X, v, stratify=True)
    yield lambda v: data.split(X, Y, test_size=v)
    yield lambda v: data.split(X, Y, seed=v)
    yield lambda v: data.split(X, Y, stratify=v)
    yield lambda v: data.split(X, Y, shuffle=v)
    yield lambda v: data.split(X, Y, validation_size=v)
    yield lambda v: data.folds(v, Y, count=2)
    yield lambda v: data.folds(X, v, count=2)
    yield lambda v: data.folds(X, Y, count=v)
    yield lambda v: data.folds(X, Y, count=2, seed=v)
    yield lambda v: data.folds(X, Y, count=2, stratify=v)
    yield lambda v: data.folds(X, Y, count=2, groups=v)
    yield lambda v: data.images(v)
    for name in ("size", "color", "crop", "classes"):
        yield lambda v, name=name: data.images(folder, **{name: v})
    yield lambda v: data.windows(v, length=1)
    yield lambda v: data.windows([v, np.arange(5.0)], length=1)
    yield lambda v: data.windows(X, length=v)
    yield lambda v: data.windows(X, 2, horizon=v)
    yield lambda v: data.windows(X, 2, stride=v)
    yield lambda v: data.log_mel(v, 8000)
    yield lambda v: data.log_mel(SIGNAL, v)
    for name in ("bands", "window", "hop", "low", "high", "floor"):
        yield lambda v, name=name: data.log_mel(SIGNAL, 8000, **{name: v})
    yield lambda v: data.mfcc(SIGNAL, 8000, coefficients=v)
    yield lambda v: data.mfcc(SIGNAL, v, bands=v)
    yield lambda v: list(data.Pipeline(v).take(3))
    yield lambda v: len(data.Pipeline(v))
    yield lambda v: data.Pipeline(v).take(3).arrays()
    for method in (
        "map",
        "filter",
        "sorted",
        "shuffle",
        "repeat",
        "batch",
        "window",
        "take",
        "skip",
    ):
        yield lambda v, method=method: list(getattr(data.Pipeline([1, 2]), method)(v).take(3))
    yield lambda v: list(data.Pipeline([1]).shuffle().epoch(v))
    yield lambda v: list(data.Pipeline([1, v]).sorted())
    yield lambda v: list(data.Pipeline([1]).sorted(reverse=v))
    yield lambda v: list(data.Pipeline([1]).batch(2, drop_last=v))
    yield lambda v: list(data.Pipeline([1.0, v]).batch(2))
    yield lambda v: list(data.Pipeline([1, 2]).window(1, stride=v))
    yield lambda v: list(data.Pipeline([1]).zip(v))
    yield lambda v: data.Pipeline([1]).reduce(v)
    yield lambda v: datasets.moons(v)
    yield lambda v: datasets.moons(4, v)
    yield lambda v: datasets.moons(4, 0.1, v)
    yield lambda v: datasets.spoken_digits(v) if type(v) not in (int, float, np.int64) else None


def test_no_argument_answers_with_an_error_of_python_or_numpy(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,x\n2,y\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    raw = []
    for number, call in enumerate(calls(tmp_path)):
        for value in bad_values(tmp_path):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    call(value)
                except (ChainruleError, OSError):
                    continue
                except Exception as error:  # noqa: BLE001 (any other is the fault looked for)
                    if call.__code__.co_names[-1:] != ("map",) or not callable(value):
                        raw.append(
                            f"call {number} of {value!r:.40}: {type(error).__name__}: {error}"
                        )
    assert not raw, "\n".join(raw)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("a\n1\n1e999\n", r"column 'a' has 1e999 in row 1 .* name it in missing=\[\.\.\.\]"),
        ("a,b\n1,2\n,-1e400\n", "column 'b' has -1e400 in row 1"),
        (f"a\n1\n{'9' * 400}\n", "column 'a' has 9999.* in row 1"),
        ("a\n1\n2\0\n", "character 5 is NUL; pass a file of text"),
        (bytes(range(256)), "character 0 is NUL; pass a file of text"),
        (b"\xef\xbb\xbf", "the file is empty"),
    ],
)
def test_a_csv_file_is_refused_rather_than_misread(
    tmp_path: Path, content: str | bytes, match: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ChainruleError, match=match):
        data.read_csv(path)
    with path.open("rb") as file, pytest.raises(ChainruleError, match=match):
        data.read_csv(file)


def test_numbers_beyond_float64_can_be_named_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n1,inf,nan(1)\n1e999,-Infinity,2\n")
    columns = data.read_csv(path, missing="1e999")
    np.testing.assert_array_equal(columns["a"], [1, np.nan])
    np.testing.assert_array_equal(columns["b"], [np.inf, -np.inf])
    assert columns["c"].tolist() == ["nan(1)", "2"]
    with pytest.raises(DataError, match=r"'b' has inf in row 0 .* replace it by a finite number"):
        data.Table().fit({"b": columns["b"]})


def test_open_files_are_read_and_devices_are_not(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\n1,x\n")
    for mode, encoding in (("rb", None), ("r", "utf-8"), ("r", "utf-8-sig")):
        with path.open(mode, encoding=encoding) as file:
            assert list(data.read_csv(file)) == ["a", "b"]
    for read in (data.read_csv, data.read_wav, data.read_idx):
        with pytest.raises(ArgumentError, match="/dev/zero is a device"):
            read("/dev/zero")


def test_columns_of_a_data_frame_may_be_numbered(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X)
    fitted = data.Table().fit(frame)
    assert fitted.feature_names == ("0", "1")
    expected = fitted.transform(frame)
    np.testing.assert_array_equal(fitted.transform(frame[[1, 0]].assign(other=1)), expected)
    frame.to_csv(tmp_path / "table.csv", index=False)
    np.testing.assert_array_equal(fitted.transform(tmp_path / "table.csv"), expected)
    with pytest.raises(DataError, match="two of the columns 0, '0' are alike"):
        data.Table().fit({0: [1, 2], "0": [3, 4]})


def test_an_endless_repetition_of_nothing_and_a_used_iterator_are_refused() -> None:
    empty = data.Pipeline([1, 3]).filter(lambda x: x % 2 == 0).repeat()
    with pytest.raises(DataError, match="has no elements, and would be repeated for ever"):
        list(empty.take(1))
    used = iter([1, 2])
    pipe = data.Pipeline(lambda: used)
    assert list(pipe) == [1, 2]
    with pytest.raises(ArgumentError, match="returned the same list_iterator again"):
        list(pipe)
    with pytest.raises(ArgumentError, match="returned an int, which is not iterable"):
        list(data.Pipeline(lambda: 3))


def test_sorting_by_a_key_that_fails_names_stage_and_element() -> None:
    with pytest.raises(ZeroDivisionError) as told:
        list(data.Pipeline([1, 0]).sorted(key=lambda x: 1 / x))
    assert "for element 1" in told.value.__notes__[0]
    with pytest.raises(DataError, match=r"cannot be compared .* give key="):
        list(data.Pipeline([1, "a"]).sorted())
    pairs = data.Pipeline([("b", 1), ("a", 1), ("c", 2)])
    assert list(pairs.sorted(key=lambda pair: pair[1], reverse=True)) == [
        ("c", 2), ("b", 1), ("a", 1)
    ]  # fmt: skip
