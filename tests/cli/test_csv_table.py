"""Recipes for CSV files: inferred delimiter, task and columns; errors in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from chainrule import data
from chainrule.cli import commands
from chainrule.cli.csv_table import recipe_of_file
from chainrule.cli.csv_table.option import TableOptions
from chainrule.cli.recipe import Recipe
from chainrule.errors import ArgumentError, ChainruleError, DataError

pytestmark = pytest.mark.usefixtures("numpy_backend")

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
    rows = [f"{i}.5,{i % 5},{'yes' if i % 3 else 'no'}" for i in range(1, 41)]
    # A class in the first row is no name of a column.
    with pytest.raises(ArgumentError, match=r"has no column 'yes'; .* the first line is a row"):
        recipe_of_file(written(tmp_path, *rows), "yes", ())
    parts = recipe_of_file(written(tmp_path, *rows), "column_3", ()).load()
    assert sum(len(y) for _, y in parts) == 40


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


def recipe(folder: Path, *columns: Callable[[int], str], rows: int = 60, **options: Any) -> Recipe:
    """Return the recipe of a file of the columns ``a``, ``b``, ... and ``y``, the last one."""
    names = [*"abcd"[: len(columns) - 1], "y"]
    lines = (",".join(f'"{column(row)}"' for column in columns) for row in range(rows))
    return recipe_of_file(
        written(folder, ",".join(names), *lines), "y", (), TableOptions(**options)
    )


def size(row: int) -> str:
    return f"{row * 37 % 60 * 1.5}"


TARGETS: dict[str, tuple[Callable[[int], str], str]] = {
    "0.0 and 1.0": (lambda i: f"{i % 2}.0", "binary_cross_entropy"),
    "0. and 1.": (lambda i: f"{i % 2}.", "binary_cross_entropy"),
    "1e0 to 3e0": (lambda i: f"{i % 3 + 1}e0", "cross_entropy"),
    "0.5 and 1.5": (lambda i: f"{i % 2}.5", "mse"),
    "ratings": (lambda i: f"{i % 5 + 1}", "cross_entropy"),
    "a gap": (lambda i: "" if i == 7 else str(i % 2 == 1), "binary_cross_entropy"),
    "sales, each another": (lambda i: f"{185 + i * 3}", "mse"),
    "dollars": (lambda i: f"${185 + i * 3:,}.50", "mse"),
    "codes": (lambda i: f"{i % 3:03d}", "cross_entropy"),
    "keys beyond 2**53": (lambda i: f"{2**60 + i % 2}", "binary_cross_entropy"),
}  # fmt: skip


def test_the_kind_of_the_target_is_seen_in_its_values(tmp_path: Path) -> None:
    for name, (target, loss) in TARGETS.items():
        assert recipe(tmp_path, size, target).loss == loss, name
    for rows, amounts in ((12, 12), (7, 7), (18, 17)):
        sales = [str(100 * (i % amounts)) for i in range(rows)]
        assert recipe(tmp_path, size, sales.__getitem__, rows=rows).loss == "mse"
    assert recipe(tmp_path, size, TARGETS["ratings"][0], kind="number").loss == "mse"
    assert recipe(tmp_path, size, lambda i: f"{i % 3}.5", kind="class").loss == "cross_entropy"
    for cell in ("yes", "7", "7.5", "7.0", "1e3", "True", "-0.0", "$5"):
        with pytest.raises(DataError, match="there is nothing to predict"):
            recipe(tmp_path, size, [cell, cell].__getitem__, rows=2)
    with pytest.raises(DataError, match="the target 'y' holds dates"):
        recipe(tmp_path, size, lambda i: f"2024-01-{i % 28 + 1:02d}")


def test_a_class_called_na_is_one_and_rows_without_a_target_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def country(row: int) -> str:
        return ["NA", "DE", ""][row % 3]

    (_, y), (_, z) = recipe(tmp_path, size, country).load()
    assert sorted({*y.tolist(), *z.tolist()}) == ["DE", "NA"]
    said = capsys.readouterr().out
    assert "the target 'y' is 'NA' in 20 rows, taken as a class; --missing NA leaves such" in said
    assert "20 rows without a target 'y' left out" in said
    (_, y), (_, z) = recipe(tmp_path, size, lambda i: "" if i % 4 == 0 else str(i * 2.5)).load()
    assert len(y) + len(z) == 45
    made = recipe(tmp_path, size, lambda i: ["NA", "DE", "FR"][i % 3], missing=("NA",))
    (_, y), (_, z) = made.load()
    assert sorted({*y.tolist(), *z.tolist()}) == ["DE", "FR"]


LEFT_OUT: dict[str, Callable[[int], str]] = {
    "": str, "Unnamed: 0": str, "index": str, "id": lambda i: str(1000 + 7 * i), "PassengerId": str,
    "customer_id": lambda i: str(10**6 - i), "key": lambda i: str(2**60 + i),
    "name": lambda i: f"Person {i}", "same": lambda _: "3", "gone": lambda _: "",
}  # fmt: skip


def test_columns_that_say_nothing_are_left_out_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, column in LEFT_OUT.items():
        lines = [f"{column(i)},{size(i)},{'abc'[i // 20]}" for i in range(60)]
        (X, _), _ = recipe_of_file(written(tmp_path, f"{name},size,y", *lines), "y", ()).load()
        assert list(X) == ["size"], name
        assert f"column '{name or 'column_1'}' is left out: " in capsys.readouterr().out
    lines = [f"{i},{1000 + 7 * i},{'abc'[i // 20]}" for i in range(60)]
    path = written(tmp_path, "minutes,id,y", *lines)
    (X, _), _ = recipe_of_file(path, "y", (), TableOptions(numbers=("id",))).load()
    assert list(X) == ["minutes", "id"]
    said = capsys.readouterr().out
    assert "column 'minutes' counts the rows from 0: if it is a row number, leave it out" in said


def test_declared_columns_are_what_they_are_declared(tmp_path: Path) -> None:
    def day(row: int) -> str:
        return f"0{row % 9 + 1}/0{row % 8 + 1}/2024"

    def features(**options: Any) -> int:
        made = recipe(tmp_path, day, size, lambda i: "xy"[i % 2], **options)
        table = made.layers(made.load()[0])[0]
        assert isinstance(table, data.Table)
        return len([name for name in table.feature_names if name.startswith("a")])

    assert features(dates={"a": "%d/%m/%Y"}) > 8
    assert features(texts=("a",)) > 20
    with pytest.raises(DataError, match=r"'a' has '01/01/2024' in row 0 .* which is no number"):
        features(numbers=("a",))
    with pytest.raises(ArgumentError, match="has no column 'aa'; did you mean 'a'"):
        features(texts=("aa",))


def test_options_reach_the_file_and_the_printed_example_reads_the_test_part(
    tmp_path: Path,
) -> None:
    lines = [f'{i},"1,{100 + i}",{"abc"[i % 3] if i % 5 else ""}' for i in range(60)]
    path = written(tmp_path, "n,v,y", *lines)
    arguments = ["train", str(path), "--target", "y", "--decimal", ",", "--test-size", "6"]
    result = CliRunner().invoke(commands, [*arguments, "--epochs", "1", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "6 for test" in result.output
    _, _, code = result.stdout.partition("in Python:\n\n")
    namespace: dict[str, Any] = {}
    exec("\n".join(line.strip() for line in code.splitlines()), namespace)
    assert len(namespace["y"]) == 6
    assert max(namespace["X"]["v"]) < 2
    assert "" not in namespace["y"]
    for wrong in (["--test-size", "2.5"], ["--date", "v=%d"], ["--text", "v", "--number", "v"],
                  ["--decimal", "x"], ["--target-kind", "date"]):  # fmt: skip
        result = CliRunner().invoke(commands, ["train", str(path), "--target", "y", *wrong])
        assert result.exit_code == 2, wrong
    other = CliRunner().invoke(commands, ["train", "xor", "--decimal", ","])
    assert (other.exit_code, "for CSV files" in other.output) == (2, True)
