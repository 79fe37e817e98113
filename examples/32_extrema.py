"""The extrema of a polynomial on a closed interval: the school method, exact.

Where f′ is zero the graph is level; the sign of f″ tells a maximum from a minimum, and where f″ is
zero too, the next derivative decides. The ends of the interval have to be looked at as well.
`science.extrema` derives f′, f″ and the higher ones, and finds all zeros of f′.

Run it with ``python examples/32_extrema.py``. It prints::

    x   f(x)  kind        by
    -1  -10   minimum     left end
    0   1     inflection  derivative 3 = 30
    1   2     maximum     f″ = -10
    2   -7    minimum     right end
    least: -10 at x = -1
    greatest: 2 at x = 1

    the kinds, from left to right: minimum, inflection, maximum, minimum
    by hand, f′ is 5x⁴ − 20x³ + 15x²; where the table has zeros, it is 0.0 0.0
"""

from chainrule import science


def f(x):
    return x**5 - 5 * x**4 + 5 * x**3 + 1


found = science.extrema(f, -1, 2)
print(found)
print("\nthe kinds, from left to right:", ", ".join(point.kind for point in found))

zeros = [point.x for point in found[1:-1]]
by_hand = [5 * x**4 - 20 * x**3 + 15 * x**2 for x in zeros]
print("by hand, f′ is 5x⁴ − 20x³ + 15x²; where the table has zeros, it is", *by_hand)
