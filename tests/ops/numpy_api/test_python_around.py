"""Python around traced values: loops, built-ins, containers, objects, as users write them."""

import collections
import copy
import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from tests.numpy_programs import Table, broken, programs

M = np.array([[0.7, -1.2, 2.3, 0.4], [1.9, 0.35, -0.8, -2.1], [-1.45, 2.7, 1.1, 0.9]])
V = np.array([0.6, -1.1, 2.2, 0.3, 1.7])
NUMBER = np.array(1.3)
SCOPE = {
    "np": np, "V": V, "math": math, "operator": operator, "itertools": itertools,
    "functools": functools, "collections": collections, "copy": copy,
}  # fmt: skip

LOOPS = programs(
    """
    sum(k * np.sum(row**2) for k, row in enumerate(x, 1))
    [a * b for a, b in zip(x, x[1:])]
    [np.dot(a, b) for a, b in zip(x, reversed(x))]
    [sum(column) for column in zip(*x)]
    list(itertools.chain(*x))[5] * len(x)
    sum(x[i] * sum(i) for i in np.ndindex(x.shape))
    sum(value * i for (i, j), value in np.ndenumerate(x))
    sum(x.flat)
    {i: row for i, row in enumerate(x)}
    functools.reduce(np.matmul, [x, x.T, x])
    operator.matmul(x, x.T)
    """,
    M,
    SCOPE,
)

BUILT_INS = programs(
    """
    sum(x)
    sum(x, start=1.0)
    sum(map(np.exp, x))
    list(map(lambda a, b: a * b, x, x[::-1]))
    abs(x)
    round(x[0] * x[1], 1) + round(x[2])
    pow(x, 3) + pow(2.0, x)
    divmod(x, 0.65)[1] + divmod(2.03, x)[1]
    max(x) - min(x)
    max(x[0], 0.0) + min(x[2] * 2, 5.0)
    len(x) * x
    list(x) + list(reversed(x))
    [*x, *x[:2]]
    np.stack([*x, *x])
    x[slice(1, 4)]
    operator.add(x, 1) * operator.neg(x) - operator.truediv(x, 2)
    operator.itemgetter(2)(x) + operator.attrgetter("T")(x)[0] + operator.methodcaller("sum")(x)
    functools.reduce(operator.mul, x)
    functools.reduce(lambda a, b: np.sin(a) + b, x, 0.5)
    list(itertools.accumulate(x, operator.mul))
    sum(a * b for a, b in itertools.product(x, x))
    sum(a * b for a, b in itertools.combinations(x, 2))
    [b - a for a, b in itertools.pairwise(x)]
    sum(itertools.islice(x, 1, 4))
    functools.partial(np.multiply, 2.0)(x)
    copy.copy(x) * 2 + copy.deepcopy(x)
    copy.deepcopy([x[0] ** 2, {"a": 3 * x}])[1]["a"] * x
    x * 2 if x[0] != None else x
    x * np.where(x == None, 2.0, 3.0)
    (y := x * 2) + y
    [1.0, 2.0, 3.0, 4.0, 5.0] @ x
    x.tolist()[1] * sum(x.tolist())
    collections.OrderedDict(a=x, b=2 * x)
    1 - x + 2 / x + 3**x + 7 % x
    """,
    V,
    SCOPE,
) | programs("math.floor(x) * x\nmath.ceil(x) * x", NUMBER, SCOPE)


@dataclasses.dataclass(frozen=True)
class Line:
    slope: Any
    offset: Any = 1.0

    def __call__(self, x: Any) -> Any:
        return self.slope * x + self.offset


class Pair(NamedTuple):
    left: Any
    right: Any


class Network:
    scale = 2.0

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    @classmethod
    def of(cls, weights: Any) -> "Network":
        return cls(weights)

    @staticmethod
    def activate(z: Any) -> Any:
        return np.tanh(z)

    @property
    def doubled(self) -> Any:
        return self.weights * 2

    def forward(self, x: Any) -> Any:
        return self.activate(x * self.weights) * self.scale

    __call__ = forward


def unpacking(x: Any) -> Any:
    first, second, *rest = x
    first, second = second, first + second
    return first * second + sum(rest)


def named_tuples(x: Any) -> Any:
    left, right = Pair(x[0], x[1:])
    return Pair(left * right, Pair(left, right)._replace(left=x).left)


def data_classes(x: Any) -> Any:
    return dataclasses.replace(Line(x), offset=x[0])(x)


def methods(x: Any) -> Any:
    network = Network.of(x)
    return network(x) + network.doubled + network.forward(1.0)


def namespaces(x: Any) -> Any:
    space = SimpleNamespace(a=x)
    space.b = space.a * 2
    return space.b


def closures(x: Any) -> Any:
    total = 0.0

    def add(value: Any, *more: Any, scale: Any = 1, **named: Any) -> None:
        nonlocal total
        total = total + scale * value + sum(more) * sum(named.values())

    for value in x:
        add(value, x[0], scale=value, one=x[1], two=2.0)
    return total


def default_dictionaries(x: Any) -> Any:
    totals: dict[int, Any] = collections.defaultdict(float)
    groups: dict[int, list[Any]] = collections.defaultdict(list)
    for i, value in enumerate(x):
        totals[i % 2] += value
        groups[i % 2].append(value)
    return totals[0] * totals[1] * np.stack(groups[0])


def queues(x: Any) -> Any:
    queue = collections.deque(x)
    queue.rotate(1)
    queue.append(x[0])
    return sum(value * i for i, value in enumerate(queue))


def generators(x: Any) -> Any:
    def squares() -> Iterator[Any]:
        for value in x:
            yield value * value

    return sum(squares())


def matching(x: Any) -> Any:
    match x.shape:
        case (5,):
            return x * 2
        case (_, n):
            return x * n
        case _:
            return x


def decorators(x: Any) -> Any:
    def twice(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any) -> Any:
            return 2 * function(*args)

        return wrapped

    @functools.lru_cache
    def scaled(k: int) -> Any:
        return x * k

    return twice(lambda z: z + 1)(x) + scaled(2) + scaled(2)


def recursion(x: Any) -> Any:
    def power(n: int) -> Any:
        return 1.0 if n == 0 else x * power(n - 1)

    return power(4)


def lists_that_grow(x: Any) -> Any:
    values: list[Any] = []
    for i in range(len(x)):
        values.append(x[i] * 2)
        values[0] = values[0] + values[-1]
    values.extend(x[:2])
    values.insert(0, x[4])
    values.pop()
    return np.array(values)


def newton(x: Any) -> Any:
    root = np.ones_like(x)
    steps = 0
    while steps < 5:
        root = root - (root * root - np.abs(x)) / (2 * root)
        steps += 1
    return root


def augmented(x: Any) -> Any:
    y = x.copy()
    y += 1
    y *= x
    y -= x[::-1]
    return y


def exceptions(x: Any) -> Any:
    try:
        return x.reshape(2, 2)
    except ValueError:
        with np.errstate(all="ignore"):
            return x * 3


def trees(x: Any) -> Any:
    return {"a": [x, (x * 2,)], "b": x[0], "name": len(f"{x.shape} {x.dtype}")}


def results_in_lists(x: Any) -> Any:
    return [[x[0], x[1] * x[2]], (x, 1.0)]


OBJECTS: Table = {
    each.__name__: (each, V)
    for each in (
        unpacking, named_tuples, data_classes, methods, namespaces, closures, default_dictionaries,
        queues, generators, matching, decorators, recursion, lists_that_grow, newton, augmented,
        exceptions, trees, results_in_lists,
    )
}  # fmt: skip


@pytest.mark.parametrize("table", [LOOPS, BUILT_INS, OBJECTS])
def test_python_around_traced_values_means_what_it_means_plainly(table: Table) -> None:
    assert broken(table, order=1) == {}


def test_known_values_are_printed_and_compared() -> None:
    seen: list[str] = []

    def loss(x: Any) -> Any:
        seen.append(f"{x[0]:.2f} {x}")
        return np.sum(x * x)

    def member(x: Any) -> Any:
        return x * (2.2 in x) * (5.0 not in x)

    assert cr.grad(lambda x: np.sum(member(x)))(V).tolist() == [1.0] * 5
    cr.grad(loss)(V)
    assert seen == [f"{V[0]:.2f} {V}"]


def test_an_order_that_depends_on_unknown_values_is_refused_by_name() -> None:
    assert cr.grad(lambda x: sorted(x)[0])(V).tolist() == [0, 1, 0, 0, 0]
    with pytest.raises(cr.errors.TraceError, match=r"np\.where"):
        cr.jit(lambda x: sorted(x)[0])(V)
