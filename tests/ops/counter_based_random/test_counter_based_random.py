"""Random numbers from keys: frozen draws, distributions, tracing, derivatives, refusals."""

import random as python_random
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import random

KEY = random.key(2026)

FROZEN = [
    (random.split(KEY), [[2203485558, 3012369196], [974334007, 1354131521]]),
    (random.fold_in(KEY, 3), [3478894409, 1864492285]),
    (random.uniform(KEY, 3), [0.5714706114943453, 0.659019936205672, 0.7595686939174982]),
    (random.uniform(KEY, 2, "float32"), [0.5714705586433411, 0.09354168176651001]),
    (random.normal(KEY, 2), [0.07822202507979474, 0.6949336675393119]),
    (random.exponential(KEY, 2), [0.84739595868549, 1.0759312673539556]),
    (random.gumbel(KEY, 2), [0.5806362929038988, 0.8746654775055502]),
    (random.bernoulli(KEY, 0.5, 6), [False, False, False, True, True, True]),
    (random.randint(KEY, 6, 0, 100), [57, 65, 75, 17, 39, 27]),
    (random.permutation(KEY, 6), [3, 5, 4, 0, 1, 2]),
    (random.choice(KEY, 6, 4, replace=False), [2, 1, 0, 4]),
    (random.choice(KEY, 6, 4, p=[0, 1, 0, 1, 1, 1]), [1, 5, 5, 5]),
    (random.categorical(KEY, np.zeros(5), shape=6), [2, 3, 1, 2, 3, 1]),
]

DRAWS = {
    "uniform": lambda key: random.uniform(key, (3, 4), minval=-1, maxval=np.ones(4)),
    "single": lambda key: random.uniform(key, (3, 4), "float32"),
    "normal": lambda key: random.normal(key, loc=np.zeros(3), scale=2.0),
    "exponential": lambda key: random.exponential(key, (5,), scale=2),
    "bernoulli": lambda key: random.bernoulli(key, 0.3, (10,)),
    "randint": lambda key: random.randint(key, (2, 3), np.array([0, -9, 5]), 10, "int32"),
    "permutation": lambda key: random.permutation(key, np.arange(12.0).reshape(3, 4), axis=1),
    "choice": lambda key: random.choice(key, np.arange(5) ** 2, (2, 2), replace=False),
    "weighted": lambda key: random.choice(key, 5, 20, p=[0.1, 0.2, 0.0, 0.3, 0.4]),
    "categorical": lambda key: random.categorical(key, np.eye(3), axis=0, shape=(4, 3)),
    "split": lambda key: random.split(key, 3),
    "fold_in": lambda key: random.fold_in(key, key[0] % 5),
    "key": lambda key: random.key(key[0].astype(np.int64) * 2**31),
}


def test_draws_are_the_same_in_every_version() -> None:
    for drawn, expected in FROZEN:
        np.testing.assert_allclose(drawn, expected, rtol=1e-14, atol=0)


def test_draws_have_their_distribution() -> None:
    n = 40_000
    a, b, c, d = random.split(KEY, 4)
    x = np.sort(random.uniform(a, n))
    assert np.abs(x - (np.arange(n) + 0.5) / n).max() < 1.6 / np.sqrt(n)  # Kolmogorov, 1 in 100
    z = random.normal(b, n, loc=1.0, scale=3.0)
    moments = [np.mean(((z - 1) / 3) ** k) for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.1)
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.02
    np.testing.assert_allclose(np.mean(random.exponential(c, n, scale=2.0)), 2, rtol=0.03)
    p = np.array([0.1, 0.6, 0.3])
    for drawn in (random.choice(c, 3, n, p=p), random.categorical(d, np.log(p), shape=n)):
        np.testing.assert_allclose(np.bincount(drawn) / n, p, atol=0.01)
    np.testing.assert_allclose(np.bincount(random.randint(d, n, 0, 4)) / n, 0.25, atol=0.01)
    orders = np.array([random.permutation(key, 3) for key in random.split(d, 1200)])
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert abs(counts - 200).max() < 45


def test_a_key_can_be_an_argument_of_grad_and_of_compiled_functions() -> None:
    for name, draw in DRAWS.items():
        plain = draw(KEY)
        compiled = cr.jit(draw)(KEY)
        assert (compiled.dtype, compiled.shape) == (plain.dtype, plain.shape), name
        exact = 0 if name not in ("normal", "exponential") else 1e-14
        np.testing.assert_allclose(compiled, plain, rtol=exact, atol=exact)

        def weighted(w: Any, key: Any, draw: Any = draw) -> Any:
            return np.sum(w * draw(key))

        for derived in (cr.grad(weighted), cr.jit(cr.grad(weighted))):
            np.testing.assert_allclose(derived(1.0, KEY), np.sum(draw(KEY)), rtol=1e-12)


def test_draws_are_independent_of_the_number_of_threads() -> None:
    draw = cr.jit(lambda key: random.uniform(key, (300, 1000)))
    before = cr.get_num_threads()
    try:
        drawn = []
        for threads in (1, 2):
            cr.set_num_threads(threads)
            drawn.append(draw(KEY))
    finally:
        cr.set_num_threads(before)
    assert np.array_equal(*drawn)


def test_a_scan_carries_keys_and_scans_them() -> None:
    def walk(key: Any, x: Any) -> Any:
        key, own = random.split(key)
        return key, x + random.uniform(own)

    expected, key = [], KEY
    for x in range(3):
        key, y = walk(key, float(x))
        expected.append(y)

    def run(key: Any) -> Any:
        return cr.scan(walk, key, np.arange(3.0))

    for last, ys in (run(KEY), cr.jit(run)(KEY)):
        assert np.array_equal(last, key)
        assert np.array_equal(ys, expected)
    keys = random.split(KEY, 3)
    _, each = cr.scan(lambda c, key: (c, random.uniform(key, 2)), 0.0, keys)
    assert np.array_equal(each, [random.uniform(key, 2) for key in keys])


def test_draws_are_differentiable_in_the_parameters_of_their_distribution() -> None:
    z, u = random.normal(KEY, 5), random.uniform(KEY, 5)
    gradient = cr.grad(lambda m, s: np.sum(random.normal(KEY, 5, loc=m, scale=s)), argnums=(0, 1))
    np.testing.assert_allclose(gradient(0.5, 2.0), (5, z.sum()))
    gradient = cr.grad(lambda a, b: np.sum(random.uniform(KEY, 5, None, a, b)), argnums=(0, 1))
    np.testing.assert_allclose(gradient(0.5, 2.0), ((1 - u).sum(), u.sum()))
    loc = np.zeros(3, np.float32)
    assert random.normal(KEY, loc=loc).dtype == np.float32
    assert cr.grad(lambda m: random.normal(KEY, loc=m).sum())(loc).dtype == np.float32


def test_keys_and_seeds_of_networks_share_no_draws() -> None:
    drawn = [cr.nn.RandomStream(seed=2026).uniform((8,), "float64")]
    drawn += [random.uniform(key, 8) for key in (KEY, *random.split(KEY), random.fold_in(KEY, 0))]
    values = np.concatenate(drawn)
    assert len(np.unique(values)) == values.size


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: random.uniform(0), "key is 0; it must be a key, as from chainrule.random.key"),
        (lambda: random.uniform(np.random.default_rng(0)), "key is Generator"),
        (lambda: random.uniform(random.split(KEY)), "is 2 keys; give one of them, as in keys"),
        (lambda: random.uniform(KEY, 2.5), "shape is 2.5; it must be an integer or a tuple"),
        (lambda: random.uniform(KEY, -1), "shape is -1; it must be an integer or a tuple"),
        (lambda: random.uniform(KEY, size=3), "no argument `size`; here it is `shape`"),
        (lambda: random.normal(KEY, 3, loc=np.ones(4)), "cannot broadcast to shape="),
        (lambda: random.normal(KEY, loc=np.ones(3), scale=np.ones(4)), "cannot broadcast together"),
        (lambda: random.normal(KEY, loc=1j), "pass x.real and x.imag"),
        (lambda: random.normal(KEY, dtype="float16"), "must be float32 or float64"),
        (lambda: random.randint(KEY, 3, 0.5, 2), "minval is 0.5; it must be an integer"),
        (lambda: random.randint(KEY, 3, 5, 2), "maxval is 2; it must be greater than minval=5"),
        (lambda: random.randint(KEY, 3, 0, 2**60), "by 2\\*\\*52 at most"),
        (lambda: random.bernoulli(KEY, 1.5), "p is 1.5; it must be a probability"),
        (lambda: random.choice(KEY, 3, 5, replace=False), "cannot draw 5 of 3 entries"),
        (lambda: random.choice(KEY, 0), "an integer, 1 or more"),
        (lambda: random.choice(KEY, 3, p=[1, 2]), "give one probability for each"),
        (lambda: random.choice(KEY, 2, p=[1, -1]), "probabilities, 0 or more"),
        (lambda: random.permutation(KEY, 3, axis=1), "axis is 1"),
        (lambda: random.categorical(KEY, np.zeros((2, 3)), shape=3), "must end with"),
        (lambda: random.key(-1), "seed is -1"),
        (lambda: random.key(1.5), "seed is 1.5"),
        (lambda: random.fold_in(KEY, 2**32), "data is 4294967296"),
    ],
)
def test_wrong_arguments_are_refused_with_a_remedy(act: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        act()


def test_global_randomness_is_refused_in_every_transformation_with_a_line_that_works() -> None:
    generator = np.random.default_rng(0)
    draws: list[Any] = [
        lambda x: x + np.random.rand(3), lambda x: x + np.random.default_rng().normal(size=3),
        lambda x: x * generator.uniform(), lambda x: x * python_random.random(),
        lambda x: x[np.random.permutation(3)],
    ]  # fmt: skip
    x = np.ones(3)
    transformations: list[Any] = [
        lambda f: cr.jit(f)(x),
        lambda f: cr.vmap(f)(np.stack([x, x])),
        lambda f: cr.scan(lambda c, _: (f(c), c), x, np.arange(3.0)),
        lambda f: cr.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, f(s[1])), (0, x)),
        lambda f: cr.jit(lambda test, x: cr.cond(test, f, lambda x: x, x))(True, x),
    ]
    for draw in draws:
        for transform in transformations:
            with pytest.raises(cr.ChainruleError, match=r"as cr.random.uniform\(key, x.shape\)"):
                transform(draw)
    for of_traced in (lambda x: np.random.normal(x, 1.0), lambda x: generator.normal(x)):
        with pytest.raises(cr.ChainruleError, match=r"mean \+ scale \* cr.random.normal\(key"):
            cr.grad(lambda x, f=of_traced: np.sum(f(x)))(x)

    key = cr.random.key(0)
    remedies: list[Any] = [
        lambda key, x: x + cr.random.uniform(key, x.shape),
        lambda key, x: x + 2 * cr.random.normal(key, x.shape),
    ]
    for remedy in remedies:
        wanted = remedy(key, x)
        np.testing.assert_allclose(cr.jit(remedy)(key, x), wanted)
        keys = cr.random.split(key, 4)
        batch = cr.vmap(remedy, in_axes=(0, None))(keys, x)
        np.testing.assert_allclose(batch, [remedy(each, x) for each in keys])
        np.testing.assert_array_equal(cr.jit(cr.grad(lambda x, f=remedy: np.sum(f(key, x))))(x), x)
