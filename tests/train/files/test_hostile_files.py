"""Hostile model files end in FormatError, at once and in little memory; paths that are no files."""

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as to_bytes

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.shape_inference import built_shape
from chainrule.train.files import description
from chainrule.train.files.checksum import checksum
from chainrule.train.network import model_of
from tests.contracts.layer_samples import SAMPLES, inputs

ROOT = Path(__file__).parents[3]
DENSE = nn.Dense(3).config()


def content(layers, tensors=None, input_shape=(3,), **entries):
    """Return a file with a right checksum."""
    description = {
        "format": 1, "seed": 0, "dtype": "float32", "input_shape": list(input_shape),
        "layers": layers, "classes": None, "loss": None, "optimizer": None, "metrics": [],
    } | entries  # fmt: skip
    tensors = tensors or {}
    description["checksum"] = checksum(description, tensors)
    return to_bytes(tensors, {"chainrule": json.dumps(description)})


def layer(kind, number=0, **config):
    return {"kind": kind, "name": f"{kind}_{number}", "config": config}


def nested(depth):
    inner = {"layer": "dense", "config": {"units": 3}}
    for _ in range(depth):
        inner = {"layer": "residual", "config": {"layers": [inner]}}
    return inner


def machine(**config):
    settings = {"hidden": 3, "k": 1, "persistent": False, "batch_size": 2, "l2": 0.0, "seed": 0}
    description = {
        "format": 1, "model": "rbm", "visible": 2, "config": settings | config, "optimizer": None,
        "epoch": 0, "count": 0,
    }  # fmt: skip
    tensors = {"weight": np.zeros((2, 3), "f4"), "visible_bias": np.zeros(2, "f4")}
    tensors["hidden_bias"] = np.zeros(3, "f4")
    description["checksum"] = checksum(description, tensors)
    return to_bytes(tensors, {"chainrule": json.dumps(description)})


RELU = {"activation": "relu"}
HOSTILE = {
    "10,000 layers": lambda: content([layer("activation", n, **RELU) for n in range(10_000)]),
    "10,000 dense layers": lambda: content([layer("dense", n, units=3) for n in range(10_000)]),
    "200,000 layers": lambda: content([layer("flatten", n) for n in range(200_000)]),
    "2,000 layers within one": lambda: content(
        [layer("residual", layers=[{"layer": "dense", "config": DENSE}] * 2000)]
    ),
    "layers nested 300 deep": lambda: content([layer("residual", layers=[nested(300)])]),
    "a pool of ten million": lambda: content(
        [layer("max_pool1d", pool_size=10**7)], input_shape=(5, 2)
    ),
    "padding of 10**9": lambda: content(
        [layer("conv1d", filters=2, kernel_size=3, padding=10**9)], input_shape=(5, 2)
    ),
    "an image of 100,000² for dense units": lambda: content(
        [layer("flatten"), layer("dense", units=9)], input_shape=(10**5, 10**5, 3)
    ),
    "a huge convolution": lambda: content(
        [layer("conv2d", filters=10**6, kernel_size=10**4)], input_shape=(10**5, 10**5, 3)
    ),
    "a huge embedding": lambda: content([layer("embedding", vocabulary_size=10**12, units=10**6)]),
    "huge attention": lambda: content(
        [layer("multi_head_attention", heads=10**6, size=10**6)], input_shape=(10**6, 10**6)
    ),
    "a huge LSTM": lambda: content([layer("lstm", units=10**9)], input_shape=(10**6, 10**6)),
    "a shape beyond all memory": lambda: content([layer("flatten")], input_shape=(2**30, 2**31)),
    "outputs beyond all memory": lambda: content(
        [layer("concatenate", branches=[[]] * 900)], input_shape=(2**55,)
    ),
    "shapes that do not fit": lambda: content([layer("reshape", shape=[2, 2])]),
    "a kernel larger than the image": lambda: content(
        [layer("max_pool2d", pool_size=9)], input_shape=(4, 4, 1)
    ),
    "a residual block of another shape": lambda: content(
        [layer("residual", layers=[{"layer": "flatten", "config": {}}])], input_shape=(2, 2)
    ),
    "units as text": lambda: content(
        [layer("dense", units="3")], {"dense_0.weight": np.zeros((3, 3), "f4")}
    ),
    "a long name": lambda: content([layer("dense", units=3) | {"name": "n" * 5000}]),
    "a name with control characters": lambda: content(
        [layer("dense", units=3) | {"name": "a\x1b[2J"}]
    ),
    "a long kind": lambda: content([layer("k" * 90, units=3)]),
    "a long activation": lambda: content([layer("dense", units=3, activation="a" * 95)]),
    "300,000 tensors": lambda: content(
        [layer("flatten")], {f"t{n}": np.zeros(0, "f4") for n in range(300_000)}
    ),
    "a long name of a tensor": lambda: content([layer("flatten")], {"t" * 900: np.zeros(2, "f4")}),
    "too few classes": lambda: content([layer("flatten")], classes=["a"]),
    "a loss with a bad argument": lambda: content(
        [layer("flatten")], loss={"name": "huber", "arguments": {"delta": "x"}}
    ),
    "a loss with targets": lambda: content(
        [layer("flatten")], loss={"name": "huber", "arguments": {"y_true": 1}}
    ),
    "an optimiser nested deep": lambda: content(
        [layer("flatten")],
        optimizer={
            "kind": "SGD",
            "learning_rate": {"kind": "warmup", "learning_rate": {"kind": "evil"}},
        },
    ),
    "attributes of no layer": lambda: content([layer("flatten")], attributes={"other": {"x": 1}}),
    "an attribute that is a method": lambda: content(
        [layer("flatten")], attributes={"flatten_0": {"forward": 1}}
    ),
    "an attribute out of range": lambda: content(
        [layer("dropout", rate=0.5)], attributes={"dropout_0": {"rate": 7.0}}
    ),
    "an attribute of another kind": lambda: content(
        [layer("dropout", rate=0.5)], attributes={"dropout_0": {"_lock": None}}
    ),
    "an attribute that names no tensor": lambda: content(
        [layer("flatten")], attributes={"flatten_0": {"x": {"array": "y"}}}
    ),
    "an unhashable key": lambda: content(
        [layer("flatten")], attributes={"flatten_0": {"x": {"dict": [[{"list": []}, 1]]}}}
    ),
    "a machine with huge hidden units": lambda: machine(hidden=10**12),
    "a machine with a huge batch": lambda: machine(persistent=True, batch_size=10**12),
    "a machine with another setting": lambda: machine(evil=1),
}
RAW = {
    "numbers that are none": '{"format": NaN}',
    "an infinite number": '{"format": 1, "seed": 1e999}',
    "a number of 5,000 digits": '{"format": 1, "seed": ' + "9" * 5000 + "}",
    "an entry twice": '{"format": 1, "seed": 0, "seed": 1}',
    "lists in lists": '{"format": 1, "layers": ' + "[" * 900 + "]" * 900 + "}",
    "very many lists in lists": '{"format": 1, "layers": ' + "[" * 10**6 + "]" * 10**6 + "}",
    "a million layers": '{"format": 1, "layers": ['
    + '{"kind": "flatten", "name": "a", "config": {}},' * 500_000
    + "{}]}",
}


def seconds_to_refuse(path):
    start = time.thread_time()
    with pytest.raises(FormatError) as refusal:
        cr.load(path)
    seconds = time.thread_time() - start
    message = str(refusal.value)
    assert len(message) < 500
    assert message.isprintable(), message
    assert not any(letter * 101 in message for letter in "nkta"), message
    return seconds


def _refuse_all(folder):
    path = folder / "hostile.safetensors"
    for name, make in HOSTILE.items():
        path.write_bytes(make())
        cost = seconds_to_refuse(path)
        assert cost < 0.5 + path.stat().st_size / 2e7, (name, cost)
    for name, text in RAW.items():
        path.write_bytes(to_bytes({}, {"chainrule": text}))
        cost = seconds_to_refuse(path)
        assert cost < 0.5 + path.stat().st_size / 2e7, (name, cost)


def in_child(*arguments):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "CHAINRULE_BACKEND": "numpy",  # files are the subject; to compile takes longer than all
    }
    run = subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, timeout=600, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]


def test_hostile_files_are_refused_in_little_time_and_memory(tmp_path):
    in_child("tests.train.files.test_hostile_files", str(tmp_path))


def test_mutated_files_load_or_are_refused():
    in_child("tests.train.files.fuzz_model_files", "150", "7")


def test_a_large_declared_picture_costs_nothing(tmp_path):
    path = tmp_path / "image.safetensors"
    layers = [layer("avg_pool2d", pool_size=10**4), layer("global_avg_pool2d")]
    path.write_bytes(content(layers, input_shape=(10**5, 10**5, 3)))
    start = time.thread_time()
    assert model_of(cr.load(path)).output_shape == (None, 3)
    assert time.thread_time() - start < 0.5


@pytest.fixture
def without_garbage_of_others():
    """Let the garbage collector pass over what is made from here on alone."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("without_garbage_of_others")
def test_many_layers_are_added_and_read_in_linear_time(tmp_path):
    start = time.thread_time()
    net = cr.Network([nn.Activation("relu") for _ in range(4000)])
    assert net.layers[-1].name == "activation_3999"
    assert time.thread_time() - start < 1  # as quadratic as it was, 60 s
    path = tmp_path / "layers"
    path.write_bytes(content([layer("activation", n, **RELU) for n in range(1000)]))
    start = time.thread_time()
    assert len(cr.load(path).layers) == 1000
    assert time.thread_time() - start < 0.5


def test_shapes_by_rule_are_those_of_a_run():
    for sample in SAMPLES:
        x = inputs(sample, "float32")
        by_rule, by_run = sample.make(), sample.make()
        y = by_run(x)
        assert built_shape(by_rule, x.shape[1:], x.dtype) == y.shape[1:], by_run
        mine, others = (
            {name: each.array.shape for name, each in made.parameters().items()}
            for made in (by_rule, by_run)
        )
        assert mine == others, by_run
        assert by_rule(x).shape == y.shape


FOREIGN = {
    "model.h5": b"\x89HDF\r\n\x1a\nrest",
    "model.keras": b"PK\x03\x04rest",
    "model.pt": b"PK\x03\x04rest",
    "model.pkl": b"\x80\x04\x95rest of it",
    "model.onnx": b"\x08\x07\x12\x07pytorch",
    "model.npz": b"PK\x03\x04rest",
    "model.npy": b"\x93NUMPY\x01\x00v",
    "other": b"\x89HDF\r\n\x1a\nrest",
    "model.json": b'{"a": 1}',
    "model.gz": b"\x1f\x8b\x08rest of",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_programs_are_neither_written_nor_taken_for_damaged(name, tmp_path):
    path = tmp_path / name
    net = cr.Network([nn.Dense(1)])
    net.predict(np.ones((2, 3)))
    if name not in ("other", "model.gz"):
        with pytest.raises(ArgumentError, match=r"name it 'model\.safetensors'"):
            net.save(path)
        with pytest.raises(ArgumentError, match="suffix"):
            cr.RBM(2).save(str(path))
        assert not path.exists()
    path.write_bytes(FOREIGN[name])
    remedy = r"cr\.from_onnx\(path\)" if name == "model.onnx" else r"assign (it|them): net\.params"
    with pytest.raises(FormatError, match=remedy):
        cr.load(path)


def test_a_path_without_suffix_is_written_as_it_is(tmp_path):
    net = cr.Network([nn.Dense(1)])
    before = net.predict(np.ones((2, 3)))
    for name in ("model", "model.v2", "model.safetensors"):
        net.save(str(tmp_path / name))
        assert np.array_equal(cr.load(tmp_path / name).predict(np.ones((2, 3))), before)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "model",
        "model.safetensors",
        "model.v2",
    ]


def test_what_is_no_path_is_refused(tmp_path):
    net = cr.Network([nn.Dense(1)])
    net.predict(np.ones((2, 3)))
    with (tmp_path / "open").open("wb") as file:
        for path in (None, 3, b"net", "", "a\0b", file, [], True):
            for function in (net.save, cr.RBM(2).save, cr.load):
                with pytest.raises(ArgumentError, match=r"^(save|load): path is "):
                    function(path)
    for function in (net.save, cr.load):
        with pytest.raises(IsADirectoryError):
            function(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("loop", OSError), ("pipe", OSError), ("none", FileNotFoundError)):
        with pytest.raises(kind):
            cr.load(tmp_path / name)
    with pytest.raises(OSError, match="no regular file"):
        cr.load("/dev/null")
    net.save(tmp_path / "net")
    (tmp_path / "link").symlink_to(tmp_path / "net")
    cr.load(tmp_path / "link")


def test_a_network_of_too_many_layers_is_refused_when_saved(tmp_path, monkeypatch):
    net = cr.Network([nn.Flatten(), nn.Residual([nn.Dense(3), nn.Dense(3)])])
    net.predict(np.ones((2, 3)))
    monkeypatch.setattr(description, "MAX_LAYERS", 3)
    with pytest.raises(ArgumentError, match="more than 3 layers"):
        net.save(tmp_path / "net")
    assert not list(tmp_path.iterdir())


class Says(nn.Layer):
    def __init__(self, text, options):
        self.text, self.options = text, options

    def forward(self, x):
        return x * len(self.text)


def test_what_save_writes_load_reads_whatever_the_texts(tmp_path):
    path = tmp_path / "net"
    text = "long and\nwith lines " * 30
    net = cr.Network([Says(text, {"k" * 300: text})])
    before = net.predict(np.ones((2, 3)))
    net.save(path)
    assert np.array_equal(cr.load(path, custom={"Says": Says}).predict(np.ones((2, 3))), before)
    for name in ("a\nb", "n" * 1001):
        for layers in ([nn.Dense(1, name=name)], [nn.Residual([nn.Dense(3, name=name)])]):
            net = cr.Network(layers)
            net.predict(np.ones((2, 3)))
            with pytest.raises(ArgumentError, match="printable characters"):
                net.save(tmp_path / "other")
    deep = nn.Dense(3)
    for _ in range(30):
        deep = nn.Residual([deep])
    net = cr.Network([deep])
    net.predict(np.ones((2, 3)))
    with pytest.raises(ArgumentError, match="nested too deep"):
        net.save(tmp_path / "other")


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
    _refuse_all(Path(sys.argv[1]))
