"""What a cell of a table is, is learned in training: a row means the same alone as among others."""

import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import Category, Number, Table, read_csv, split
from chainrule.errors import ChainruleWarning, DataError, FormatError

COLUMNS = {
    "TRUE with gaps": ["TRUE", "FALSE", ""],
    "true with gaps": ["true", "false", "NA"],
    "booleans": ["True", "False", "True"],
    "booleans among texts": ["TRUE", "maybe", "FALSE"],
    "codes with zeros in front": ["007", "012", "x1"],
    "codes that differ by zeros": ["007", "7", "x1"],
    "versions": ["1.0", "2.0", "beta"],
    "signs": ["+1", "-1", "both"],
    "powers": ["1e3", "1e4", "low"],
    "hexadecimal identifiers": ["7e1234", "7f1234", "9e9999"],
    "numbers and words": ["1", "2", "many"],
    "numbers that end in zeros": ["1.50", "2.5", "n/k"],
    "long numbers": ["12345678901234567890", "12345678901234567891", "x"],
    "separated digits": ["1_000", "2", "3"],
    "towns that spell NaN": ["Nan", "Inf", "Ulm"],
    "numbers with a gap": ["1.5", "2.5", ""],
    "integers with a gap": ["1", "2", ""],
    "numbers": ["007", "+12", "1e3"],
    "zeros and ones": ["0", "1", "1"],
    "texts": ["a", "b", ""],
}


def written(folder: Path, cells: list[str], name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("kind,n\n" + "".join(f"{c},{row % 7}\n" for row, c in enumerate(cells)))
    return path


def sources(path: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the ways of reading a file; all but the path have lost how a number was written."""
    yield "path", lambda: path
    yield "read_csv", lambda: read_csv(path)
    pandas = pytest.importorskip("pandas")
    yield "pandas", lambda: pandas.read_csv(path)
    yield "pandas, nullable", lambda: pandas.read_csv(path).convert_dtypes()
    yield "pandas, category", lambda: pandas.read_csv(path).astype({"kind": "category"})


def transformed(table: Table, read: Callable[[], Any]) -> np.ndarray | str:
    """Return the features, or why a number is refused: how it was written decides."""
    try:
        return table.transform(read())
    except (DataError, FormatError) as error:
        return str(error)


@pytest.mark.filterwarnings("ignore:Table. column 'n'")
@pytest.mark.parametrize("declared", [Table(), Table("n", Category("kind"))])
def test_a_row_alone_gives_what_it_gives_among_others(tmp_path: Path, declared: Table) -> None:
    for name, cells in COLUMNS.items():
        whole = written(tmp_path, cells * 4)
        table = declared.copy().fit(whole)
        among = table.transform(whole)
        for row, cell in enumerate(cells):
            path = tmp_path / "alone.csv"
            path.write_text(f"extra,n,kind\nx,{row},{cell}\n")
            for way, read in sources(path):
                alone = transformed(table, read)
                if isinstance(alone, str):
                    assert way != "path", (name, cell)
                    assert "give the cell as text" in alone or "name it in missing" in alone, alone
                elif not (way.startswith("pandas") and cell == "Nan"):
                    np.testing.assert_array_equal(alone[0], among[row], f"{name}: {cell}, {way}")


def test_tables_learn_the_same_from_a_file_and_from_its_columns(tmp_path: Path) -> None:
    for name, cells in COLUMNS.items():
        path = written(tmp_path, cells * 4)
        fitted = Table().fit(path)
        assert fitted.fitted == Table().fit(read_csv(path)).fitted, name
        np.testing.assert_array_equal(fitted.transform(path), fitted.transform(read_csv(path)))


def test_a_network_predicts_a_row_alone_also_after_saving(tmp_path: Path) -> None:
    for name in ("TRUE with gaps", "codes that differ by zeros", "versions", "numbers with a gap"):
        cells = COLUMNS[name] * 20
        whole = written(tmp_path, cells)
        y = np.arange(60) % 3 == 0
        net = cr.Network([Table(), nn.Dense(1)], seed=0)
        net.compile(loss="binary_cross_entropy", optimizer="adam", learning_rate=0.1)
        (X, t), _ = split(whole, y, test_size=0.2)
        net.fit(X, t, epochs=3, verbose=0)
        net.save(tmp_path / "net.safetensors")
        again = cr.load(tmp_path / "net.safetensors")
        assert again.table is not None
        assert net.table is not None
        assert again.table.fitted == net.table.fitted == net.table.copy().fitted
        among = net.predict(whole)
        for row in range(3):
            alone = tmp_path / "alone.csv"
            alone.write_text(f"n,kind\n{row},{cells[row]}\n")
            np.testing.assert_allclose(again.predict(alone)[0], among[row], rtol=1e-5)


@pytest.mark.parametrize(
    ("training", "cell", "match"),
    [
        ([5, 7.5], "true", "'a' has 'true' in row 0 .* but held numbers in training"),
        ([5, 7.5], True, "has True in row 0 .* but held numbers in training"),
        (["5", True, 3.0], "x", "has 'x' in row 0 .* which is no number"),
        ([True, False], 7, "has 7 in row 0 .* but held only true and false in training"),
        ([True, None, False], "-1", "has '-1' in row 0 .* but held only true and false"),
        ([1.0, 2.0], "high", "has 'high' in row 0 .* which is no number"),
        ([1.0, 2.0], "1e999", "has 1e999 in row 0 .* replace it by a finite number"),
        ([1.0, 2.0], "1_0", "has '1_0' in row 0 .* which is no number"),
        ([1.0, 2.0], object, "has <class 'object'> in row 0 .* which is no number"),
    ],
)
def test_a_cell_of_another_kind_than_in_training_is_refused(
    training: list[Any], cell: Any, match: str
) -> None:
    table = Table(Number("a")).fit({"a": np.array(training, object)})
    for cells in ([cell], np.array([cell, 1], object)):
        with pytest.raises(DataError, match=match):
            table.transform({"a": cells})


def test_zeros_and_ones_may_be_written_as_truth_values() -> None:
    for training in ([0, 1], [0.0, 1.0, None], [True, False], ["true", "FALSE", ""]):
        table = Table(Number("a")).fit({"a": training})
        expected = table.transform({"a": [1, 0]})
        for cells in ([True, False], ["TRUE", "false"], [1.0, 0.0], ["1", "0"], [np.True_, "0.0"]):
            np.testing.assert_array_equal(table.transform({"a": cells}), expected)


def test_a_number_equal_to_two_texts_is_refused_and_the_text_is_not() -> None:
    table = Table().fit({"code": ["007", "7", "x"]})
    with pytest.raises(DataError, match=r"number 7 in row 1 .*as 007 and 7; give the cell as text"):
        table.transform({"code": np.array(["x", 7], object)})
    assert table.transform({"code": ["007", "7"]}).tolist() == [[1, 0, 0], [0, 1, 0]]
    unseen = {"code": np.array(["07", 8, None, b"x"], object)}
    assert table.transform(unseen).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_missing_cells_among_texts_of_a_list_are_missing() -> None:
    for hole in (None, np.nan, float("nan"), ""):
        table = Table().fit({"town": ["Ulm", hole, "Bonn"]})
        assert table.feature_names == ("town is missing", "town=Bonn", "town=Ulm")
        assert table.transform({"town": hole}).tolist() == [[1, 0, 0]]


def test_texts_given_as_bytes_are_the_same_texts() -> None:
    table = Table().fit({"town": np.array([b"Ulm", b"Bonn", "Zürich".encode()]), "n": [1, 2, 3]})
    assert table.feature_names == ("town=Bonn", "town=Ulm", "town=Zürich", "n")
    for towns in (["Ulm"], [b"Ulm"], np.array([b"Ulm"]), np.array([b"Ulm"], object), b"Ulm"):
        assert table.transform({"town": towns, "n": [2]}).tolist() == [[0, 1, 0, 0]]
    with pytest.raises(DataError, match=r"'town' holds b'\\xff', bytes that are no UTF-8 text"):
        table.transform({"town": [b"\xff"], "n": [2]})


def test_a_column_without_one_known_category_is_told() -> None:
    table = Table().fit({"town": ["Ulm", "Bonn"]})
    with pytest.warns(ChainruleWarning, match="none of the 10 cells of column 'town'.*first 'ulm'"):
        table.transform({"town": ["ulm", "bonn"] * 5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table.transform({"town": ["Rome", "Bonn"] * 5})
        table.transform({"town": ["Rome"]})


def test_tiny_and_huge_numbers_are_standardised_or_refused() -> None:
    rows = Table().fit_transform({"a": [1e-200, 2e-200, 3e-200]}, dtype="float64")[:, 0]
    assert rows.std() == pytest.approx(1)
    with pytest.raises(DataError, match=r"numbers up to 1e\+308, too large to be standardised"):
        Table().fit({"a": [1e308, -1e308]})
    with pytest.raises(DataError, match="feature 'a' exceeds the largest float32"):
        Table(Number("a", scaled=False)).fit_transform({"a": [1e39, 1.0]})


def test_a_category_of_pandas_is_one_also_of_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    for kinds in ([1, 2, 12], [10115, 20095, 80331], [0.5, 1.5, 2.5], [True, False, None]):
        frame = pandas.DataFrame({"v": pandas.Series(kinds * 4, dtype="category")})
        table = Table().fit(frame)
        assert len(table.feature_names) == 3
        for row, kind in enumerate(kinds):
            np.testing.assert_array_equal(
                table.transform({"v": np.array([kind], object)})[0], table.transform(frame)[row]
            )


def test_decimals_are_numbers_and_single_precision_keeps_its_categories() -> None:
    amounts = [Decimal("1.5"), None, Decimal("2.5"), Fraction(1, 2)]
    assert Table().fit({"a": amounts}).fitted == Table().fit({"a": [1.5, None, 2.5, 0.5]}).fitted
    single = np.array([0.1, 0.2, np.nan], np.float32)
    for training, cells in ((single, [0.1, 0.2, None]), ([0.1, 0.2, None], single)):
        table = Table(Category("a")).fit({"a": training})
        assert table.feature_names == ("a is missing", "a=0.1", "a=0.2")
        assert table.transform({"a": cells}).tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
