"""``chainrule inspect``: the kind of a file by its content, and what is in it."""

import gzip
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save_file

import chainrule as cr
from chainrule import data
from chainrule.train.files.read import read_file
from chainrule.train.files.save import write
from tests.cli.flowers import classifier, regressor, run, write_table

pytestmark = pytest.mark.usefixtures("numpy_backend")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    net = classifier(write_table(folder / "t.csv"))
    net.save(folder / "model.safetensors")
    np.save(folder / "numbers.npy", np.array([[1.5, -2.0], [np.nan, 4.0]]))
    np.save(folder / "objects.npy", np.array([{}], object))
    np.savez(folder / "arrays.npz", x=np.arange(3, dtype=np.int16), y=np.array([None], object))
    data.write_idx(folder / "labels", np.array([3, 1, 4], np.uint8))
    (folder / "labels.gz").write_bytes(gzip.compress((folder / "labels").read_bytes()))
    save_file({"w": np.zeros((3, 2), np.float16)}, folder / "foreign.safetensors", {"format": "pt"})
    shape = ["n", 3]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    onnx.save(helper.make_model(graph), str(folder / "relu.onnx"))
    (folder / "objects.pkl").write_bytes(pickle.dumps({}))
    return folder


def inspected(path: Path) -> dict[str, Any]:
    code, output, errors = run("inspect", str(path), "--json")
    assert (code, errors) == (0, "")
    code, text, _ = run("inspect", str(path))
    assert code == 0
    assert "kind" in text
    return json.loads(output)


def test_a_network_is_described_without_being_made(folder: Path) -> None:
    found = inspected(folder / "model.safetensors")
    assert (found["kind"], found["checksum"], found["predicts"]) == (
        "a network",
        "right",
        "species",
    )
    assert found["classes"] == ["iris", "rose"]
    assert [each["kind"] for each in found["layers"]] == ["dense", "dense"]
    assert [each["name"] for each in found["columns"]] == ["length", "colour"]
    assert found["numbers in parameters"] == 3 * 4 + 4 + 4 * 2 + 2
    assert inspected(folder)["kind"] == "a folder with a network in model.safetensors"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("numbers.npy", {"dtype": "float64", "shape": [2, 2], "least": -2.0, "largest": 4.0}),
        ("objects.npy", {"dtype": "object: pickles, which are not read"}),
        ("labels", {"kind": "IDX, the format of MNIST", "shape": [3], "largest": 4}),
        ("labels.gz", {"kind": "IDX, the format of MNIST, compressed by gzip", "least": 1}),
        ("foreign.safetensors", {"metadata format": "pt", "numbers": 6}),
        ("relu.onnx", {"operators": 1, "operators by kind": [{"operator": "Relu", "times": 1}]}),
        ("t.csv", {"kind": "a table", "rows": 60, "number of columns": 4}),
        ("arrays.npz", {"kind": "arrays of NumPy, in an archive", "members": 2}),
    ],
)
def test_files_are_known_by_their_content(
    folder: Path, name: str, expected: dict[str, Any]
) -> None:
    found = inspected(folder / name)
    assert found | expected == found


def test_a_machine_has_its_settings_and_what_its_training_has_come_to(tmp_path: Path) -> None:
    machine = cr.RBM(3, persistent=True, batch_size=2)
    machine.fit(np.eye(4), epochs=2, verbose=0)
    machine.save(tmp_path / "machine.safetensors")
    code, output, _ = run("inspect", str(tmp_path / "machine.safetensors"), "--json")
    content = json.loads(output)
    assert (code, content["kind"], content["epochs"]) == (0, "a Boltzmann machine", 2)
    assert "hidden=3" in content["settings"]
    assert {each["name"] for each in content["parameters"]} == {*machine.params}


def test_a_pickle_is_named_and_not_opened(folder: Path) -> None:
    assert "it is not opened" in inspected(folder / "objects.pkl")["kind"]


def test_a_run_says_what_its_training_has_come_to(tmp_path: Path) -> None:
    net = regressor()
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    net = cr.Network(net.layers, seed=0)
    net.compile("mse", "sgd")
    net.fit(X, X.sum(axis=1), epochs=3, batch_size=5, checkpoint=tmp_path, verbose=0)
    found = inspected(tmp_path)
    assert (found["kind"], found["epochs"], found["steps"]) == ("the folder of a run", 3, 12)
    assert [each["epoch"] for each in found["curve"]] == [1, 2, 3]


@pytest.mark.parametrize(
    "change",
    [{"layers": [1]}, {"layers": None}, {"run": 1, "training": {}}, {"table": {"columns": 3}},
     {"training": {"counter": [0, 0, 0, "x"]}}, {"classes": {}}, {"metrics": 3}],
)  # fmt: skip
def test_a_description_of_other_types_shows_no_traceback(
    folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    description, tensors = read_file(folder / "model.safetensors")
    path = tmp_path / "model.safetensors"
    write(path, {**description, **change}, tensors)
    code, _, errors = run("inspect", str(path))
    assert code in (0, 1)
    assert errors.count("\n") == code


@pytest.mark.parametrize("name", ["numbers.npy", "labels", "model.safetensors", "relu.onnx"])
def test_a_file_that_is_cut_short_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    path = tmp_path / name
    for size in (len(content) - 1, len(content) // 2):
        path.write_bytes(content[:size])
        code, output, errors = run("inspect", str(path))
        assert (code, output) == (1, "")
        assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 60) + b"{" + b'"a":[' * 20,
        struct.pack("<Q", 200_000) + b"{" + b'"a":{' * 39_999 + b" " * 10,
        struct.pack("<Q", 45) + b'{"w":{"dtype":"F32","shape":[9e9],"offset":1}}',
        b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535,
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)}",
        b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xffabc",
        b"PK\x03\x04" + b"\0" * 40,
        b"\x08\x08\x12\x00" + b"\xff" * 20,
    ],
)
def test_a_hostile_header_is_refused_before_anything_is_allocated(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    code, output, errors = run("inspect", str(path))
    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
    assert errors.isprintable() or errors[:-1].isprintable()
