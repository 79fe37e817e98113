"""What happens to the memory of arrays while programs are bound to them; run in a child process.

Freed memory is overwritten before it could be read, so reading it gives other numbers.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 64)).astype("float32"), RNG.integers(0, 3, 32)


def network() -> cr.Network:
    net = cr.Network([nn.Dense(128, activation="relu"), nn.Dense(3)], seed=0)
    net.compile("cross_entropy")
    net.predict(X)
    return net


def overwrite_freed_memory() -> None:
    sizes = (64 * 128, 128 * 3, 64 * 32, 128, 32, 3, 4)
    assert all(len(each) for each in [np.full(size, 7e7, "f4") for size in sizes * 50])


def refused(call: Callable[[], Any], *kinds: type[Exception]) -> bool:
    try:
        call()
    except kinds:
        return True
    return False


def resized_parameters() -> None:
    for name in ("dense.weight", "dense.bias", "dense_1.weight"):
        for shape in ((2, 2), (640, 1280), (0,)):
            net = network()
            expected, layer = net.predict(X), net.layers[int("1" in name)]
            live = getattr(layer, name.split(".")[1]).value
            assert refused(lambda: live.resize(shape, refcheck=False), ValueError)  # noqa: B023
            net.params[name].shape = (-1,)
            assert refused(lambda: net.params[name].resize(shape), ValueError)  # noqa: B023
            overwrite_freed_memory()
            assert (net.predict(X) == expected).all()


def replaced_parameters() -> None:
    net = network()
    expected = net.predict(X)
    weight = net.params["dense.weight"].copy()
    net.layers[0].weight.value = np.asfortranarray(weight)
    overwrite_freed_memory()
    np.testing.assert_allclose(net.predict(X), expected, atol=1e-5)
    layer, small = net.layers[0], np.zeros((2, 2), "float32")
    for name in ("value", "array"):
        assert refused(lambda: setattr(layer.weight, name, small), cr.errors.ShapeError)  # noqa: B023
    layer.weight.value = weight
    layer.weight.array.shape = (-1,)
    for call in (lambda: net.fit(X, Y), lambda: net.evaluate(X, Y)):
        assert refused(call, cr.errors.ShapeError)
    layer.weight.array.shape = (64, 128)
    frozen = weight.copy()
    frozen.flags.writeable = False
    net.layers[0].weight.value = frozen
    assert (net.predict(X) == expected).all()
    net.fit(X, Y, verbose=0)
    assert (frozen == weight).all()


def buffers_that_end() -> None:
    net, memory = network(), bytearray(64 * 128 * 4)
    net.layers[0].weight.value = np.frombuffer(memory, "f4").reshape(64, 128)
    net.predict(X)
    assert refused(memory.clear, BufferError)
    samples = X.copy()

    def resize(net: Any, epoch: int, logs: Any) -> None:
        assert refused(lambda: samples.resize((2, 2), refcheck=False), ValueError)
        overwrite_freed_memory()

    net.fit(samples, Y, epochs=2, verbose=0, callbacks=resize)
    samples.resize((2, 2), refcheck=False)  # afterwards it is the user's own again


def truncated_files() -> None:
    net = network()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "X")
        X.repeat(1000, 0).tofile(path)
        mapped = np.memmap(path, "f4", "r", shape=(32_000, 64))
        assert net.predict(mapped[:32]).shape == (32, 3)
        os.truncate(path, 4096)
        targets = np.repeat(Y, 1000)
        for view in (mapped, mapped[5:], np.asarray(mapped)[:, ::-1]):
            assert refused(lambda: net.predict(view), cr.errors.DataError)  # noqa: B023
            count = len(view)
            assert refused(lambda: net.fit(view, targets[:count]), cr.errors.DataError)  # noqa: B023


def inputs_of_any_layout() -> None:
    net = network()
    expected = net.predict(X)
    raw, wide = np.zeros(X.nbytes + 1, "u1"), np.zeros((64, 128), "f4")
    misaligned = raw[1:].view("f4").reshape(X.shape)
    misaligned[...] = wide[::2, ::2] = X
    frozen = X.copy()
    frozen.flags.writeable = False
    for other in (misaligned, wide[::2, ::2], X.astype(">f4"), frozen, np.asfortranarray(X)):
        assert (net.predict(other) == expected).all()
        one, two = network(), network()
        one.fit(X, Y, verbose=0)
        two.fit(other, Y, verbose=0)
        assert (one.predict(X) == two.predict(X)).all()
        total = cr.jit(lambda x: np.sum(x * x, axis=0))
        np.testing.assert_array_equal(total(other), total(X))


def inputs_written_during_fit() -> None:
    net, samples, done = network(), X.repeat(100, 0), threading.Event()

    def write() -> None:
        while not done.is_set():
            samples[...] = RNG.normal(size=64)

    writer = threading.Thread(target=write)
    writer.start()
    net.fit(samples, np.repeat(Y, 100), epochs=20, verbose=0)
    done.set()
    writer.join()
    assert np.isfinite(net.predict(X)).all()


LAWS = [
    resized_parameters,
    replaced_parameters,
    buffers_that_end,
    truncated_files,
    inputs_of_any_layout,
    inputs_written_during_fit,
]

if __name__ == "__main__":
    for law in LAWS:
        sys.stdout.write(f"{law.__name__}\n")
        sys.stdout.flush()
        law()
