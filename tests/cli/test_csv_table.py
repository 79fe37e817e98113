"""Recipes for CSV files: inferred delimiter, task and columns; errors in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from chainrule.cli import commands
from chainrule.cli.csv_table import recipe_of_file
from chainrule.errors import ArgumentError, ChainruleError, DataError

DRAW = np.random.default_rng(0)
ROWS = [f"{number:.2f},{'abc'[i % 3]},{['no', 'yes'][i % 2]}" for i, number in
        enumerate(DRAW.normal(size=40))]  # fmt: skip


def written(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_common_delimiters_are_recognised(tmp_path: Path, delimiter: str) -> None:
    lines = [line.replace(",", delimiter) for line in ["size,kind,buys", *ROWS]]
    recipe = recipe_of_file(written(tmp_path, *lines), "buys", ())
    (X, y), (X_test, _) = recipe.load()
    assert list(X) == ["size", "kind"]
    assert (len(y), len(X_test["size"])) == (32, 8)
    namespace: dict[str, Any] = {}
    exec("from chainrule import data\n" + "\n".join(recipe.example), namespace)
    assert list(namespace["X"]) == ["size", "kind", "buys"]


def test_a_file_without_a_header_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(
        ArgumentError, match=r"it has column_1, column_2, column_3; the first line is a row"
    ):
        recipe_of_file(written(tmp_path, *ROWS), "buys", ())


@pytest.mark.filterwarnings("ignore:read_csv")
def test_a_text_among_numeric_targets_is_named(tmp_path: Path) -> None:
    amounts = [f"{i},{i * 2}" for i in range(40)]
    amounts[3] = "3,6 or 7"
    with pytest.raises(DataError, match=r"holds numbers, but '6 or 7' in row 3 .* is none"):
        recipe_of_file(written(tmp_path, "x,y", *amounts), "y", ())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1,a", "2,b"], "is 'a' in one row only, of 2"),
        (["1,a", "2,a", "3,b", "4,a"], "is 'b' in one row only, of 4"),
        (["1,a", "2,a"], "all rows have the target 'a'"),
    ],
)
def test_a_class_too_small_to_split_is_refused(
    tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        recipe_of_file(written(tmp_path, "x,y", *rows), "y", ())


def test_rows_are_counted_as_in_the_file(tmp_path: Path) -> None:
    rows = [f"{'inf' if i == 3 else i},{i}" for i in range(50)]
    with pytest.raises(ChainruleError, match="column 'x' has inf in row 3 "):
        recipe_of_file(written(tmp_path, "x,y", *rows), "y", ())


@pytest.mark.parametrize(
    ("name", "meant"),
    [("DIGITS", "digits"), ("spokendigits", "spoken-digits"), ("mnist_cnn", "mnist-cnn")],
)
def test_a_misspelt_data_set_is_suggested(name: str, meant: str) -> None:
    result = CliRunner().invoke(commands, ["train", name])
    assert result.exit_code == 2
    assert f"there is no data set {name!r}; did you mean {meant!r}?" in result.output
