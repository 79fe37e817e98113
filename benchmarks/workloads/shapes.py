"""Dense networks of shapes that no constant was chosen for: a batch of 100, and wide with Adam.

Many classes are in `growth`.
"""

from dataclasses import replace
from functools import partial

from benchmarks.training import training
from benchmarks.workloads import growth, w5_wide

__all__ = ["BENCHMARKS", "SHAPES"]

TITLE = "{} ReLU, batch {}, {}"

SHAPES = tuple(
    replace(
        w5_wide.WORKLOAD,
        name="shape-" + "-".join(map(str, sizes)),
        title=TITLE.format("-".join(map(str, sizes)), batch_size, optimizer),
        sizes=sizes,
        samples=samples,
        batch_size=batch_size,
        learning_rate=rate,
        load=partial(growth.random_rows, samples, sizes[0], sizes[-1]),
        gradients=growth.gradients,
        shuffle=optimizer == "sgd",  # Adam's loss on random labels depends on the order
        optimizer=optimizer,
    )
    for sizes, batch_size, samples, optimizer, rate in (
        ((784, 128, 64, 10), 100, 20_000, "sgd", 0.01),
        ((512, 768, 768, 20), 192, 3840, "adam", 0.001),
    )
)

BENCHMARKS = tuple(replace(training(each), on_request=True) for each in SHAPES)
