"""Files of earlier versions load, predict what they predicted then, and are saved as they were."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleWarning, FormatError
from chainrule.train.files.checksum import checksum
from chainrule.train.files.read import read_file

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


@pytest.mark.parametrize("name", ["dense", "images", "series", "tokens", "table"])
def test_files_of_version_0_1_are_saved_again_with_all_that_they_had(name, tmp_path):
    old, new = VERSION_0_1 / f"{name}.safetensors", tmp_path / "again.safetensors"
    cr.load(old).save(new)
    (before, tensors), (after, others) = read_file(old), read_file(new)
    added = after.keys() - before.keys()
    assert added <= {"versions", "training", "history"}
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"format", "checksum"}
    assert others.keys() >= tensors.keys()
    assert all(np.array_equal(others[key], tensors[key]) for key in tensors)


def test_a_machine_saved_by_version_0_1_is_saved_again_with_all_that_it_had(tmp_path):
    machine = cr.load(VERSION_0_1 / "rbm.safetensors")
    machine.save(tmp_path / "again")
    (before, tensors), (after, others) = (
        read_file(VERSION_0_1 / "rbm.safetensors"),
        read_file(tmp_path / "again"),
    )
    assert (before["config"], before["optimizer"]) == (after["config"], after["optimizer"])
    epoch, _, _, steps = after["training"]["counter"]
    assert (before["visible"], before["epoch"], before["count"]) == (
        after["input_shape"][0], epoch, steps,
    )  # fmt: skip
    arrays = [each.tobytes() for each in others.values()]
    assert all(each.tobytes() in arrays for each in tensors.values())


PADDED = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("f4")
PADDED[0, 4:] = PADDED[2, 2:] = 0


def rewritten(path, value):
    """Change the value of padding that a file names; None removes it."""
    with safe_open(path, "numpy") as file:
        description = json.loads(file.metadata()["chainrule"]) | {"mask_value": value}
    if value is None:
        del description["mask_value"]
    tensors = load_file(path)
    description["checksum"] = checksum(description, tensors)
    path.write_bytes(to_bytes(tensors, {"chainrule": json.dumps(description)}))


def lstm(**settings):
    return nn.LSTM(4, mask_value=0.0, **settings)


def sequences():
    return lstm(return_sequences=True)


def test_padding_of_version_0_1_is_skipped_as_it_was(tmp_path):
    net = cr.load(VERSION_0_1 / "padded.safetensors")
    expected = load_file(VERSION_0_1 / "padded_expected.safetensors")["y"]
    np.testing.assert_allclose(net.predict(PADDED), expected, rtol=1e-5, atol=1e-6)
    net.save(tmp_path / "new")
    with safe_open(tmp_path / "new", "numpy") as file:
        assert json.loads(file.metadata()["chainrule"])["mask_value"] == 0.0


def test_layers_that_skip_padding_since_are_warned_of(tmp_path):
    path = tmp_path / "net"
    same = [
        [lstm(), nn.Dense(2)],
        [nn.Dropout(0.2), lstm(), nn.Dense(2)],
        [sequences(), lstm(), nn.Dense(6), nn.Reshape((3, 2)), nn.GRU(2)],
        [sequences(), nn.Dropout(0.2), nn.GRU(3, mask_value=0.0)],
        [nn.Bidirectional(lstm()), nn.Dense(2)],
        [sequences(), nn.TimeDistributed(nn.Dense(2))],
        [nn.Masking(0.0), nn.LSTM(4, return_sequences=True), nn.GRU(2)],
    ]
    different = {
        "gru": [
            [sequences(), nn.GRU(2)],
            [nn.Bidirectional(sequences()), nn.GRU(2)],
            [sequences(), sequences(), nn.Dropout(0.2), nn.GRU(2)],
        ],
        "lstm": [[nn.Dense(4), lstm()], [nn.Rescale(2.0, 1.0), lstm()]],
        "global_avg_pool1d": [[sequences(), nn.GlobalAvgPool1D()]],
        "residual": [[nn.Residual([nn.RNN(3, return_sequences=True, mask_value=0.0)]), lstm()]],
    }
    for name, each in [(None, each) for each in same] + [
        (name, each) for name, every in different.items() for each in every
    ]:
        net = cr.Network(each)
        net.predict(PADDED)
        net.save(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cr.load(path)
            rewritten(path, None)
            if name is None:
                cr.load(path)
                continue
        with pytest.warns(ChainruleWarning, match=f"earlier version.* layer '{name}'"):
            other = cr.load(path)
        other.save(path)  # as the warning advises
        cr.load(path)


def test_a_file_with_another_value_of_padding_than_its_layers_is_refused(tmp_path):
    path = tmp_path / "net"
    for layers in ([lstm()], [nn.LSTM(4)]):
        for value in (7.0, "0", True, [0.0], 0):
            net = cr.Network(layers)
            net.predict(PADDED)
            net.save(path)
            rewritten(path, value)
            with pytest.raises(FormatError, match="mask_value"):
                cr.load(path)


LOSSES = [2.5064875, 3.5974979, 2.9506135]
PREDICTION = -1.5975662


def continued(folder):
    """Go on with the training whose checkpoint in format 2 is in a folder, if there is one."""
    X = np.arange(60, dtype="float32").reshape(20, 3) / 60
    net = cr.Network([nn.Dense(2, activation="tanh"), nn.Dropout(0.2), nn.Dense(1)], seed=1)
    net.compile("mse", "adam", metrics=["mae"])
    checkpoint = cr.Checkpoint(folder, every="7 steps", keep=None)
    net.fit(X, X[:, :1], epochs=3, batch_size=4, checkpoint=checkpoint, verbose=0)
    return net


def test_training_goes_on_within_an_epoch_from_a_checkpoint_of_format_2(tmp_path):
    file = Path(__file__).parent / "format_2" / "checkpoint-000000000007.safetensors"
    loaded = cr.load(file)
    assert (loaded.history.epochs, loaded.state().steps) == (1, 7)
    shutil.copy(file, tmp_path)
    net = continued(tmp_path)
    np.testing.assert_allclose(net.history["loss"], LOSSES, rtol=1e-5)
    np.testing.assert_allclose(net.predict(np.ones((1, 3)))[0, 0], PREDICTION, rtol=1e-5)


@pytest.mark.parametrize(("number", "name"), [(1, "own"), (3, "own"), (3, "masked")])
def test_layers_of_ones_own_in_files_of_each_format_predict_and_train_as_they_did(number, name):
    """Those of format 1 have programs, and begin their training anew; those of 3 go on."""
    folder = Path(__file__).parent / f"format_{number}"
    expected = load_file(folder / "expected.safetensors")
    net = cr.load(folder / f"{name}.safetensors")
    X, y = (expected[key] for key in ("XY" if name == "own" else "SL"))
    predicted = expected[f"{name}.predicted"]
    np.testing.assert_allclose(net.predict(X), predicted, rtol=1e-5, atol=1e-6)
    losses = net.fit(X, y, epochs=3, batch_size=8, verbose=0)["loss"]
    np.testing.assert_allclose(losses, expected[f"{name}.losses"], rtol=1e-5)


def test_a_machine_goes_on_from_a_file_and_from_a_checkpoint_of_format_3(tmp_path):
    folder = Path(__file__).parent / "format_3"
    expected = load_file(folder / "machine_expected.safetensors")
    X = expected["machine.X"]
    machine = cr.load(folder / "machine.safetensors")  # after two epochs
    np.testing.assert_allclose(machine.transform(X), expected["machine.features"], rtol=1e-5)
    losses = machine.fit(X, epochs=1, verbose=0)["loss"]
    shutil.copy(folder / "checkpoint-000000000003.safetensors", tmp_path)  # after one
    other = cr.RBM(3, momentum=0.5, persistent=True, batch_size=4, seed=2)
    history = other.fit(X, epochs=3, verbose=0, checkpoint=tmp_path)
    # A difference of free energies, which has the rounding of its terms in float32.
    np.testing.assert_allclose(history["loss"], expected["machine.loss"], rtol=1e-5, atol=1e-7)
    assert losses == history["loss"][2:]
    for each in (machine, other):
        for name, value in each.params.items():
            np.testing.assert_allclose(value, expected[f"machine.{name}"], rtol=1e-5)


def test_a_file_of_a_later_format_is_refused_with_both_versions(tmp_path):
    description, tensors = read_file(Path(__file__).parent / "format_3" / "own.safetensors")
    description |= {"format": 5, "versions": {"chainrule": "7.1.0"}, "new": "entry"}
    text = json.dumps(description)
    (tmp_path / "later").write_bytes(to_bytes(tensors, {"chainrule": text}))
    words = rf"format 5 by chainrule '7.1.0'; this is chainrule {cr.__version__}.* formats 1 to 4"
    with pytest.raises(FormatError, match=words):
        cr.load(tmp_path / "later")
