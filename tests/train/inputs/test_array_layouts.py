"""Arrays of any layout and kind train natively to the numbers that NumPy's evaluator gives."""

import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.compiler import driver
from chainrule.errors import ChainruleWarning, DataError

DRAW = np.random.default_rng(0)
PIXELS = DRAW.integers(0, 2, (96, 20))
Y = DRAW.integers(0, 3, 96)


def trained(X, y=Y, batch_size=16, **settings):
    net = cr.Network([nn.Dense(8, activation="tanh"), nn.Dense(3)], seed=0, dtype="float64")
    net.compile(loss="cross_entropy", optimizer="adam")
    net.fit(X, y, epochs=2, batch_size=batch_size, verbose=0, **settings)
    return {name: np.array(net.params[name]) for name in net.params}


def same_bits(found, wanted):
    return all(found[name].tobytes() == each.tobytes() for name, each in wanted.items())


def frozen(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def unaligned(x):
    return np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape)


LAYOUTS = {
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "every second column": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "Fortran order": np.asfortranarray,
    "foreign byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "read-only": frozen,
    "unaligned": unaligned,
    "a list": lambda x: x.tolist(),
    "broadcast": lambda x: np.broadcast_to(x, (1, *x.shape))[0],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("batch_size", [16, 25, None])
def test_the_layout_of_samples_does_not_change_a_bit(name, batch_size):
    X = PIXELS + np.linspace(0, 1, 20)
    wanted = trained(X, batch_size=batch_size)
    found = trained(LAYOUTS[name](X), batch_size=batch_size)
    assert same_bits(found, wanted)
    targets = LAYOUTS[name](Y[:, None].repeat(2, axis=1))
    found = trained(X, np.asarray(targets)[:, 0], batch_size=batch_size)
    assert same_bits(found, wanted)


@pytest.mark.parametrize(
    "kind", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32",
             "float64", ">i2", ">f4"],
)  # fmt: skip
def test_every_kind_of_number_trains_as_its_value_says(kind):
    assert same_bits(trained(PIXELS.astype(kind)), trained(PIXELS.astype(float)))


def test_half_precision_trains_with_numpy_and_is_told_of(monkeypatch):
    monkeypatch.setattr(driver, "_warned", set())
    with pytest.warns(ChainruleWarning, match="half precision is not compiled"):
        found = trained(PIXELS.astype(np.float16))
    for name, each in trained(PIXELS.astype(float)).items():
        np.testing.assert_allclose(found[name], each, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32", "float64"])
def test_native_training_gives_the_evaluators_numbers_for_every_kind(kind, monkeypatch):
    X = PIXELS.astype(kind)
    native = trained(X)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for name, each in trained(X).items():
        np.testing.assert_allclose(native[name], each, rtol=1e-9, atol=1e-12)


def test_subnormal_and_signed_zero_inputs_train_as_the_evaluator_trains_them(monkeypatch):
    X = PIXELS.astype(float)
    X[::3], X[1::3] = -0.0, 5e-324
    X[2::9] = 1e-310
    native = trained(X)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for name, each in trained(X).items():
        np.testing.assert_allclose(native[name], each, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_by_place(value):
    X = PIXELS.astype(float)
    X[40, 7] = value
    with pytest.raises(DataError, match=r"40"):
        trained(X)


def test_no_samples_are_refused():
    with pytest.raises(DataError, match="sample"):
        trained(PIXELS[:0].astype(float), Y[:0])


def test_samples_in_a_file_are_trained_on_where_they_lie(tmp_path):
    """40 MB stand in a file; training takes a fraction of that of the process's own memory."""
    path, shape = tmp_path / "X", (50_000, 200)
    written = np.memmap(path, np.float32, "w+", shape=shape)
    for start in range(0, shape[0], 10_000):
        written[start : start + 10_000] = DRAW.random((10_000, 200), np.float32)
    y = DRAW.integers(0, 3, shape[0])
    plain = trained(np.array(written), y, 100)
    X = np.memmap(path, np.float32, "r", shape=shape)
    trained(X[:1000], y[:1000], 100)
    before = own_memory()
    assert same_bits(trained(X, y, 100), plain)
    assert own_memory() - before < X.nbytes // 3


def own_memory():
    """Return the bytes this process holds that belong to no file; 0 where that is not told."""
    status = Path("/proc/self/status")
    text = status.read_text() if status.exists() else ""
    found = re.search(r"RssAnon:\s+(\d+) kB", text)
    return 1024 * int(found[1]) if found else 0
