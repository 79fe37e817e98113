"""Compiled batches of loops over small arrays: each entry has the result that it has alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr


def rotation(carry: Any) -> Any:
    step, x, y = carry
    both = np.stack([x, y])
    turned = np.concatenate([both[1:], both[:1]]).T.reshape(2, 3)
    return step + 1, 0.9 * x + 0.1 * turned[0] * np.sum(y), np.where(y > 0.2, y * 0.8, y[::-1])


def nested(carry: Any) -> Any:
    step, x, y = carry
    y = cr.while_loop(lambda z: np.sum(z) < 3, lambda z: z + x[0] ** 2 + 0.1, y, 20)
    x = cr.cond(y[0] > 1, lambda x: x / y[0], lambda x: x * x + y, x)
    return step + 1, x, y - np.mean(y)


def stored(carry: Any) -> Any:
    step, x, y = carry
    y = np.where(np.arange(3) == step % 3, x, np.cumsum(y)) * 0.5
    return step + 1, x @ np.eye(3) + y[1], y


def broadcast(carry: Any) -> Any:
    step, x, y = carry
    table = x[:, None] * y[None, :2]
    return step + 1, np.sin(table.sum(axis=1)) + np.max(table), table.T[0] + x.astype(int)


BODIES: tuple[Callable[[Any], Any], ...] = (rotation, nested, stored, broadcast)


def test_entries_of_a_compiled_batch_have_the_results_that_they_have_alone() -> None:
    rng = np.random.default_rng(3)
    starts, counts = rng.normal(size=(5, 2, 3)), np.array([3, 0, 1, 4, 2])
    for body in BODIES:

        def run(start: Any, count: Any, body: Callable[[Any], Any] = body) -> Any:
            init = (0, start[0], start[1])
            return cr.while_loop(lambda carry: carry[0] < count, body, init, 6)

        found = cr.jit(cr.vmap(run))(starts, counts)
        gradient = cr.jit(cr.vmap(cr.grad(lambda s, n: np.sum(run(s, n)[1]))))(starts, counts)
        for i, (start, count) in enumerate(zip(starts, counts, strict=True)):
            alone = run(start, int(count))
            for batch, one in zip(found, alone, strict=True):
                np.testing.assert_allclose(batch[i], one, rtol=1e-12, err_msg=body.__name__)
            expected = cr.grad(lambda s: np.sum(run(s, count)[1]))(start)  # noqa: B023
            np.testing.assert_allclose(gradient[i], expected, rtol=1e-9, atol=1e-12)
