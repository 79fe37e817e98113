"""Mutations of model files: each must load, or end in FormatError, quickly and in little memory.

``python -m tests.train.files.fuzz_model_files COUNT SEED`` prints what it found and exits with 1 if
anything else was raised, or took longer than `LONGEST` seconds.
"""

import json
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import FormatError
from chainrule.train.files.save import checksum

LONGEST = 0.5
MEMORY = 3 * 2**30
MARK = "Mark" * 60
VALUES = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    7,
    10**7,
    2**31,
    2**53,
    2**62,
    2**63,
    2**64,
    10**30,
    -(10**9),
    0.5,
    -0.5,
    1e308,
    1e-320,
    "",
    "3",
    "1e3",
    "relu",
    "softmax",
    "mse",
    "dense",
    "__class__",
    "../../etc/passwd",
    "a\nb",
    "a\0b",
    "é" * 50,
    MARK,
    [],
    [[]],
    {},
    [1, 2],
    [10**6] * 3,
    {"layer": "dense", "config": {"units": 3}},
    {"function": "eval"},
    {"kind": "Adam"},
    {"array": "attribute:0"},
    {"list": [1]},
    {"dict": [[[], 1]]},
]
RAW = ["NaN", "Infinity", "1e999", "-1e999", "9" * 400, "[" * 3000 + "]" * 3000, '{"a":1,"a":2}']


class Own(nn.Layer):
    """A layer with a state."""

    def __init__(self, factor=2.0):
        self.factor, self.shift = factor, [np.ones(3, "f4"), {"k": (1, 2.5)}]

    def forward(self, x):
        return x * self.factor + self.shift[0]


def corpus(folder):
    """Write valid files of all kinds of parts; return their contents."""
    generator = np.random.default_rng(0)
    flat, image = generator.normal(size=(6, 3)), generator.normal(size=(6, 8, 8, 1))
    steps, tokens = generator.normal(size=(6, 5, 4)), generator.integers(0, 9, (6, 5))
    rows = {"age": [1.0, 2.0, None, 4.0, 5.0, 6.0], "town": list("abcabc")}
    parts = [
        ([nn.Dense(3, "relu", l2=0.1), nn.Dropout(0.2), nn.BatchNorm(), nn.Dense(2)], flat),
        ([nn.Conv2D(2, 3, padding="same"), nn.MaxPool2D(2), nn.AvgPool2D(2), nn.Flatten()], image),
        ([nn.Bidirectional(nn.LSTM(2)), nn.Dense(2)], steps),
        ([nn.TimeDistributed(nn.Dense(4)), nn.MultiHeadAttention(2, 2), nn.GRU(2)], steps),
        ([nn.Embedding(9, 4), nn.PositionEmbedding(), nn.GlobalAvgPool1D(), nn.Dense(2)], tokens),
        ([nn.Residual([nn.Dense(3)]), nn.Concatenate([nn.Dense(2), []]), nn.Dense(2)], flat),
        ([nn.ConvTranspose2D(2, 2), nn.Permute((3, 1, 2)), nn.Reshape((-1,)), nn.Dense(2)], image),
        ([Own(), nn.Dense(2)], flat),
        ([data.Table(), nn.Dense(2)], rows),
    ]
    contents = []
    for number, (layers, X) in enumerate(parts):
        net = cr.Network(layers, seed=number)
        net.compile("mse", "adam", metrics=["mae"])
        if isinstance(X, dict):
            net.fit(X, generator.normal(size=(6, 2)), verbose=0)
        net.predict(X)
        if isinstance(layers[0], Own):
            layers[0].factor, layers[0].shift[0] = 3.0, np.zeros(3, "f4")
        net.save(path := folder / f"{number}.safetensors")
        contents.append(path.read_bytes())
    named = cr.Network([nn.Dense(3, "softmax")])
    named.compile("cross_entropy", cr.optim.SGD(cr.optim.cosine(0.1, epochs=3)), metrics="accuracy")
    named.fit(flat, np.array(["x", "y", "z"] * 2), verbose=0)
    named.save(path := folder / "named.safetensors")
    machine = cr.RBM(3, persistent=True, momentum=0.5, batch_size=2)
    machine.fit((flat > 0).astype("f4"), verbose=0)
    machine.save(other := folder / "machine.safetensors")
    return [*contents, path.read_bytes(), other.read_bytes()]


def opened(content, folder):
    (folder / "read").write_bytes(content)
    with safe_open(folder / "read", "numpy") as file:
        description = json.loads(file.metadata()["chainrule"])
        return description, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def places(value, path=()):
    """Return the paths of all values within."""
    items = (
        list(value.items())
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else []
    )
    return [path, *(each for key, inner in items for each in places(inner, (*path, key)))]


def at(value, path):
    for key in path:
        value = value[key]
    return value


def change_description(draw, description):
    path = draw.choice(places(description)[1:])
    owner, key = at(description, path[:-1]), path[-1]
    action = draw.randrange(6)
    if action <= 2:
        owner[key] = draw.choice(VALUES)
    elif action == 3 and isinstance(owner, dict):
        owner[draw.choice(["units", "evil", "name", "layers", "shape", MARK])] = owner.pop(key)
    elif action == 4 and isinstance(owner, list):
        owner.insert(key, json.loads(json.dumps(at(description, draw.choice(places(description))))))
    elif isinstance(owner, dict):
        owner.pop(key)
    else:
        owner[key] = json.loads(json.dumps(at(description, draw.choice(places(description)))))


def change_tensors(draw, tensors):
    name = draw.choice([*tensors] or ["none"])
    array = tensors.pop(name, np.zeros(2))
    action = draw.randrange(6)
    if action == 0:
        tensors[draw.choice(["other", "a.b", MARK, "attribute:0", "../x", "\n"])] = array
    elif action == 1:
        tensors[name] = array.ravel()
    elif action == 2:
        tensors[name] = array.astype(draw.choice(["f2", "f8", "i8", "u1", "?"]))
    elif action == 3:
        tensors[name] = np.zeros((*array.shape, 0), array.dtype)
    elif action == 4:
        tensors[name] = np.concatenate([array.ravel()] * 2)


def mutated(draw, content, folder):
    """Return a changed file: with a right checksum, or with other bytes."""
    kind = draw.randrange(10)
    if kind < 7:
        description, tensors = opened(content, folder)
        for _ in range(draw.choice([1, 1, 1, 2, 4])):
            if draw.random() < 0.2:
                change_tensors(draw, tensors)
            else:
                change_description(draw, description)
        description["checksum"] = checksum(description, tensors)
        text = json.dumps(description)
        if kind == 0:
            spot = text.find(": ", draw.randrange(len(text))) + 2
            text = text[:spot] + draw.choice(RAW) + ", " + text[spot:]
        return to_bytes(tensors, {"chainrule": text})
    changed = bytearray(content)
    if kind == 7:
        return bytes(changed[: draw.randrange(len(changed))])
    for _ in range(draw.choice([1, 1, 3, 20])):
        changed[draw.randrange(len(changed) if kind == 8 else 600)] = draw.randrange(256)
    return bytes(changed)


def run(count, seed):
    """Load mutated files; return how many loaded, were refused, and what else happened."""
    draw, found, problems, slowest = random.Random(seed), Counter(), [], 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contents = corpus(folder)
        path = folder / "mutated.safetensors"
        for number in range(count):
            try:
                content = mutated(draw, draw.choice(contents), folder)
            except (OverflowError, RecursionError, ValueError):
                continue  # not to be written
            path.write_bytes(content)
            start = time.process_time()
            try:
                cr.load(path, custom={"own": Own})
                found["loaded"] += 1
            except FormatError as error:
                found["refused"] += 1
                if "MarkMark" * 13 in str(error) or len(str(error)) > 600:
                    problems.append(f"{number}: a message of {len(str(error))} characters: {error}")
                if not str(error).isprintable():
                    problems.append(f"{number}: a message that is not printable: {error!r}")
            except Exception as error:  # noqa: BLE001 (what is looked for)
                problems.append(f"{number}: {type(error).__name__}: {error}")
            seconds = time.process_time() - start
            slowest = max(slowest, seconds)
            if seconds > LONGEST:
                problems.append(f"{number}: {seconds:.2f} s")
    return found, problems, slowest


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found, problems, slowest = run(int(sys.argv[1]), int(sys.argv[2]))
    print(dict(found), f"slowest {slowest:.3f} s", *problems[:20], sep="\n")
    sys.exit(bool(problems))
