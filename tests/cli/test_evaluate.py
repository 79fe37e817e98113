"""``chainrule evaluate``: what ``net.evaluate`` gives, on a CSV file or a data set."""

import json
from pathlib import Path

import numpy as np
import pytest

from chainrule import data
from tests.cli.flowers import HEADER, classifier, loaded, regressor, rows, run, write_table

pytestmark = pytest.mark.usefixtures("numpy_backend")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flowers")
    classifier(write_table(folder / "flowers.csv")).save(folder / "model.safetensors")
    regressor().save(folder / "numbers.safetensors")
    return folder


def test_the_result_is_that_of_python(folder: Path) -> None:
    path = folder / "flowers.csv"
    code, output, errors = run("evaluate", str(folder), str(path), "--json")
    assert (code, errors) == (0, "")
    result = json.loads(output)
    table = data.read_csv(path)
    expected = loaded(folder / "model.safetensors").evaluate(table, table["species"])
    assert {name: result[name] for name in expected.keys()} == dict(expected)  # noqa: SIM118
    assert result["samples"] == np.sum(result["confusion"]) == 60
    assert result["classes"] == ["iris", "rose"]
    _, output, _ = run("evaluate", str(folder), str(path))
    assert output.startswith(f"{path}: 60 samples\n\n  loss ")
    assert "confusion matrix" in output


def test_rows_without_a_target_are_left_out(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *rows(10), "10,2.0,blue,", "11,2.0,blue,iris"]))
    result = json.loads(run("evaluate", str(folder), str(path), "--json")[1])
    assert (result["samples"], result["rows without a target"]) == (11, 1)


def test_numbers_are_compared_with_numbers(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,sum\n1,2,3\n0.5,1,1.5\n")
    model = folder / "numbers.safetensors"
    code, output, _ = run("evaluate", str(model), str(path), "--target", "sum", "--json")
    assert code == 0
    X = np.array([[1, 2], [0.5, 1]], np.float32)
    expected = loaded(model).evaluate(X, np.array([[3], [1.5]]))
    assert json.loads(output)["loss"] == expected["loss"]


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        ("length,colour\n1,red\n", (), 1, "no column 'species' to compare with"),
        ("length,colour,kind\n1,red,tulip\n", ("--target", "kind"), 1, "no class of the network"),
        ("length,colour,species\n1,red,\n", (), 1, "missing in all rows"),
        ("length,species\n1,red\n", (), 1, "has no column 'colour'"),
    ],
)
def test_mistakes_are_named(
    folder: Path, tmp_path: Path, text: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    found, output, errors = run("evaluate", str(folder), str(tmp_path / "t.csv"), *arguments)
    assert (found, output) == (code, "")
    assert message in errors
    assert errors.count("\n") == 1


def test_a_network_that_names_no_target_asks_for_it(folder: Path) -> None:
    model, path = str(folder / "numbers.safetensors"), str(folder / "flowers.csv")
    code, _, errors = run("evaluate", model, path)
    assert code == 2
    assert "by --target" in errors
    code, _, errors = run("evaluate", model, "digit")
    assert code == 2
    assert "there is no file or data set 'digit'; did you mean 'digits'?" in errors
    code, _, errors = run("evaluate", model, "missing.csv")
    assert code == 2
    assert "'missing.csv': no such file" in errors
