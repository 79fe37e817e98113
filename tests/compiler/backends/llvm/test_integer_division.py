"""Division of integers by constants: powers of two are shifts, which round down as NumPy does."""

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "uint64"])
def test_quotients_and_remainders_of_integers_are_those_of_numpy(in_child, dtype):
    limits = np.iinfo(dtype)
    ends = np.array([limits.min, limits.min + 1, limits.max - 1, limits.max], dtype)
    x = np.concatenate([ends, np.arange(-9, 10).astype(dtype)])
    divisors = [np.array(d, dtype) for d in (1, 2, 4, 64, limits.max // 2 + 1, 3, limits.max)]
    divisors += [np.array(d, dtype) for d in (-1, -2, limits.min) if limits.min]

    def check():
        def divided(x):
            return [(x // d, x % d) for d in divisors]

        for values in (x, x[0], x[-1]):
            with np.errstate(over="ignore"):  # the least integer over -1 wraps around
                expected = divided(np.asarray(values))
            for pair, others in zip(cr.jit(divided)(values), expected, strict=True):
                assert all(map(np.array_equal, pair, others))

    in_child(check)
