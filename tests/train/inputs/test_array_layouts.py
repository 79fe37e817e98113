"""Native training on arrays of any layout and dtype matches the NumPy evaluator."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DataError

DRAW = np.random.default_rng(0)
PIXELS = DRAW.integers(0, 2, (96, 20))
Y = DRAW.integers(0, 3, 96)


def trained(X, y=Y, batch_size=16, **settings):
    net = cr.Network([nn.Dense(8, activation="tanh"), nn.Dense(3)], seed=0, dtype="float64")
    net.compile(loss="cross_entropy", optimizer="adam")
    net.fit(X, y, epochs=2, batch_size=batch_size, verbose=0, **settings)
    return {name: np.array(net.params[name]) for name in net.params}


SAMPLES, FLOATS = PIXELS + np.linspace(0, 1, 20), PIXELS.astype(float)


@functools.cache
def trained_on_samples(batch_size):
    return trained(SAMPLES, batch_size=batch_size)


@functools.cache
def trained_on_floats():
    return trained(FLOATS)


def same_bits(params, expected):
    return all(params[name].tobytes() == each.tobytes() for name, each in expected.items())


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
    X, expected = SAMPLES, trained_on_samples(batch_size)
    params = trained(LAYOUTS[name](X), batch_size=batch_size)
    assert same_bits(params, expected)
    targets = LAYOUTS[name](Y[:, None].repeat(2, axis=1))
    params = trained(X, np.asarray(targets)[:, 0], batch_size=batch_size)
    assert same_bits(params, expected)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32",
             "float64", ">i2", ">f4"],
)  # fmt: skip
def test_training_depends_on_values_not_on_the_dtype(dtype):
    assert same_bits(trained(PIXELS.astype(dtype)), trained_on_floats())


def test_samples_in_half_precision_train_as_others_do():
    params = trained(PIXELS.astype(np.float16))
    for name, each in trained_on_floats().items():
        np.testing.assert_allclose(params[name], each, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64"])
def test_native_training_matches_the_evaluator_for_every_dtype(dtype, monkeypatch):
    X = PIXELS.astype(dtype)
    native = trained(X)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for name, each in trained(X).items():
        np.testing.assert_allclose(native[name], each, rtol=1e-9, atol=1e-12)


def test_native_training_on_subnormal_and_signed_zero_inputs_matches_the_evaluator(monkeypatch):
    X = PIXELS.astype(float)
    X[::3], X[1::3] = -0.0, 5e-324
    X[2::9] = 1e-310
    native = trained(X)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for name, each in trained(X).items():
        np.testing.assert_allclose(native[name], each, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nonfinite_values_are_refused_with_their_index(value):
    X = PIXELS.astype(float)
    X[40, 7] = value
    with pytest.raises(DataError, match=r"40"):
        trained(X)


def test_empty_arrays_are_refused():
    with pytest.raises(DataError, match="sample"):
        trained(PIXELS[:0].astype(float), Y[:0])


def test_a_memory_map_is_not_read_into_memory_as_a_whole(tmp_path):
    """For a file of 40 MB, training takes a third of that in anonymous memory at most."""
    path, shape = tmp_path / "X", (50_000, 200)
    written = np.memmap(path, np.float32, "w+", shape=shape)
    for start in range(0, shape[0], 10_000):
        written[start : start + 10_000] = DRAW.random((10_000, 200), np.float32)
    y = DRAW.integers(0, 3, shape[0])
    plain = trained(np.array(written), y, 100)
    X = np.memmap(path, np.float32, "r", shape=shape)
    trained(X[:1000], y[:1000], 100)
    before = anonymous_memory()
    assert same_bits(trained(X, y, 100), plain)
    assert anonymous_memory() - before < X.nbytes // 3


def anonymous_memory():
    """Return the resident bytes of this process that belong to no file; 0 where unknown."""
    status = Path("/proc/self/status")
    text = status.read_text() if status.exists() else ""
    params = re.search(r"RssAnon:\s+(\d+) kB", text)
    return 1024 * int(params[1]) if params else 0
