"""Mutations of model files: each must load, or end in FormatError, quickly and in little memory.

What is loaded must predict, be evaluated and be trained, or raise one of the library's own errors;
a checkpoint must be resumed, or refused as of another run.

``python -m tests.train.files.fuzz_model_files COUNT SEED [FOLDER]`` prints what it found and exits
with 1 if anything else was raised, or loading took longer than `LONGEST` seconds; what was so is
kept in the folder.
"""

import json
import math
import random
import resource
import shutil
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
from chainrule.errors import ChainruleError, FormatError
from chainrule.train.files.checksum import checksum
from chainrule.train.network import model_of
from tests.train.files.model_file_corpus import CUSTOM, corpus, train

LONGEST = 0.5
MEMORY = 3 * 2**30
KEPT = None
MARK = "Mark" * 60
VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 7, 10**7, 2**31, 2**53, 2**62, 2**63, 2**64, 10**30,
    -(10**9),
    0.5, -0.5, 1e308, 1e-320, "", "3", "1e3", "relu", "softmax", "mse", "dense", "__class__",
    "../../etc/passwd", "a\nb", "a\0b", "é" * 50, MARK, [], [[]], {}, [1, 2], [10**6] * 3,
    {"layer": "dense", "config": {"units": 3}}, {"function": "eval"}, {"kind": "Adam"},
    {"array": "attribute:0"}, {"array": "training:0"}, {"list": [1]}, {"dict": [[[], 1]]},
    {"samples": 1}, {"one": 1, "samples": 2}, {"float": "nan"}, "add", "f32", "i64",
    ["add", [0, 0], {}],
]  # fmt: skip
RAW = ["NaN", "Infinity", "1e999", "-1e999", "9" * 400, "[" * 3000 + "]" * 3000, '{"a":1,"a":2}']


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


def chosen(draw, description):
    """Return a path: of any value, or of one reached by a choice at each level.

    Most values are those of programs; the second way also reaches the few of a small entry.
    """
    if draw.random() < 0.5:
        return draw.choice(places(description)[1:])
    path, value = (), description
    while isinstance(value, dict | list) and value and (not path or draw.random() < 0.9):
        key = draw.choice([*value] if isinstance(value, dict) else range(len(value)))
        path, value = (*path, key), value[key]
    return path


def at(value, path):
    for key in path:
        value = value[key]
    return value


def change_description(draw, description):
    path = chosen(draw, description)
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
    action = draw.randrange(9)
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
    elif action >= 6:
        value = draw.choice([math.nan, math.inf, -1, 0, 1, 7, 1e30, -(2**31), 2**62])
        with np.errstate(all="ignore"):
            changed = np.array(array)
            changed.reshape(-1)[: draw.choice([1, 3, 10**6])] = np.array(value).astype(array.dtype)
        tensors[name] = changed


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


def use(model, X, y):
    """Predict and train a little, if that is little work: only the library's own errors."""
    if isinstance(model, cr.RBM):
        model.transform(X)
        model.fit(X, verbose=0)
        return
    shapes = [each[1:] for each in model_of(model).output_shapes]
    if any(math.prod(n or 1 for n in each) > 10**5 for each in shapes):
        return
    model.predict(X)
    if model.loss is not None:
        model.evaluate(X, y)
        model.fit(X, y, verbose=0)


def read(path, case):
    """Load a file, or resume the run of a checkpoint; then use what was loaded."""
    _, X, y = case
    start = time.process_time()
    model = cr.load(path, custom=CUSTOM)
    seconds = time.process_time() - start
    try:
        use(model, X, y)
    except ChainruleError:
        return "loaded, then refused", seconds
    return "loaded", seconds


def resume(path, case, folder):
    """Let a call of `fit` go on from a checkpoint, which it may refuse as of another run."""
    _, X, y = case
    run = path.parent / "run"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir()
    shutil.copy(path, run / Path(case[0]).name)
    net = None if y is None else cr.load(folder / case[0])
    if net is not None:
        model_of(net).restart(model_of(net).compile_arguments)
    try:
        train(net, X, y, run, epochs=3)
    except ChainruleError:
        return "not resumed"
    return "resumed"


def run(count, seed):
    """Load mutated files; return what became of them, problems, and the slowest."""
    draw, found, problems, slowest = random.Random(seed), Counter(), [], 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = corpus(folder)
        path = folder / "mutated.safetensors"
        for number in range(count):
            case = draw.choice(cases)
            try:
                content = mutated(draw, (folder / case[0]).read_bytes(), folder)
            except (OverflowError, RecursionError, ValueError):
                continue  # not to be written
            path.write_bytes(content)
            start, seconds = time.process_time(), None
            try:
                kind, seconds = read(path, case)
                found[kind] += 1
                if "/" in case[0]:
                    found[resume(path, case, folder)] += 1
            except FormatError as error:
                found["refused"] += 1
                if "MarkMark" * 13 in str(error) or len(str(error)) > 600:
                    problems.append(f"{number}: a message of {len(str(error))} characters: {error}")
                if not str(error).isprintable():
                    problems.append(f"{number}: a message that is not printable: {error!r}")
            except Exception as error:  # noqa: BLE001 (what is looked for)
                problems.append(f"{number}: {case[0]}: {type(error).__name__}: {error}")
                if KEPT is not None:
                    shutil.copy(path, KEPT / f"{seed}-{number}-{case[0].replace('/', '_')}")
            seconds = time.process_time() - start if seconds is None else seconds
            slowest = max(slowest, seconds)
            if seconds > LONGEST:
                problems.append(f"{number}: {seconds:.2f} s")
    return found, problems, slowest


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    KEPT = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    found, problems, slowest = run(int(sys.argv[1]), int(sys.argv[2]))
    print(dict(found), f"slowest {slowest:.3f} s", *problems[:50], sep="\n")
    sys.exit(bool(problems))
