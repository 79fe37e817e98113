"""``chainrule predict``: rows of a CSV file in, predictions out, those of ``net.predict``."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.data.csv_file import byte_stream, stream
from tests.cli.flowers import HEADER, classifier, loaded, regressor, rows, run, write_table

pytestmark = pytest.mark.usefixtures("numpy_backend")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flowers")
    net = classifier(write_table(folder / "flowers.csv"))
    net.save(folder / "model.safetensors")
    regressor().save(folder / "numbers.safetensors")
    return folder


def table_of(text: str) -> dict[str, list[str]]:
    header, *lines = csv.reader(io.StringIO(text))
    return dict(zip(header, map(list, zip(*lines, strict=True)), strict=True))


def test_predictions_are_those_of_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS_AT_ONCE", 7)
    code, output, errors = run("predict", str(folder), str(folder / "flowers.csv"), "--proba")
    assert (code, errors) == (0, "")
    columns = table_of(output)
    net = loaded(folder / "model.safetensors")
    assert columns["prediction"] == net.predict_class(str(folder / "flowers.csv")).tolist()
    shares = np.array([columns["p(iris)"], columns["p(rose)"]], np.float32).T
    # A share is written as the shortest text that is read as the same number.
    expected = net.predict_proba(str(folder / "flowers.csv"))
    np.testing.assert_allclose(shares, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").replace(".", ",").encode(),
        lambda text: text.replace("\n", ',"a\nb"\n').replace('"a\nb"', "note", 1).encode(),
        lambda text: "\n".join(
            ",".join(reversed(line.split(","))) for line in text.split("\n")
        ).encode(),
        lambda text: text.encode("utf-16"),
    ],
    ids=["mark", "CRLF", "semicolons", "quoted newlines", "other order", "utf-16"],
)
def test_another_way_to_write_the_table_gives_the_same(
    folder: Path, tmp_path: Path, change: object
) -> None:
    plain = (folder / "flowers.csv").read_text()
    written = change(plain)  # type: ignore[operator]
    (tmp_path / "t.csv").write_bytes(written)
    code, output, _ = run("predict", str(folder), str(tmp_path / "t.csv"))
    assert code == 0
    assert output == run("predict", str(folder), str(folder / "flowers.csv"))[1]


def test_columns_are_kept_and_rows_are_objects_of_json(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('length,colour,id\n1.8,blue,"a, ""b"""\n,red,c\n')
    out = tmp_path / "p.csv"
    code, output, errors = run(
        "predict", str(folder), str(tmp_path / "t.csv"), "--keep", "id", "--out", str(out)
    )
    assert (code, output) == (0, "")
    assert errors.endswith(f"\nwrote {out}: 2 predictions\n")
    assert table_of(out.read_text())["id"] == ['a, "b"', "c"]
    code, output, _ = run("predict", str(folder), str(tmp_path / "t.csv"), "--keep-all", "--json")
    first, second = map(json.loads, output.splitlines())
    assert first == {"length": "1.8", "colour": "blue", "id": 'a, "b"', "prediction": "iris"}
    assert list(second) == ["length", "colour", "id", "prediction"]


def test_a_network_without_a_table_takes_numbers_in_order(folder: Path, tmp_path: Path) -> None:
    model, path = folder / "numbers.safetensors", tmp_path / "t.csv"
    path.write_text("b,a\n2,1\n-1,0.5\n")
    net = loaded(model)
    for columns, X in (((), [[2, 1], [-1, 0.5]]), (("--columns", "a,b"), [[1, 2], [0.5, -1]])):
        code, output, _ = run("predict", str(model), str(path), *columns)
        assert code == 0
        predicted = np.array(table_of(output)["prediction"], np.float32)
        np.testing.assert_array_equal(predicted, net.predict(np.array(X, np.float32))[:, 0])


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        ("length;colour\n1;red\n", ("--delimiter", ","), 1, "that is one column: --delimiter"),
        ("length,color\n1,red\n", (), 1, "t.csv has no column 'colour', which the network"),
        ("length,colour\nx,red\n", (), 1, "t.csv: column 'length' has 'x' in row 0"),
        ("", (), 1, "the file is empty"),
        ("length,colour\n", (), 1, "no row after the header"),
        (None, (), 1, "there is no such file"),
        ("length,colour\n1,red\n", ("--keep", "name"), 1, "no column 'name' to keep"),
        ("length,colour\n1,red\n", ("--columns", "a"), 2, "--columns is for networks without"),
        ("length,colour\n1,red\n2,red\n3,red,2\n", (), 1, "line 4 has 3 cells"),
    ],
)
def test_mistakes_are_named(
    folder: Path,
    tmp_path: Path,
    text: str | None,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    if text is not None:
        (tmp_path / "t.csv").write_text(text)
    out = tmp_path / "p.csv"
    found, output, errors = run(
        "predict", str(folder), str(tmp_path / "t.csv"), "--out", str(out), *arguments
    )
    assert (found, output) == (code, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert not out.exists()


def test_rows_are_counted_in_the_whole_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(byte_stream, "BEGINNING", 200)
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *rows(30), "30,many,red,rose"]) + "\n")
    _, _, errors = run("predict", str(folder), str(path))
    assert "column 'length' has 'many' in row 30 (rows" in errors


def test_cells_that_training_did_not_know_are_counted(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("length,colour\n1,red\n,green\n2,\n2,green\n")
    code, output, errors = run("predict", str(folder), str(path))
    assert (code, output.count("\n")) == (0, 5)
    assert "'length' has 1 missing cell, and had none in training" in errors
    assert "'colour' has 3 cells of categories that were not in the training part" in errors


def test_what_is_read_is_not_written(folder: Path, tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv")
    before = path.read_bytes()
    code, _, errors = run("predict", str(folder), str(path), "--out", str(path))
    assert code == 2
    assert "which is FILE itself" in errors
    assert path.read_bytes() == before
    code, _, errors = run(
        "predict", str(folder), str(path), "--out", str(tmp_path / "no" / "p.csv")
    )
    assert code == 1
    assert "the folder does not exist" in errors
    code, _, errors = run("predict", str(folder / "numbers.safetensors"), str(path), "--proba")
    assert code == 2
    assert "--proba is for classifiers" in errors


def test_models_are_found_in_folders_or_their_absence_is_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv")
    code, _, errors = run("predict", str(tmp_path), str(path))
    assert code == 2
    assert "a folder without model.safetensors" in errors
    code, _, errors = run("predict", str(tmp_path / "m.safetensors"), str(path))
    assert code == 2
    assert "there is no such file" in errors
    code, _, errors = run("predict", str(path), str(path))
    assert code == 2
    assert "is no model file" in errors
    (tmp_path / "net.onnx").write_bytes(b"\x08\x08")
    code, _, errors = run("predict", str(tmp_path / "net.onnx"), str(path))
    assert code == 2
    assert "is an ONNX file; first: chainrule convert" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_standard_input_and_a_closed_pipe(folder: Path) -> None:
    line = f"{sys.executable} -m chainrule predict {folder} - | head -n 2"
    text = "\n".join([HEADER, *rows(9_000)]).encode()
    child = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], input=text, capture_output=True, timeout=600
    )
    assert child.stdout.splitlines() == [b"prediction", b"iris"]
    assert child.stderr == b""
    assert child.returncode == 1


def test_predictions_import_no_other_command(folder: Path) -> None:
    program = (
        "import sys; from chainrule import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "finally: print(*sorted(name for name in sys.modules if name.startswith('chainrule.cli.')))"
    )
    for arguments, most in ((["--help"], 3), (["predict", str(folder), os.devnull], 12)):
        child = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=600
        )
        found = child.stdout.splitlines()[-1].split()
        assert len(found) <= most, found
        assert "chainrule.cli.train" not in found
