"""``chainrule sweep``: every combination trained, the best network kept."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.flowers import loaded, run, write_table


def test_settings_are_compared_and_the_best_network_is_kept(tmp_path: Path) -> None:
    table = write_table(tmp_path / "flowers.csv")
    code, output, _ = run(
        "sweep", str(table), "--target", "species", "--drop", "id", "--units", "1,4",
        "--lr", "0.05", "--seeds", "2", "--epochs", "5", "--out", str(tmp_path / "best"), "--json",
    )  # fmt: skip
    assert code == 0
    result = json.loads(output)
    assert result["fits"]["units"] == [1, 1, 4, 4]
    assert sorted(result["settings"]["units"]) == [1, 4]
    assert result["settings"]["units"][0] == result["best"]["units"]
    assert result["test"].keys() == {"loss", "accuracy", "auc"}
    with (tmp_path / "best" / "sweep.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header[:2] == ["units", "lr"]
    assert len(rows) == 4
    net = loaded(tmp_path / "best" / "model.safetensors")
    assert net.layers[0].config()["units"] == result["best"]["units"]
    code, output, _ = run("predict", str(tmp_path / "best"), str(table))
    assert (code, output.count("\n")) == (0, 61)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name what to vary by --units"),
        (("--units", "4,x"), "'x' is not an integer of at least 1; give several as in 4,16,64"),
        (("--dropout", "1"), "'1' is not a number of at least 0 and less than 1"),
        (("--units", "4", "--folds", "1"), "1 is not in the range x>=2"),
    ],
)
def test_a_usage_error_names_the_range(arguments: tuple[str, ...], message: str) -> None:
    code, output, errors = run("sweep", "xor", *arguments)
    assert (code, output) == (2, "")
    assert message in errors


def test_networks_that_are_not_dense_are_refused() -> None:
    for name in ("airline", "rbm"):
        code, _, errors = run("sweep", name, "--units", "4")
        assert code == 2
        assert "sweeps are over dense networks" in errors
