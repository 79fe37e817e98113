"""``chainrule convert``: models in other formats give the predictions they gave before."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.flowers import classifier, loaded, regressor, run, write_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    classifier(write_table(folder / "flowers.csv")).save(folder / "model.safetensors")
    regressor().save(folder / "numbers.safetensors")
    return folder


def shares(model: Path, table: Path) -> np.ndarray:
    code, output, _ = run("predict", str(model), str(table), "--proba")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(output)))
    assert {row["prediction"] for row in rows} == {"iris", "rose"}
    return np.array([[float(row["p(iris)"]), float(row["p(rose)"])] for row in rows])


def test_to_onnx_and_back_keeps_columns_classes_and_predictions(folder: Path) -> None:
    model, table = folder / "model.safetensors", folder / "flowers.csv"
    onnx, again = folder / "net.onnx", folder / "again.safetensors"
    code, output, errors = run("convert", str(model), str(onnx))
    assert (code, output, errors) == (0, f"wrote {onnx}: an ONNX model\n", "")
    code, output, _ = run("convert", str(onnx), str(again), "--json")
    assert code == 0
    assert json.loads(output)["bytes"] == again.stat().st_size
    np.testing.assert_allclose(shares(again, table), shares(model, table), rtol=1e-5, atol=1e-6)
    code, output, _ = run("evaluate", str(again), str(table), "--json")
    assert json.loads(output)["accuracy"] == 1.0


def test_a_program_of_numpy_gives_the_outputs_of_the_network(folder: Path) -> None:
    target = folder / "predictor.py"
    code, output, _ = run("convert", str(folder / "numbers.safetensors"), str(target))
    assert code == 0
    assert "NumPy alone" in output
    program = (
        "import sys, numpy as np, predictor\n"
        "print(predictor.predict(np.array([[2, 1]], np.float32))[0, 0])\n"
        "assert 'chainrule' not in sys.modules"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=600
    )
    net = loaded(folder / "numbers.safetensors")
    expected = net.predict(np.array([[2, 1]], np.float32))[0, 0]
    np.testing.assert_allclose(float(child.stdout), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("net.h5", "FILE ends in one of .safetensors"),
        ("numbers.safetensors", "is MODEL itself"),
    ],
)
def test_a_usage_error_names_the_formats(folder: Path, target: str, message: str) -> None:
    model = str(folder / "numbers.safetensors")
    code, output, errors = run("convert", model, str(folder / target))
    assert (code, output) == (2, "")
    assert message in errors


def test_a_damaged_onnx_file_is_one_line(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x08\x12" + b"\xff" * 20)
    code, output, errors = run("convert", str(path), str(tmp_path / "net.safetensors"))
    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
