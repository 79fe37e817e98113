"""``chainrule sweep``: every combination trained, the best network kept."""

import csv
import json
import signal
import subprocess
import sys
import time
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


MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # jobs ignore it
    "from chainrule.cli import main; main()"
)


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_a_sweep_that_signals_end_goes_on_with_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    table = write_table(tmp_path / "flowers.csv")
    arguments = [
        "sweep", str(table), "--target", "species", "--drop", "id", "--units", "2",
        "--seeds", "16", "--epochs", "40", "--json",
    ]  # fmt: skip
    finished = tmp_path / "run" / "finished.jsonl"
    done = 0
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        with subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments, "--checkpoint", str(tmp_path / "run")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            while not finished.exists() or finished.read_text().count("\n") <= done:
                assert child.poll() is None
                time.sleep(0.01)
            child.send_signal(number)
            output, errors = child.communicate(timeout=600)
        assert child.returncode == code, errors
        assert errors.splitlines()[-1].startswith("chainrule: error: ")
        lines = finished.read_text().splitlines()
        assert done < len(lines) < 16
        done = len(lines)
        if code == 130:
            assert len(json.loads(output)["fits"]["units"]) == done
    code, output, errors = run(*arguments, "--checkpoint", str(tmp_path / "run"))
    assert code == 0, errors
    lines = [json.loads(each)["fit"] for each in finished.read_text().splitlines()]
    assert len(lines) == len({*lines}) == len(json.loads(output)["fits"]["units"]) == 16


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
