"""What a callback costs: a step of 784-100-10 without one, and with callbacks that read little.

``chainrule-idle`` has a callback that defines nothing; its steps are those of ``chainrule``, many
in one native call. ``chainrule-loss`` reads the loss after each step and ``chainrule-bias`` a bias
of the network, so that each step is a call of its own. The networks take turns, repetition by
repetition, and end with the same loss.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workloads.w4_mnist import synthetic

__all__ = ["BENCHMARKS", "READS", "callback_of"]

SAMPLES, BATCH_SIZE, EPOCHS = 6400, 64, 3

READS = {
    "chainrule": None,
    "chainrule-idle": None,
    "chainrule-loss": lambda net, step, logs: logs["loss"],
    "chainrule-bias": lambda net, step, logs: float(net.params["dense_1.bias"][0]),
}
"""What each contestant reads after a step."""


def callback_of(contestant: str) -> Any:
    """Return the argument ``callbacks`` of a contestant."""
    import chainrule as cr

    if contestant == "chainrule":
        return None
    read = READS[contestant]
    return cr.Callback() if read is None else cr.LambdaCallback(on_step_end=read)


def start(contestant: str, _scratch: Path) -> Session:
    """Build the network and train it once, so that compilation is not timed."""
    import chainrule as cr

    data = synthetic(SAMPLES)
    net = cr.Network([cr.nn.Dense(100, activation="relu"), cr.nn.Dense(10)], seed=0)
    net(data.x[:1])
    initial, fit = net.params.copy(), partial(net.fit, data.x, data.y, batch_size=BATCH_SIZE)
    net.compile("cross_entropy", optimizer="adam")
    train = partial(fit, epochs=EPOCHS, verbose=0, callbacks=callback_of(contestant))
    train()

    def repeat() -> Figure:
        net.params.update(initial)
        net.compile("cross_entropy", optimizer="adam")
        fit(epochs=1, verbose=0)  # compiled programs are made anew
        begin = time.perf_counter()
        history = train()
        seconds = time.perf_counter() - begin
        steps = EPOCHS * -(-SAMPLES // BATCH_SIZE)
        return Figure(seconds / steps, float(np.float32(history["loss"][-1])))

    return Session(repeat, data.name)


BENCHMARKS = (
    Benchmark(
        name="callbacks",
        title="a step of 784-100-10 ReLU, batch 64, Adam, with a callback",
        quantity=Quantity("µs a step", 1e6),
        contestants=tuple(READS),
        start=start,
    ),
)
