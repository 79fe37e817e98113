"""Files of earlier versions load, predict what they predicted then, and are saved as they were."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import chainrule as cr

VERSION_0_1 = Path(__file__).parent / "version_0_1"
EXPECTED = load_file(VERSION_0_1 / "expected.safetensors")
COLUMNS = {"age": [20.0, 30.0, None, 50.0] * 5, "town": ["a", "b", "a", "c"] * 5}


@pytest.mark.parametrize("name", ["dense", "images", "series", "tokens"])
def test_a_network_saved_by_version_0_1_predicts_as_it_did(name):
    net = cr.load(VERSION_0_1 / f"{name}.safetensors")
    predicted, expected = net.predict(EXPECTED[f"{name}.X"]), EXPECTED[f"{name}.y"]
    assert predicted.dtype == expected.dtype
    np.testing.assert_allclose(predicted, expected, rtol=1e-6, atol=1e-7)


def test_a_network_with_a_table_saved_by_version_0_1_predicts_as_it_did():
    net = cr.load(VERSION_0_1 / "table.safetensors")
    np.testing.assert_allclose(net.predict(COLUMNS), EXPECTED["table.y"], rtol=1e-6)


def test_a_boltzmann_machine_saved_by_version_0_1_gives_the_features_it_gave():
    machine = cr.load(VERSION_0_1 / "rbm.safetensors")
    np.testing.assert_allclose(machine.transform(EXPECTED["rbm.X"]), EXPECTED["rbm.y"], rtol=1e-6)


def test_training_goes_on_from_a_file_of_version_0_1():
    net = cr.load(VERSION_0_1 / "dense.safetensors")
    X, labels = EXPECTED["dense.X"], np.array(["no", "yes"])[EXPECTED["dense.y"].argmax(axis=1)]
    before = net.evaluate(X, labels)["loss"]
    net.fit(X, labels, epochs=20, verbose=0)
    assert net.evaluate(X, labels)["loss"] < before


@pytest.mark.parametrize("name", ["dense", "images", "series", "tokens", "table", "rbm"])
def test_files_of_version_0_1_are_saved_again_byte_for_byte(name, tmp_path):
    old, new = VERSION_0_1 / f"{name}.safetensors", tmp_path / "again.safetensors"
    cr.load(old).save(new)
    assert new.read_bytes() == old.read_bytes()
