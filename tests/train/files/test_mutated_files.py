"""Mutations of the files of all formats: a sample of what `fuzz_model_files` does for long."""

import random
import warnings
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import FormatError
from chainrule.train.files.read import read_file
from chainrule.train.files.save import write
from tests.train.files.fuzz_model_files import mutated

pytestmark = pytest.mark.usefixtures("numpy_backend")

FOLDER = Path(__file__).parent
FILES = [
    path for path in sorted(FOLDER.glob("*_*/*.safetensors")) if "expected" not in path.name
]  # fmt: skip


def loaded(content, path):
    """Load a content; None where it is refused by a FormatError, which is printable and short."""
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cr.load(path)
    except FormatError as error:
        message = str(error)
    assert message.isprintable()
    assert len(message) < 600
    return None


def test_mutated_files_with_right_checksums_are_refused_or_load(tmp_path):
    draw, found = random.Random(3), {True: 0, False: 0}
    contents = [path.read_bytes() for path in FILES]
    for _ in range(150):
        try:
            content = mutated(draw, draw.choice(contents), tmp_path)
        except (OverflowError, RecursionError, ValueError):
            continue  # not to be written
        found[loaded(content, tmp_path / "net") is None] += 1
    assert found[True] > 60
    assert found[False] > 3


@pytest.mark.parametrize("name", ["own", "masked"])
def test_flipped_bits_and_cuts_are_found(name, tmp_path):
    content = (FOLDER / "format_3" / f"{name}.safetensors").read_bytes()
    draw, path = random.Random(5), tmp_path / "net"
    for _ in range(150):
        changed, place = bytearray(content), draw.randrange(len(content))
        changed[place] ^= 1 << draw.randrange(8)
        if loaded(bytes(changed), path) is not None:  # of the padding of the header
            assert read_file(path)[0] == read_file(FOLDER / "format_3" / f"{name}.safetensors")[0]
        assert loaded(content[:place], path) is None


@pytest.mark.parametrize("optimizer", [optim.LBFGS(memory=2), optim.LevenbergMarquardt()])
def test_counters_that_no_search_has_come_to_are_refused(optimizer, tmp_path):
    X = np.random.default_rng(0).normal(size=(6, 3)).astype("f4")
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile("mse", optimizer)
    net.fit(X, X[:, :2], epochs=2, verbose=0)
    net.save(path := tmp_path / "net")
    description, tensors = read_file(path)
    status = next(
        name
        for key, entry in description["training"]["slots"]["dict"]
        if key == "search"
        for key, entry in entry["dict"]
        if key == "status"
        for name in entry.values()
    )
    for value in (np.array(77), np.array(-1), np.array(0.5), np.zeros(2, np.int64)):
        write(path, description, tensors | {status: value})
        with pytest.raises(FormatError, match="the state of the optimiser"):
            cr.load(path)
