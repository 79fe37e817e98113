"""Functions that take functions: map, filter, reduce and sorted, on lists, streams and arrays.

A `Pipeline` has Python's four for data that need not fit into memory. On arrays they have
counterparts that are traced, so that they can be differentiated and compiled::

    list(map(f, xs))             pipe.map(f)             cr.vmap(f)(xs)
    list(filter(test, xs))       pipe.filter(test)       np.where(test(xs), xs, 0), of known shape
    reduce(f, xs, start)         pipe.reduce(f, start)   cr.scan(f, start, xs)
    sorted(xs, key=key)          pipe.sorted(key=key)    xs[np.argsort(cr.vmap(key)(xs))]

Run it with ``python examples/34_functions_that_take_functions.py``. It prints::

                                 list   pipeline      array
    squares                       285        285        285
    of the even ones              120        120        120
    Horner's rule at 2           4097       4097       4097
    farthest from 4 first           9          9          9

    derivative of Horner's rule at 2: 18432
    on 1,000,000 numbers, compiled and in Python:
        map and filter: at least twice as fast
        reduce: at least twice as fast
"""

import timeit
from functools import reduce

import numpy as np

import chainrule as cr
from chainrule import data

COEFFICIENTS = [8, 0, 0, 0, 0, 0, 0, 0, 0, 1]  # of 8 x⁹ + 1


square, is_even, distance = lambda x: x * x, lambda x: x % 2 == 0, lambda x: -abs(x - 4)


def horner(x):
    """Return one step of Horner's rule at x: the function that `reduce` and `scan` take."""
    return lambda value, coefficient: value * x + coefficient


def polynomial(x, coefficients):
    """Evaluate a polynomial: a scan whose step returns the carry, and no output."""
    step = horner(x)
    return cr.scan(lambda value, c: (step(value, c), None), x * 0, coefficients)[0]


def row(name, *values):
    print(f"{name:26}{values[0]!s:>7}{values[1]!s:>11}{values[2]!s:>11}")


def seconds(function):
    """Return the shortest time of three calls, after a first one that compiles."""
    function()
    return min(timeit.repeat(function, number=1, repeat=3))


def report(name, compiled, interpreted):
    """Print whether compiled code takes less than half the time."""
    ratio = seconds(interpreted) / seconds(compiled)
    print(f"    {name}:", "at least twice as fast" if ratio > 2 else f"{ratio:.1f} times as fast")


def main():
    numbers = list(range(10))
    pipe, array = data.Pipeline(numbers), np.arange(10)
    coefficients = np.array(COEFFICIENTS, float)
    row("", "list", "pipeline", "array")
    row("squares", sum(map(square, numbers)), sum(pipe.map(square)), sum(cr.vmap(square)(array)))
    of_even = sum(map(square, filter(is_even, numbers)))
    kept = np.where(is_even(array), square(array), 0)
    row("of the even ones", of_even, sum(pipe.filter(is_even).map(square)), sum(kept))
    by_pipeline = data.Pipeline(COEFFICIENTS).reduce(horner(2), 0)
    by_scan = int(polynomial(2.0, coefficients))
    row("Horner's rule at 2", reduce(horner(2), COEFFICIENTS, 0), by_pipeline, by_scan)
    order = np.argsort(cr.vmap(distance)(array))
    first, *_ = pipe.sorted(key=distance)
    row("farthest from 4 first", sorted(numbers, key=distance)[0], first, array[order][0])

    derivative = cr.grad(polynomial)(2.0, coefficients)
    print(f"\nderivative of Horner's rule at 2: {derivative:.0f}")

    many = np.arange(1e6)
    listed = many.tolist()
    even_squares = cr.jit(lambda x: np.where(is_even(x), square(x), 0).sum())
    evaluate = cr.jit(polynomial)
    print("on 1,000,000 numbers, compiled and in Python:")
    report("map and filter", lambda: even_squares(many),
           lambda: sum(map(square, filter(is_even, listed))))  # fmt: skip
    report("reduce", lambda: evaluate(0.5, many), lambda: reduce(horner(0.5), listed, 0.0))


if __name__ == "__main__":
    main()
