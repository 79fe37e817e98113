"""Laws of writers under errors and kills at each call of the system, for networks and runs."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import nn
from tests.storage import system_faults as faults

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


@dataclass(frozen=True)
class Writer:
    """Writes a network into a file, and returns its weights from there, None for no such file."""

    write: Callable[[cr.Network, Path], object]
    read: Callable[[Path], bytes]


def read_archive(path):
    with np.load(io.BytesIO(path.read_bytes())) as arrays:
        return arrays["weight"].tobytes()


WRITERS = {
    "net.save": Writer(
        lambda net, path: net.save(path),
        lambda path: cr.load(path).params["dense.weight"].tobytes(),
    ),
    "np.savez": Writer(
        lambda net, path: np.savez(path, weight=net.params["dense.weight"]), read_archive
    ),
}
"""What a network is saved by, and a writer that replaces the content of a file in place."""


def network(seed=0):
    net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dropout(0.2), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", "adam", metrics=["accuracy"])
    return net


def built(seed):
    net = network(seed)
    net(X)
    return net


def trained(folder=None, epochs=2):
    """Train; return a digest of weights and history."""
    net = network()
    checkpoint = None if folder is None else cr.Checkpoint(folder, every="4 steps", keep=2)
    net.fit(X, Y, epochs=epochs, batch_size=8, checkpoint=checkpoint, verbose=0)
    digest = hashlib.sha256(b"".join(net.params[name].tobytes() for name in net.params))
    columns = {name: each for name, each in net.history.items() if name != "seconds"}
    digest.update(repr(columns).encode())
    return digest.hexdigest()


def broken_saves(writer, path, log, is_killed, stride=1):
    """Let each call of a save fail, or be the last; return where a law of writers was broken.

    The laws: the file has the old content or the new one, the new one if no error was raised; an
    error names the file and its cause; the next save leaves nothing else.
    """
    old, new = built(1), built(2)

    def work():
        writer.write(new, path)
        return ""

    writer.write(old, path)
    before = writer.read(path)
    broken = []
    for number, call in enumerate(faults.calls(work, path.parent, log)[::stride]):
        errors = faults.ERRORS[call.name]
        error = errors[number % len(errors)]
        writer.write(old, path)
        outcome = faults.killed(work, call) if is_killed else faults.failing(work, call, error)
        problem = problem_of_save(writer, path, outcome, before, new, error)
        if problem:
            broken.append(f"{call.name} {call.number} {error}: {problem}: {outcome}")
    return broken


def problem_of_save(writer, path, outcome, before, new, error):
    """Return which law a save has broken; empty if none."""
    expected = new.params["dense.weight"].tobytes()
    try:
        found = writer.read(path)
    except Exception as problem:  # noqa: BLE001 - of any library
        return f"lost: {problem}"
    if found not in (before, expected) or (outcome.code == 0 and found != expected):
        return "other content"
    if outcome.code == 1 and not (
        f"|{path}|" in outcome.text
        and f"cannot write this file: {faults.words(error)}; " in outcome.text
    ):
        return "not told"
    writer.write(new, path)
    return "" if os.listdir(path.parent) == [path.name] else "files are left"


def broken_runs(folder, log, is_killed, stride=1, first=0, every_error=False):
    """Let each call of a training with checkpoints fail, or be the last, and resume it.

    The laws: the resumed training has the bits of the unbroken one, and nothing but checkpoints is
    left; an error names a file of the run and its cause.
    """
    expected, broken = trained(), []
    assert trained(folder.with_name("first")) == expected  # imports what the children need
    clear(folder.with_name("first"))
    calls = faults.calls(lambda: trained(folder), folder, log)
    for number, call in enumerate(calls[first::stride]):
        errors = faults.ERRORS[call.name]
        chosen = errors if every_error else [errors[number % len(errors)]]
        for error in ["KILL"] if is_killed else chosen:
            problem = problem_of_run(folder, call, error, expected)
            if problem:
                broken.append(f"{call.name} {call.number} {error}: {problem}")
    return len(calls), broken


def clear(folder):
    """Remove a folder, if there is one."""
    if folder.exists():
        shutil.rmtree(folder)


def problem_of_run(folder, call, error, expected):
    """Return which law a training with a fault has broken; empty if none."""
    clear(folder)

    def work():
        return trained(folder)

    if error == "KILL":
        outcome = faults.killed(work, call)
    else:
        outcome = faults.failing(work, call, error)
        is_told = f"|{folder}" in outcome.text and "cannot " in outcome.text
        is_told = (is_told and faults.words(error) in outcome.text) or "read-only" in outcome.text
        if outcome.text != expected if outcome.code == 0 else not is_told:
            return f"not told: {outcome}"
    resumed = faults.forked(work)
    if resumed.text != expected:
        return f"not resumed: {resumed}"
    names = {each.name[:11] for each in folder.iterdir()}
    return "" if names == {"checkpoint-"} else f"left: {names}"
