"""Trainings that are killed at random instants, and resumed: each must end as the unbroken one.

Run in the root of the repository: ``python -m tests.train.fit.fuzz_kills KILLS SEED``. It kills in
turn trainings of whole epochs in one call, with callbacks, of a Boltzmann machine, and on one
thread and two; prints how many kills each kind took, and ends with 1 if weights, history, a log or
the files that are left differ. ``test_checkpoints`` does a part of it.
"""

import csv
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import nn, optim

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(203, 5)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
EPOCHS = 60


def digest_of(net):
    digest = hashlib.sha256(b"".join(net.params[name].tobytes() for name in net.params))
    columns = {name: each for name, each in net.history.items() if name != "seconds"}
    digest.update(repr(columns).encode())
    return digest.hexdigest()


def network(optimizer="adam"):
    layers = [nn.Dense(64, activation="relu"), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)]
    net = cr.Network(layers, seed=3)
    net.compile("cross_entropy", optimizer, metrics=["accuracy"])
    return net


def plain(folder, checkpoint):
    net = network()
    net.fit(X, Y, epochs=10 * EPOCHS, batch_size=50, checkpoint=checkpoint, verbose=0)
    return digest_of(net)


def observed(folder, checkpoint):
    net = network(optim.SGD(0.1, momentum=0.9))
    log = folder.with_suffix(".csv")
    callbacks = [
        lambda net, epoch, logs: logs.update(double=2 * logs["loss"]),
        cr.ReduceOnPlateau(patience=1, factor=0.7),
        cr.EarlyStopping(patience=40),
        cr.CSVLog(log),
    ]
    net.fit(
        X, Y, epochs=EPOCHS, batch_size=50, validation_split=0.2, callbacks=callbacks,
        checkpoint=checkpoint, verbose=0,
    )  # fmt: skip
    with log.open() as file:
        rows = [row | {"seconds": ""} for row in csv.DictReader(file)]
    return digest_of(net) + hashlib.sha256(repr(rows).encode()).hexdigest()


def machine(folder, checkpoint):
    rbm = cr.RBM(6, persistent=True, batch_size=50, seed=1)
    rbm.fit(np.abs(np.sign(X)), epochs=3 * EPOCHS, checkpoint=checkpoint, verbose=0)
    return digest_of(rbm)


def threads(folder, checkpoint):
    if checkpoint is not None:  # another number each time
        cr.set_num_threads(1 + time.time_ns() // 1000 % 2)
    return plain(folder, checkpoint)


KINDS = {"plain": plain, "observed": observed, "machine": machine, "threads": threads}
INTERVALS = ["1 step", "3 steps", "7 steps", "2 epochs", "0.01 s"]


def newest(folder):
    """Return the number of steps of the newest checkpoint, -1 without one."""
    return max((int(each.stem[-12:]) for each in folder.glob("checkpoint-*")), default=-1)


def kill(child, folder, generator):
    """Kill a child: as it begins, or some milliseconds after a later checkpoint is there."""
    at = newest(folder) + generator.choice([0, 1, 1, 5, 50])
    deadline = time.monotonic() + 20
    while newest(folder) < at and time.monotonic() < deadline:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.0005)
    time.sleep(generator.choice([0.0, 0.003, 0.05]) * generator.random())
    os.kill(child, signal.SIGKILL)


def broken(kind, expected, generator, limit):
    """Train with kills until a child ends; return how many there were, and what is wrong."""
    top = Path(tempfile.mkdtemp())
    folder, every = top / "run", generator.choice(INTERVALS)
    for kills in range(limit + 1):
        child = os.fork()
        if child == 0:
            try:
                text = KINDS[kind](folder, cr.Checkpoint(folder, every, keep=2))
                (top / "result").write_text(text)
                os._exit(0)
            except BaseException as error:  # noqa: BLE001 - of a child
                print(f"{kind} {every}: {type(error).__name__}: {error}", flush=True)
                os._exit(1)
        if kills < limit:
            kill(child, folder, generator)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL:
            break
    problems = [] if code == 0 else [f"{kind} {every}: exit code {code}"]
    if code == 0 and (top / "result").read_text() != expected:
        problems.append(f"{kind} {every}: other bits after {kills} kills")
    left = {each.name[:11] for each in folder.iterdir()}
    if left != {"checkpoint-"} or len(list(folder.iterdir())) > 3:
        problems.append(f"{kind} {every}: files are left: {sorted(os.listdir(folder))}")
    shutil.rmtree(top)
    return kills, problems


def main():
    total, seed = (int(each) for each in sys.argv[1:3])
    generator, problems, counts = random.Random(seed), [], dict.fromkeys(KINDS, 0)
    expected = {}
    for kind, train in KINDS.items():
        top = Path(tempfile.mkdtemp())
        expected[kind] = train(top / "run", None)
        train(top / "run", cr.Checkpoint(top / "run"))  # imports what the children need
        shutil.rmtree(top)
    while sum(counts.values()) < total:
        kind = min(counts, key=lambda each: counts[each])
        kills, found = broken(kind, expected[kind], generator, generator.randint(2, 8))
        counts[kind] += kills or 1
        problems += found
        print(f"kills: {counts}", *found, flush=True)
    print(f"{sum(counts.values())} kills; broken: {len(problems)}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
