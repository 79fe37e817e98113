"""Tables: fitted on the training part alone, for every type of table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule.data import Category, Number, Table, read_csv, split
from chainrule.errors import ArgumentError, ChainruleWarning, DataError

PEOPLE: dict[str, Any] = {
    "id": [7, 8, 9, 10],
    "age": [20.0, 30.0, np.nan, 40.0],
    "member": [True, False, True, True],
    "town": ["Bonn", "Ulm", "", "Bonn"],
    "left": ["no", "yes", "no", "no"],
}


def test_features_equal_those_of_scikit_learn() -> None:
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "a": random.normal(3, 2, 60),
            "b": random.integers(0, 1000, 60),
            "c": random.choice(["x", "y", "z"], 60),
        }
    )
    frame.loc[[3, 44], "a"] = np.nan
    train, test = frame[:40], frame[40:].copy()
    test.loc[50, "c"] = "never seen"
    oracle = ColumnTransformer(
        [
            ("a", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["a"]),
            ("b", StandardScaler(), ["b"]),
            ("c", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["c"]),
        ]
    ).fit(train.dropna())
    table = Table(Number("a", fill="median"), "b", "c").fit(train.dropna())
    np.testing.assert_allclose(
        table.transform(test, dtype="float64"), oracle.transform(test), rtol=1e-12, atol=1e-12
    )


def test_every_type_of_table_gives_the_same_features(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(PEOPLE)
    path = tmp_path / "people.csv"
    frame.to_csv(path, index=False)
    fields = [(name, object) for name in PEOPLE]
    records = np.array(list(zip(*PEOPLE.values(), strict=True)), dtype=fields)
    table = Table(target="left", drop=["id"]).fit(PEOPLE)
    assert table.feature_names == (
        "age", "age is missing", "member", "town is missing", "town=Bonn", "town=Ulm"
    )  # fmt: skip
    expected = table.transform(PEOPLE)
    assert (expected.shape, expected.dtype) == ((4, 6), np.float32)
    nullable = frame.convert_dtypes()
    categorical = frame.astype({"town": "category"})
    for source in (frame, path, str(path), records, nullable, categorical):
        np.testing.assert_array_equal(table.transform(source), expected)
        again = Table(target="left", drop=["id"]).fit(source)
        np.testing.assert_array_equal(again.transform(source), expected)
        assert table.targets(source).tolist() == PEOPLE["left"]


@pytest.mark.filterwarnings("ignore:Table. column 'a' holds -?9+, far from all")
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_numbers_are_standardised_by_the_fitted_rows(numbers: list[float]) -> None:
    spread = np.std(numbers)
    if spread <= 1e-6 * (1 + abs(np.mean(numbers))):
        return
    column = Table(Number("a")).fit_transform({"a": numbers}, dtype="float64")[:, 0]
    assert column.mean() == pytest.approx(0, abs=1e-8)
    assert column.std() == pytest.approx(1, rel=1e-8)
    np.testing.assert_allclose(column * spread + np.mean(numbers), numbers, atol=1e-6)


def test_the_test_part_does_not_affect_the_encoders() -> None:
    table = Table().fit({"a": [1, 3], "b": ["x", "y"]})
    before = table.fitted
    table.transform({"a": [1e9, None], "b": ["z", ""]})
    assert table.fitted == before
    np.testing.assert_array_equal(
        table.transform({"a": [3, None, 100], "b": ["y", "z", None]}),
        [[1, 0, 1], [0, 0, 0], [98, 0, 0]],
    )


def test_missing_numbers_are_imputed_and_indicated_if_training_had_some() -> None:
    table = Table(Number("a", fill="median")).fit({"a": [0, 0, 9, None]})
    assert table.feature_names == ("a", "a is missing")
    filled = table.transform({"a": [None, 0]}, dtype="float64")
    assert filled[0, 0] == filled[1, 0]
    assert filled[:, 1].tolist() == [1, 0]
    plain = Table(Number("a", fill=-1, scaled=False)).fit({"a": [5, 8, None]})
    assert plain.transform({"a": [None, 7]}).tolist() == [[-1, 1], [7, 0]]


def test_categories_are_compared_as_text() -> None:
    table = Table(Category("code")).fit({"code": [1, 2, 2]})
    for column in ([2, 1], [2.0, 1.0], ["2", "1"], np.array([2, 1], object)):
        assert table.transform({"code": column}).tolist() == [[0, 1], [1, 0]]


def test_code_0_is_for_categories_absent_from_training() -> None:
    table = Table(Category("town", encoding="integer")).fit(PEOPLE)
    assert table.feature_names == ("town",)
    assert table.transform({"town": ["Bonn", "Rome", "", "Ulm"]})[:, 0].tolist() == [2, 0, 1, 3]


def test_an_unseen_category_can_be_an_error() -> None:
    table = Table(Category("town", unseen="error")).fit({"town": ["Bonn", "Ulm"]})
    with pytest.raises(DataError, match=r"'town' has 'Rome' in row 1 .* there are Bonn, Ulm"):
        table.transform({"town": ["Ulm", "Rome"]})


def test_scalars_are_a_table_of_one_row() -> None:
    table = Table().fit({"a": [1, 3], "b": ["x", "y"]})
    assert table.transform({"a": 3, "b": "x"}).tolist() == [[1, 1, 0]]


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ({"age": [1, 2]}, r"there is no column 'town'; there are age"),
        ({"age": [1, 2], "Town": ["x", "y"]}, r"no column 'town'; did you mean 'Town'\?"),
        ({"age": [1, 2], "town": ["x"]}, "column 'town' has 1 row and column 'age' 2"),
        ({"age": [], "town": []}, "the table has no rows"),
        ({"age": [1, "old"], "town": "xy"}, "'age' has 'old' in row 1 .* which is no number"),
        ({"age": ["1_0"], "town": ["x"]}, "'age' has '1_0' in row 0"),
        ({"age": [1.0, -np.inf], "town": ["x", "y"]}, "'age' has -inf in row 1"),
        ({"age": [[1, 2]], "town": ["x"]}, r"column 'age' has shape \(1, 2\)"),
        ({"age": [[1, 2], [3]], "town": ["x", "y"]}, "column 'age' is ragged"),
        (np.zeros((2, 2)), "a ndarray has no named columns; give a DataFrame"),
        (None, "None has no named columns"),
    ],
)
def test_an_invalid_cell_or_column_is_named(source: Any, match: str) -> None:
    if isinstance(source, dict) and source.get("town") == "xy":
        source["town"] = list("xy")
    with pytest.raises(DataError, match=match):
        Table(Number("age"), Category("town")).fit(source)


def test_identifiers_are_not_taken_for_categories() -> None:
    names = {"name": [f"n{number}" for number in range(500)]}
    with pytest.raises(DataError, match=r"500 distinct texts in 500 rows.*drop=\['name'\]"):
        Table().fit(names)
    assert len(Table(Category("name")).fit(names).feature_names) == 500


def test_row_numbers_of_pandas_warn_unless_they_are_declared() -> None:
    rows = {"Unnamed: 0": np.arange(10)[::-1], "size": [1, 2] * 5, "id": np.arange(10)}
    with pytest.warns(ChainruleWarning, match=r"'Unnamed: 0' has another integer.*drop=\['Unnamed"):
        Table().fit(rows)
    assert len(Table(Number("Unnamed: 0"), "size").fit(rows).feature_names) == 2
    assert Table(drop=["Unnamed: 0"]).fit(rows).feature_names == ("size", "id")


def test_a_constant_column_warns_and_does_not_divide_by_zero() -> None:
    with pytest.warns(ChainruleWarning, match=r"'a' has the same value.*drop=\['a'\]"):
        table = Table().fit({"a": [0.1, 0.1, 0.1], "b": [1, 2, 3]})
    assert table.transform({"a": [0.1], "b": [2]}).tolist() == [[0, 0]]
    with pytest.warns(ChainruleWarning, match="or none, in all 2 rows"):
        empty = Table().fit({"a": [None, np.nan]})
    assert empty.transform({"a": [None, 3]}).tolist() == [[0, 1], [3, 0]]


def test_an_inconsistent_declaration_is_refused() -> None:
    for attempt, match in (
        (lambda: Table("a", Number("a")), "column 'a' is declared twice"),
        (lambda: Table("a", target="a"), "'a' is both an input and left out"),
        (lambda: Table({"a": [1]}), "describes no column"),  # type: ignore[arg-type]
        (lambda: Number("a", fill="mode"), "fill is 'mode'; it must be 'mean', 'median'"),
        (lambda: Number("a", fill=np.nan), "fill is nan"),
        (lambda: Category("a", encoding="hot"), "it must be 'one_hot' or 'integer'"),
        (lambda: Category("a", unseen="ignore"), "it must be 'zeros' or 'error'"),
        (lambda: Table().transform({"a": [1]}), "call fit with the training part first"),
        (lambda: Table().targets({"a": [1]}), "there is no target"),
    ):
        with pytest.raises(ArgumentError, match=match):
            attempt()
    with pytest.raises(DataError, match="drop has 'b', but there are a"):
        Table(drop=["b"]).fit({"a": [1, 2]})


def test_a_missing_target_is_named_by_row() -> None:
    with pytest.raises(DataError, match="the target 'y' is missing in row 1"):
        Table(target="y").targets({"y": ["a", None]})
    assert Table(target="y").targets({"y": [1, 2.5]}).tolist() == [1, 2.5]


def test_tables_are_split_as_arrays_are() -> None:
    pandas = pytest.importorskip("pandas")
    columns = {"a": np.arange(10), "b": list("abcdefghij")}
    y = np.arange(10)
    (Xtr, ytr), (Xte, yte) = split(columns, y, test_size=0.3, seed=4)
    np.testing.assert_array_equal(np.concatenate([Xtr["a"], Xte["a"]]), np.concatenate([ytr, yte]))
    assert [*Xte["b"]] == [columns["b"][row] for row in yte]
    (frame, _), (held, _) = split(pandas.DataFrame(columns), y, test_size=0.3, seed=4)
    assert frame["a"].tolist() == Xtr["a"].tolist()
    assert held["b"].tolist() == Xte["b"].tolist()
    with pytest.raises(DataError, match=r"X has shape \(10, 2\) and y \(9,\)"):
        split(columns, y[:9])


def test_a_fill_may_be_a_numpy_number():
    column = Number("age", fill=np.float32(7))
    fitted = column.fit(np.array([20.0, None, 40.0], object))
    assert fitted.fill == 7.0


def test_signs_of_missing_values_among_numbers_are_told(tmp_path: Path) -> None:
    wind = np.array([3.5, 7.25, 1.5, 9.0] * 5)
    for sign in (-999.0, 9999.0, -99.0, 9999999.0):
        cells = wind.copy()
        cells[[3, 8]] = sign
        with pytest.warns(ChainruleWarning, match=f"'w' holds {sign:.0f}, far from all its other"):
            Table().fit({"w": cells})
        path = tmp_path / "t.csv"
        path.write_text("w\n" + "\n".join(map(str, cells.tolist())) + "\n")
        assert np.isnan(read_csv(path, missing=[f"{sign:.0f}"])["w"]).sum() == 2
    for fine in ([*range(90, 100)] * 2, [*wind, -999.0], [1.0] * 10 + [99.0] * 10, [*wind, -1.0]):
        Table().fit({"w": np.array(fine, float)})  # warnings are errors


def test_words_that_differ_in_case_alone_are_told() -> None:
    with pytest.warns(ChainruleWarning, match=r"'t' has 'Bonn' and 'bonn', which differ in upper"):
        Table().fit({"t": ["Bonn", "Ulm", "bonn", "Ulm"]})
    Table().fit({"t": ["A", "a", "AB", "BA"]})  # warnings are errors
