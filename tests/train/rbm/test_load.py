"""Saved Boltzmann machines: exact round trips, and refusal of damaged files."""

import json
import pickle

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError, FormatError
from chainrule.train.files.checksum import checksum

X = (np.random.default_rng(0).random((70, 9)) < 0.4).astype("float32")
SETTINGS = [
    {},
    {"momentum": 0.5, "persistent": True, "k": 2, "l2": 1e-3, "batch_size": 16, "seed": 5},
    {"learning_rate": optim.cosine(0.1, epochs=6), "momentum": 0.9, "dtype": "float64"},
    {"sparsity": 0.1, "sparsity_cost": 3.0},
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "machine.safetensors"


def trained(settings, epochs=2):
    machine = cr.RBM(5, **settings)
    machine.fit(X, epochs=epochs, verbose=0)
    return machine


@pytest.mark.parametrize("settings", SETTINGS)
def test_training_resumes_bit_for_bit_from_a_file(path, settings):
    whole, half = trained(settings, 4), trained(settings, 2)
    half.save(path)
    other = cr.load(path)
    assert repr(other) == repr(half)
    assert np.array_equal(other.free_energy(X), half.free_energy(X))
    assert other.history == {n: each for n, each in half.history.items() if n != "seconds"}
    history = other.fit(X, epochs=2, verbose=0)
    assert history["learning_rate"][-1] == whole.history["learning_rate"][-1]
    for name, each in whole.params.items():
        assert np.array_equal(each, other.params[name]), name


def test_saving_a_loaded_machine_gives_the_same_bytes(path, tmp_path):
    trained(SETTINGS[1]).save(path)
    cr.load(path).save(tmp_path / "again.safetensors")
    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_a_built_but_untrained_machine_can_be_saved(path):
    machine = cr.RBM(5, momentum=0.5)
    machine.transform(X)
    machine.save(path)
    assert np.array_equal(cr.load(path).transform(X), machine.transform(X))


def test_saving_a_machine_without_parameters_is_refused(path):
    with pytest.raises(ArgumentError, match="no parameters yet; call fit"):
        cr.RBM(5).save(path)
    assert not path.exists()


def rewritten(path, change):
    """Rewrite the file with changed content and a valid checksum."""
    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["chainrule"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(description, tensors)
    description["checksum"] = checksum(description, tensors)
    path.write_bytes(to_bytes(tensors, {"chainrule": json.dumps(description)}))


def without(name):
    return lambda description, tensors: tensors.pop(name)


def with_entry(name, value):
    return lambda description, tensors: description.update({name: value})


def with_config(**config):
    return lambda description, tensors: description["config"].update(config)


def with_training(**entries):
    return lambda description, tensors: description["training"].update(entries)


def with_tensor(name, array):
    return lambda description, tensors: tensors.update({name: array})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("weight"), "'weight' is missing"),
        (without("chains"), "'chains' is missing"),
        (without("training:4"), "an attribute is described by an unknown entry"),
        (with_tensor("training:4", np.zeros(3, "f4")), r"the slots of 'rbm\.weight' are not those"),
        (with_tensor("weight", np.zeros((9, 6), "f4")), r"is float32\[9, 6\]; it must be"),
        (with_tensor("weight", np.zeros((9, 5))), r"is float64\[9, 5\]; it must be float32"),
        (with_tensor("weight", np.full((9, 5), np.nan, "f4")), "NaN or infinite"),
        (with_tensor("more", np.zeros(3)), "no tensor 'more'"),
        (with_config(hidden=10**12), "'weight' is float32"),
        (with_config(hidden=-1), "hidden is -1"),
        (with_config(colour="red"), "no argument `colour`"),
        (with_entry("input_shape", [10**15]), "'weight' is float32"),
        (with_entry("input_shape", [9.0]), r"is \[9\.0\]; a machine has one size"),
        (with_training(counter=[-1, 0, 5, 5]), "no integer of 0 or more"),
        (with_training(history={"dict": [["loss", 3]]}), "no list of numbers"),
        (with_entry("config", []), r"'config' is \[\]; it must be a dict"),
        (with_entry("optimizer", {"kind": "Evil"}), "Evil"),
        (with_entry("surprise", 1), "unknown entry 'surprise'"),
        (with_entry("model", "other"), "unknown entry"),
    ],
)
def test_inconsistent_files_are_refused(path, change, words):
    trained(SETTINGS[1]).save(path)
    rewritten(path, change)
    with pytest.raises(FormatError, match=words):
        cr.load(path)


@pytest.mark.parametrize("settings", SETTINGS[1:3])
def test_training_from_a_state_goes_on_bit_for_bit(settings):
    machine, other = trained(settings), cr.RBM(5, **settings)
    state = pickle.loads(pickle.dumps(machine.state()))
    losses = machine.fit(X, epochs=3, verbose=0)["loss"]
    after = {name: each.tobytes() for name, each in machine.params.items()}
    for each in (machine, other):
        each.restore(state)
        assert each.history.epochs == 2
        assert each.fit(X, epochs=3, verbose=0)["loss"] == losses
        assert {name: array.tobytes() for name, array in each.params.items()} == after
    with pytest.raises(ArgumentError, match=r"restore: rbm.weight is f\d\d\[9,5\] in the state"):
        cr.RBM(7, dtype=machine.dtype.name).restore(state)
