"""Writes a network as a stand-alone predictor, and runs it before it is returned."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.data.file_argument import is_path
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.export.numpy_source.features import features_and_classes
from chainrule.export.numpy_source.functions import FUNCTIONS
from chainrule.export.numpy_source.program import described_layers, written_layers
from chainrule.nn.layers.embedding import Embedding
from chainrule.storage.atomic_write import write_atomically
from chainrule.train.network import Network, model_of

__all__ = ["write_predictor"]

_AS_NUMBERS = 200
"""Numbers of weights that are written as such; more are compressed, as text or in a file."""

_ROUNDINGS = 256
"""Largest difference to the network, in units of what rounding the inputs alone changes."""

_SECONDS = 300

Array = NDArray[Any]


def write_predictor(net: Network, path: Any = None) -> str:
    """Return the source text of a predictor; see `chainrule.Network.to_numpy`."""
    model = model_of(net)
    if not model.output_shapes:
        raise ArgumentError(
            "to_numpy: the network is not built yet, so it has no weights; call net(X) once, with "
            "some samples"
        )
    if path is not None and (not is_path(path) or Path(path).suffix != ".py"):
        raise bad_argument("to_numpy", "path", path, "the name of a file *.py, or None")
    target = None if path is None else Path(path)
    layers, constants = described_layers(net)
    weights = net.params.copy() | constants
    code = written_layers(net, layers, constants)
    reading = _reading(weights, None if target is None else target.with_suffix(".npz").name)
    text = _module(net, code, reading)
    archive = _archive(weights)
    _check(net, text, None if target is None else (target.with_suffix(".npz").name, archive))
    if target is not None:
        write_atomically(target.with_suffix(".npz"), archive)
        write_atomically(target, text.encode())
    return text


def _module(net: Network, code: str, reading: str) -> str:
    """Return the whole text: what it is, functions that NumPy does not have, weights, layers."""
    used = [text for name, text in FUNCTIONS.items() if re.search(rf"\b{name}\(", code)]
    body = "\n".join(f"{each.strip()}\n\n" for each in used)
    modules = [name for name in ("base64", "io", "itertools", "math", "pathlib", "zlib")
               if re.search(rf"\b{name}\.", body + reading + code)]  # fmt: skip
    imports = "".join(f"import {name}\n" for name in modules)
    shape = ", ".join("any" if each is None else str(each) for each in (net.input_shape or ())[1:])
    described = str(net).removeprefix("<network: ").partition(", ")[0]
    return (
        f'"""A network of chainrule as NumPy alone: {described}.\n\n'
        f"Inputs (n, {shape}); import predict.\n"
        f'{features_and_classes(net)}"""\n\n'
        f"{imports}{chr(10) if imports else ''}import numpy as np\n\n{reading}\n\n"
        + (f"{body}\n" if body else "")
        + code
    )


def _reading(weights: dict[str, Array], file: str | None) -> str:
    """Return the statement that reads the weights W."""
    if file is not None:
        return f'W = np.load(pathlib.Path(__file__).with_name("{file}"))\n'
    if sum(each.size for each in weights.values()) <= _AS_NUMBERS:
        entries = "".join(f'    "{name}": {_literal(each)},\n' for name, each in weights.items())
        return f"W = {{\n{entries}}}\n"
    encoded = base64.b64encode(zlib.compress(_archive(weights), 9)).decode()
    lines = "\n".join(encoded[i : i + 96] for i in range(0, len(encoded), 96))
    return (
        f'W = """\n{lines}\n"""  # an archive of arrays, compressed\n'
        "W = np.load(io.BytesIO(zlib.decompress(base64.b64decode(W))))\n"
    )


def _literal(array: Array) -> str:
    """Return an array as text that gives the same bits."""
    text = np.array2string(
        array, separator=", ", threshold=sys.maxsize, max_line_width=92, floatmode="unique",
        prefix=" " * 20,
    )  # fmt: skip
    text = re.sub(r"\b(inf|nan)\b", r"np.\1", text)
    return f"np.array({text}, np.{array.dtype})"


def _archive(weights: dict[str, Array]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **weights)  # pyright: ignore[reportArgumentType] (arrays by name)
    return file.getvalue()


def _check(net: Network, text: str, archive: tuple[str, bytes] | None) -> None:
    """Compare the predictor with the network, in a process that has NumPy alone."""
    for count in (3, 5):
        sample = _sample(net, count)
        expected = np.asarray(net(sample))
        actual = _run(text, archive, sample)
        if actual.shape != expected.shape or not np.allclose(
            actual, expected, rtol=0, atol=_tolerance(net, sample, expected), equal_nan=True
        ):
            raise UnsupportedError(
                "to_numpy: the predictor gives other outputs than the network for random inputs, "
                "so it is not returned; a layer of this network computes what its program does not "
                "say: save the network by net.save(path)"
            )


def _tolerance(net: Network, sample: Array, expected: Array) -> float:
    """Return the difference that orders of summation explain: small outputs have a small one.

    One ulp more in each input shows how much rounding the network passes on, as where large values
    cancel.
    """
    precision = float(np.finfo(model_of(net).dtype).eps)
    changed = expected
    if sample.dtype.kind == "f":
        changed = np.asarray(net(sample * (1 + precision)))
    with np.errstate(all="ignore"):
        difference = np.abs(changed - expected)
    passed_on = float(np.max(difference, initial=0, where=np.isfinite(difference)))
    largest = float(np.max(np.abs(expected), initial=0, where=np.isfinite(expected)))
    return _ROUNDINGS * max(passed_on, precision * largest)


def _sample(net: Network, count: int) -> Array:
    """Return random inputs that the network takes: indices where an embedding comes first."""
    model, generator = model_of(net), np.random.default_rng(count)
    shape = (count, *(5 if each is None else each for each in (net.input_shape or ())[1:]))
    first = model.layers[0]
    if isinstance(first, Embedding):
        return generator.integers(0, first.vocabulary_size, shape)
    return generator.normal(size=shape).astype(model.dtype)


_PROGRAM = """
import importlib.util, sys
import numpy as np
specification = importlib.util.spec_from_file_location("predictor", sys.argv[1])
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)
np.save(sys.argv[3], module.predict(np.load(sys.argv[2])))
"""


def _run(text: str, archive: tuple[str, bytes] | None, sample: Array) -> Array:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "predictor.py").write_text(text, encoding="utf-8")
        if archive is not None:
            (folder / archive[0]).write_bytes(archive[1])
        np.save(folder / "x.npy", sample)
        files = [str(folder / each) for each in ("predictor.py", "x.npy", "y.npy")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM, *files],
            capture_output=True, text=True, timeout=_SECONDS, check=False, env=environment,
        )  # fmt: skip
        if done.returncode:
            error = done.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
            raise UnsupportedError(
                f"to_numpy: the predictor does not run: {error[0][:200]}; save the network by "
                "net.save(path)"
            )
        return np.load(files[2])
