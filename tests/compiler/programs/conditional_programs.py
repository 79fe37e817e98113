"""Programs with loops that end by a condition, in arithmetic that NumPy rounds alike."""

import numpy as np

import chainrule as cr

RNG = np.random.default_rng(0)


def integers(*shape, dtype="float64"):
    """Small integers: their sums and products are exact, in any order."""
    return RNG.integers(-3, 4, shape).astype(dtype)


def newton(a):
    return cr.while_loop(lambda x: abs(x * x - a) > 1e-12 * a, lambda x: 0.5 * (x + a / x), a)


def collatz(n):
    def step(carry):
        n, count = carry
        return np.where(n % 2 == 0, n // 2, 3 * n + 1), count + 1

    return cr.while_loop(lambda carry: carry[0] != 1, step, (n, np.int64(0)))


def fibonacci(n):
    init = np.int64(0), np.int64(1), np.int64(0)
    return cr.while_loop(lambda c: c[2] < n, lambda c: (c[1], c[0] + c[1], c[2] + 1), init)


def bisection(low, high):
    def step(ends):
        low, high = ends
        middle = (low + high) / 2
        is_below = middle * middle < 2.0
        return np.where(is_below, middle, low), np.where(is_below, high, middle)

    return cr.while_loop(lambda ends: ends[1] - ends[0] > 1e-10, step, (low, high))


def power_iteration(matrix, x):
    """A kernel in every iteration, and a condition on all rows; it ends by the steps."""

    def step(carry):
        return (matrix @ carry[0]) % 8, carry[1] + 1

    return cr.while_loop(lambda c: np.max(c[0]) < 1e9, step, (x, np.int64(0)), max_steps=5)


def elementwise(x):
    def step(carry):
        x, steps = carry
        return x * 1.25 + 0.5, steps + 1

    return cr.while_loop(lambda c: np.max(abs(c[0]), initial=0.0) + c[1] < 30, step, (x, 0.0))


def first_false(x):
    return cr.while_loop(lambda x: np.sum(x) > 1e9, lambda x: 2 * x, x)


def no_steps(x):
    return cr.while_loop(lambda x: np.sum(x) < 1e9, lambda x: 2 * x, x, max_steps=0)


def few_steps(x):
    return cr.while_loop(lambda x: np.sum(x) < 1e9, lambda x: 2 * x, x, max_steps=3)


def countless_steps(x):
    """As many steps as an integer counts."""
    return cr.while_loop(lambda x: x < 9, lambda x: 2 * x, x, max_steps=2**63 - 1)


def while_in_scan(xs):
    def step(total, x):
        root, count = cr.while_loop(
            lambda c: c[0] < 100.0, lambda c: (c[0] * 1.5 + abs(x), c[1] + 1), (1.0, np.int64(0))
        )
        return total + root, (root, count)

    return cr.scan(step, 0.0, xs)


def scan_in_while(xs):
    def step(total):
        return cr.scan(lambda c, x: (c * 1.25 + x * x, None), total, xs)[0] + 1.0

    return cr.while_loop(lambda total: total < 500.0, step, 0.0)


def while_in_while(x):
    def step(carry):
        x, i = carry
        inner = cr.while_loop(lambda c: c[1] < i, lambda c: (c[0] * 1.5 + i, c[1] + 1), (x, 0))
        return inner[0], i + 1

    return cr.while_loop(lambda c: c[1] < 5, step, (x, 0))


def cond_in_while(x):
    def step(carry):
        x, i = carry
        y = cr.cond(i % 3 == 0, lambda x: 1.0 / x, lambda x: x * 1.25 + 0.125, x)
        return y, i + 1

    return cr.while_loop(lambda c: c[1] < 20, step, (x, 0))


def cond_in_scan(tests, x):
    def step(x, test):
        return cr.cond(test, lambda x: (2 * x - 1, x[0]), lambda x: (abs(x) % 5, np.max(x)), x)

    return cr.scan(step, x, tests)


def swapped_in_branches(tests, x):
    """Carries that one branch exchanges, and the other one reverses in part, in place."""

    def step(pair, test):
        exchange, reverse = lambda a, b: (b, a), lambda a, b: (a + b, b[::-1])
        return cr.cond(test, exchange, reverse, *pair), None

    return cr.scan(step, (x, 2 * x), tests)[0]


def kept_or_moved(tests, x):
    """A branch that changes nothing."""
    move = lambda x: 2 * x - np.max(x)  # noqa: E731
    return cr.scan(lambda x, test: (cr.cond(test, move, lambda x: x, x), None), x, tests)[0]


def cond_with_kernels(test, a, b):
    return cr.cond(test, lambda: (a @ b, np.max(a)), lambda: (abs(b) @ a, np.max(b)))


def cond_with_boolean(test, flag):
    return cr.cond(test, lambda: (flag, test), lambda: (test, ~flag))


def cond_of_cond(x):
    def small():
        return cr.cond(x < -1, lambda: -x, lambda: x * x)

    return cr.cond(x < 1, small, lambda: 2 * x)


def stored_rows(n):
    """An array that is updated in place, by an index that is computed."""

    def step(carry):
        rows, i = carry
        rows = rows.copy()
        rows[i] = np.arange(3.0) * i
        return rows, i + 1

    return cr.while_loop(lambda c: c[1] < n, step, (np.zeros((10, 3)), np.int64(0)))


def linked_list(following):
    """It ends by a gathered value."""
    step = lambda c: (following[c[0]], c[1] + 1)  # noqa: E731
    return cr.while_loop(lambda c: following[c[0]] >= 0, step, (np.int64(0), np.int64(0)))


def branch_not_taken(i, x):
    return cr.cond(i < 5, lambda: x[i], lambda: np.sum(x))


VECTORS = [0, 1, 7, 1000, 60_000]

PROGRAMS = [
    (newton, np.float64(7.0)),
    (collatz, np.int64(27)),
    (fibonacci, np.int64(50)),
    (bisection, np.float64(1.0), np.float64(2.0)),
    (power_iteration, integers(120, 120), integers(120)),
    (power_iteration, integers(200, 200, dtype="float32"), integers(200, 40, dtype="float32")),
    *((elementwise, integers(size)) for size in VECTORS),
    *((first_false, integers(size)) for size in VECTORS),
    *((few_steps, integers(size)) for size in VECTORS),
    (no_steps, integers(5)),
    (countless_steps, np.float64(1.0)),
    (while_in_scan, integers(9)),
    (scan_in_while, integers(9) + 1),
    (while_in_while, integers(50_000)),
    (cond_in_while, integers(33) + 0.5),
    (cond_in_scan, RNG.integers(0, 2, 6) == 1, integers(40_000)),
    (swapped_in_branches, RNG.integers(0, 2, 6) == 1, integers(40)),
    (kept_or_moved, RNG.integers(0, 2, 6) == 1, integers(40_000)),
    *((cond_with_kernels, np.bool_(x), integers(150, 150), integers(150, 150)) for x in (0, 1)),
    *((cond_with_boolean, np.bool_(x), np.bool_(y)) for x in (0, 1) for y in (0, 1)),
    *((cond_of_cond, np.float64(x)) for x in (-2, 0, 2)),
    (stored_rows, np.int64(6)),
    (linked_list, np.array([3, 4, -1, 1, 2])),
    (branch_not_taken, np.int64(77), integers(5)),
]
"""A function, then its arguments."""
