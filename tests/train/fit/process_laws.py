"""Laws of training in a separate process, each a function; run with the name of one.

Failures of laws on forks, interrupts and memory would end, hang or fill the process of the tests.
"""

import hashlib
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.train.network import model_of

PATIENCE = 600
DRAW = np.random.default_rng(0)
X, Y = DRAW.random((512, 300), np.float32), DRAW.integers(0, 10, 512)


def network(**settings):
    """Return a network that is large enough for several threads."""
    net = cr.Network([nn.Dense(256, activation="relu"), nn.Dense(10)], seed=0)
    net.compile(loss="cross_entropy", **{"optimizer": "adam", **settings})
    return net


def tiny():
    """Return a network whose steps take less than a microsecond."""
    net = cr.Network([nn.Dense(3, activation="tanh"), nn.Dense(1)], seed=0)
    net.compile(loss="mse", optimizer="sgd", learning_rate=0.01)
    return net


def digest(net):
    return hashlib.sha256(b"".join(net.params[name].tobytes() for name in net.params)).hexdigest()


def trained(net, epochs=3, **settings):
    net.fit(X, Y, epochs=epochs, batch_size=64, verbose=0, **settings)
    return net


def answer(queue):
    queue.put(digest(trained(network())))


def in_child(work):
    """Fork; return the exit code of the child, which ends when `work` has returned True."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)  # a child that hangs has failed
        os._exit(0 if work() else 3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def processes():
    """Processes forked and spawned by multiprocessing train to the same bits."""
    expected = digest(trained(network()))
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=answer, args=(queue,), daemon=True)
        process.start()
        assert queue.get(timeout=PATIENCE) == expected, method
        process.join()


def forks():
    """A forked child continues training the same network, and so does its parent."""
    expected = digest(trained(network()))
    net = trained(network(), epochs=1)
    assert in_child(lambda: digest(trained(net, epochs=2)) == expected) == 0
    assert digest(trained(net, epochs=2)) == expected


def forks_while_training():
    """A child forked while another thread trains can train, also the network of that thread."""
    expected = digest(trained(network()))
    net, stopped = trained(network(), epochs=1), threading.Event()
    stop = [lambda net, epoch, logs: stopped.is_set()]
    thread = threading.Thread(target=trained, args=(net, 10**6), kwargs={"callbacks": stop})
    thread.start()

    def work():
        trained(net, epochs=2)
        return digest(trained(network())) == expected

    for _ in range(3):
        time.sleep(0.05)
        assert in_child(work) == 0
    stopped.set()
    thread.join()


def interrupts():
    """Ctrl-C at any time leaves the parameters of a finished step."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    inputs, targets = cr.datasets.xor()
    chance = random.Random(0)
    for make, data in ((tiny, (inputs, targets)), (network, (X, Y))):
        make().fit(*data, batch_size=None, verbose=0)
        for _ in range(6):
            net, interrupted = make(), False
            threading.Timer(chance.uniform(0.02, 0.3), signal.raise_signal, [signal.SIGINT]).start()
            try:
                net.fit(*data, epochs=10**9, batch_size=None, verbose=0)
            except KeyboardInterrupt:
                interrupted = True
            assert interrupted
            # An epoch is one step here.
            if steps := model_of(net).counter.steps:
                other = make()
                other.fit(*data, epochs=steps, batch_size=None, verbose=0)
                assert digest(net) == digest(other), steps


def memory():
    """Memory does not grow with the epochs."""
    cases = [
        (tiny(), cr.datasets.xor(), {"batch_size": 1}),
        (tiny(), cr.datasets.xor(), {"batch_size": 1, "callbacks": [lambda *_: None]}),
        (network(metrics=["accuracy"]), (X, Y), {"batch_size": 100}),
    ]
    for net, data, settings in cases:
        net.fit(*data, epochs=100, verbose=0, **settings)
        before = resident()
        for _ in range(3):
            net.fit(*data, epochs=100, verbose=0, **settings)
        assert resident() - before < 2**20, (resident() - before, settings)


def shapes():
    """Programs of many shapes are evicted from the cache, machine code included."""
    function = cr.jit(lambda x: np.sum(np.tanh(x) * x))
    marks = []
    for length in range(1, 361):
        function(np.ones(length))
        if length in (160, 360):
            marks.append((resident(), code()))
    # 128 programs are cached, and so are those that share a linker with one of them.
    assert marks[1][0] - marks[0][0] < 3 * 2**20, marks
    assert marks[1][1] - marks[0][1] < 2**20, marks


def resident():
    """Return the resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def code():
    """Return the anonymous executable memory in bytes."""
    total = 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        extent, rights, _, _, _, *name = line.split()
        if "x" in rights and not name:
            first, end = (int(part, 16) for part in extent.split("-"))
            total += end - first
    return total


if __name__ == "__main__":
    globals()[sys.argv[1]]()
