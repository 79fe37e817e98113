"""Damaged and forged model files are refused."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

from chainrule import data, nn
from chainrule.errors import FormatError
from chainrule.train.files.checksum import checksum
from chainrule.train.load import load
from chainrule.train.network import Network
from tests.train.saved_network import X, trained

pytestmark = pytest.mark.usefixtures("numpy_backend")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    path = tmp_path_factory.mktemp("intact") / "model.safetensors"
    trained().save(path)
    return path.read_bytes()


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(intact, path, fraction):
    path.write_bytes(intact[: int(fraction * len(intact))])
    with pytest.raises(FormatError):
        load(path)


def test_bytes_after_the_end_are_refused(intact, path):
    path.write_bytes(intact + b"\0")
    with pytest.raises(FormatError):
        load(path)


def test_every_changed_byte_is_detected(intact, path):
    original = trained().predict(X)
    generator = np.random.default_rng(0)
    for index in generator.choice(len(intact), 150, replace=False):
        changed = bytearray(intact)
        changed[index] ^= 1 << int(generator.integers(8))
        path.write_bytes(changed)
        try:
            net = load(path)
        except FormatError:
            continue
        # Padding of the header carries no information.
        assert np.array_equal(net.predict(X), original)


@pytest.mark.parametrize("size", [2**64 - 1, 2**63, 10**9, 0, 1])
def test_a_header_of_another_size_is_refused(intact, path, size):
    path.write_bytes(size.to_bytes(8, "little") + intact[8:])
    with pytest.raises(FormatError):
        load(path)


def rewritten(intact, path, change, keeps_checksum=False):
    """Write the file with a changed description and a valid checksum."""
    path.write_bytes(intact)
    with safe_open(path, "numpy") as file:
        description = json.loads(file.metadata()["chainrule"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(description, tensors)
    if not keeps_checksum:
        description["checksum"] = checksum(description, tensors)
    path.write_bytes(to_bytes(tensors, {"chainrule": json.dumps(description)}))


def setting(*keys, to):
    def change(description, tensors):
        *path, last = keys
        for key in path:
            description = description[key]
        description[last] = to

    return change


CHANGES = {
    "format": setting("format", to=2),
    "format as text": setting("format", to="1"),
    "seed below 0": setting("seed", to=-1),
    "seed as text": setting("seed", to="7"),
    "seed as bool": setting("seed", to=True),
    "dtype float16": setting("dtype", to="float16"),
    "dtype as code": setting("dtype", to="O"),
    "dtype float64": setting("dtype", to="float64"),
    "input shape gone": lambda d, t: d.pop("input_shape"),
    "input shape negative": setting("input_shape", to=[-3]),
    "input shape huge": setting("input_shape", to=[2**62]),
    "input shape of fractions": setting("input_shape", to=[3.0]),
    "another input shape": setting("input_shape", to=[4]),
    "deep input shape": setting("input_shape", to=[3] * 40),
    "layers as object": setting("layers", to={}),
    "no layers": setting("layers", to=[]),
    "layer as text": setting("layers", 0, to="dense"),
    "unknown kind": setting("layers", 0, "kind", to="os.system"),
    "kind as number": setting("layers", 0, "kind", to=1),
    "config as list": setting("layers", 0, "config", to=[]),
    "huge layer": setting("layers", 0, "config", "units", to=10**12),
    "layer too wide": setting("layers", 0, "config", "units", to=5),
    "negative units": setting("layers", 0, "config", "units", to=-4),
    "unknown argument": setting("layers", 0, "config", "evil", to=1),
    "unknown activation": setting("layers", 0, "config", "activation", to="__import__"),
    "unknown function": setting("layers", 0, "config", "activation", to={"function": "eval"}),
    "bad nesting": setting("layers", 0, "config", "activation", to={"layer": 1, "config": 2}),
    "layer with extras": setting("layers", 0, "path", to="/etc/passwd"),
    "layer without a name": lambda d, t: d["layers"][0].pop("name"),
    "two layers of one name": setting("layers", 2, "name", to="dense"),
    "layer renamed": setting("layers", 0, "name", to="other"),
    "classes twice": setting("classes", to=["cat", "cat", "eel"]),
    "classes as numbers": setting("classes", to=[1, 2, 3]),
    "unknown loss": setting("loss", to="cross"),
    "loss as list": setting("loss", to=["mse"]),
    "loss with bad name": setting("loss", to={"name": "x", "arguments": {}}),
    "unknown optimizer": setting("optimizer", "kind", to="Evil"),
    "bad learning rate": setting("optimizer", "learning_rate", to=-1.0),
    "unknown metric": setting("metrics", to=["accurate"]),
    "metric as number": setting("metrics", to=[3]),
    "extra entry": setting("pickle", to="gASVAAAA"),
    "tensor gone": lambda d, t: t.pop("dense.weight"),
    "tensor too many": lambda d, t: t.update(other=np.ones(2, "f4")),
    "tensor of another shape": lambda d, t: t.update({"dense.bias": np.ones(5, "f4")}),
    "tensor of another dtype": lambda d, t: t.update({"dense.bias": np.ones(4, "f8")}),
}


@pytest.fixture(scope="module")
def with_table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "model.safetensors"
    rows = {"size": [1.0, 2.0, 4.0], "town": ["Bonn", "Ulm", "Bonn"]}
    net = Network([data.Table(), nn.Dense(1)])
    net.compile("mse")
    net.fit(rows, [[1.0], [2.0], [3.0]], verbose=0)
    net.save(path)
    return path.read_bytes()


def column(number, **description):
    return lambda d, t: d["table"]["columns"][number].update(description)


TABLE_CHANGES = {
    "table as list": setting("table", to=[]),
    "table of nothing": setting("table", "columns", to=[]),
    "column as text": setting("table", "columns", 0, to="size"),
    "column twice": lambda d, t: d["table"]["columns"].append(d["table"]["columns"][0]),
    "column too few": lambda d, t: d["table"]["columns"].pop(),
    "unknown entry": setting("table", "path", to="/etc/passwd"),
    "target as number": setting("table", "target", to=1),
    "unknown kind of column": column(0, kind="eval"),
    "division by zero": column(0, scale=0.0),
    "negative scale": column(0, scale=-1.0),
    "mean as text": column(0, mean="0"),
    "mean beyond floats": column(0, mean=float("1e308") * 10),
    "gaps as number": column(0, has_gaps=1),
    "unknown entry of a column": column(0, evil=1),
    "categories as text": column(1, values="ab"),
    "categories as numbers": column(1, values=[1, 2]),
    "categories out of order": column(1, values=["Ulm", "Bonn"]),
    "category twice": column(1, values=["Bonn", "Bonn"]),
    "one category more": column(1, values=["Bonn", "Rome", "Ulm"]),
    "unknown encoding": column(1, encoding="pickle"),
    "unknown policy": column(1, unseen="eval"),
}


@pytest.mark.parametrize("change", TABLE_CHANGES.values(), ids=TABLE_CHANGES.keys())
def test_an_invalid_table_is_refused_despite_a_valid_checksum(with_table, path, change):
    rewritten(with_table, path, lambda d, t: None)
    assert load(path).predict({"size": [1], "town": ["Ulm"]}).shape == (1, 1)
    rewritten(with_table, path, change)
    with pytest.raises(FormatError):
        load(path)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_invalid_description_is_refused_despite_a_valid_checksum(intact, path, change):
    rewritten(intact, path, change)
    with pytest.raises(FormatError):
        load(path)


def test_a_wrong_checksum_is_reported(intact, path):
    rewritten(intact, path, lambda d, t: t["dense.bias"].__iadd__(1), keeps_checksum=True)
    with pytest.raises(FormatError, match="checksum"):
        load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "NaN", '{"format": NaN}', "[" * 100_000])
def test_a_description_that_is_no_json_object_is_refused(path, text):
    path.write_bytes(to_bytes({"a": np.ones(1)}, {"chainrule": text}))
    with pytest.raises(FormatError):
        load(path)


def test_a_rewritten_file_without_changes_is_loaded(intact, path):
    rewritten(intact, path, lambda d, t: None)
    assert np.array_equal(load(path).predict(X), trained().predict(X))
