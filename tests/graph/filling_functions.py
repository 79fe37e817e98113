"""Functions of ``x``, of shape (4,), that make arrays of plain NumPy and fill them by index."""

import functools
from typing import Any

import numpy as np
from numpy import full, zeros
from numpy.linalg import inv

X = np.array([0.7, -1.2, 1.9, 0.4])
TABLE = np.array([[1.0, 2.0, 0.5, -1.0], [0.3, 0.1, -0.2, 0.6], [2.0, 1.0, 1.0, 0.0]])


def lorenz(x: Any) -> Any:
    rates = np.zeros(3)
    rates[0] = 10 * (x[1] - x[0])
    rates[1] = x[0] * (28 - x[2]) - x[1]
    rates[2] = x[0] * x[1] - 8 / 3 * x[2]
    return rates


def rosen_der(x: Any) -> Any:
    xm = x[1:-1]
    der = np.empty(len(x))
    der[1:-1] = 200 * (xm - x[:-2] ** 2) - 400 * (x[2:] - xm**2) * xm - 2 * (1 - xm)
    der[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
    der[-1] = 200 * (x[-1] - x[-2] ** 2)
    return der


def tridiagonal(x: Any) -> Any:
    n = x.shape[0]
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, i] = 2 + x[i] ** 2
        if i > 0:
            matrix[i, i - 1] = matrix[i - 1, i] = -x[i - 1]
    return np.linalg.solve(matrix, np.ones(n))


def views_of_rows(x: Any) -> Any:
    a = np.zeros((2, 4))
    row, column = a[0], a[:, 2]
    row[1:] = x[1:] * a.shape[0]
    column += x[0]
    a.T[3] *= 3
    return a * row


def ravelled(x: Any) -> Any:
    a = np.zeros((2, 2))
    a.ravel()[:3] = x[:3]
    a.flatten()[0] = 100.0
    a.reshape(4)[3] += x[3]
    return a


def in_fortran_order(x: Any) -> Any:
    a, b = np.zeros((2, 2), order="F"), np.array(TABLE[:2, :2].T)
    a.ravel()[0], b.ravel()[0] = 5.0, 5.0  # of copies
    a.T.ravel()[1] = x[0]
    b[0, 0] = x[1]
    return a + b


def masks_and_lists_of_indices(x: Any) -> Any:
    a, table = np.ones(4), np.array(TABLE)
    a[x > 0] = x[x > 0] ** 2
    a[[0, -1]] += x[[1, 2]]
    table[np.arange(3), [0, 1, 2]] = x[:3]
    return table @ a


def functions_that_write(x: Any) -> Any:
    a, b, c = np.zeros(4), np.zeros(4), np.zeros((4, 4))
    np.add.at(a, [0, 0, 3], x[1:])
    np.put(a, [1], x[0] ** 2)
    b.fill(x[0])
    b.flat[2] = x[1]
    np.copyto(b[3:], x[3:] * x[2:3])
    np.fill_diagonal(c, x)
    np.multiply(x, x, out=a[:])
    np.dot(c, x, out=c[1])
    return a + b + c


def arrays_of_constants(x: Any) -> Any:
    a = np.array([[1.0, 0.0], [0.0, 2.0]])
    b = np.eye(2) * 3
    t, g, f = np.linspace(0, 1, 4), np.copy(TABLE), np.full((2, 2), 0.5)
    r, u, v = np.r_[0.0, 0.5], *np.meshgrid(np.arange(2.0), np.arange(2.0))
    a[0, 1] = b[1, 0] = x[0]
    t[1:3] *= x[:2]
    g[1] = t
    f[:, 0] = r[1] * x[2:]
    r[0], u[1], v[:, 1] = x[3], x[:2], x[2:]
    return np.concatenate([each.ravel() for each in (a @ b, t, g, f, r, u, v)])


def arrays_of_arrays_outside(x: Any) -> Any:
    a, b = np.where(TABLE > 0, TABLE, 0.0), np.concatenate([TABLE, TABLE])
    c, d = np.diag([1.0, 2.0]), np.sin(TABLE)
    a[0], b[-1], c[0], d[:, 0] = x, x * x, x[:2], x[1:]
    return a.sum() + b.sum(0) * d.sum(0) + c.sum()


def names_of_its_own(x: Any) -> Any:
    a, b = zeros(4), full(4, 2.0)
    a[1:], b[0] = x[1:], x[0] ** 3
    m = inv(np.array([[2.0, 1.0], [1.0, 3.0]]))
    m[0] = x[:2]
    return a * b * m.sum()


def single_precision(x: Any) -> Any:
    a = np.zeros(4, np.float32)
    a[:] = x / 3
    return a.astype(float) * x


def integers_and_booleans(x: Any) -> Any:
    order, positive = np.zeros(4, int), np.zeros(4, dtype=bool)
    for i in range(4):
        order[i] = np.argmax(x) * (i % 2)
        positive[i] = x[i] > 0
    kept = np.zeros(4)
    kept[positive] = x[positive]
    return x[order] * x + kept


def integers_as_keys(x: Any) -> Any:
    a, known = np.zeros(4), {0, 3}
    for i in np.arange(4):
        a[i] = x[i] ** 2 if i in known else x[i]
    return a


def nested_lists(x: Any) -> Any:
    a, rows = np.zeros((2, 2)), [np.zeros(2) for _ in range(2)]
    a[:] = [[x[0], 1.0], [x[1] * x[2], x[3]]]
    rows[0][1], rows[1][0] = x[2], x[3] ** 2
    return np.array(rows) @ a


def of_no_axes(x: Any) -> Any:
    total = np.array(0.0)
    for each in x:
        total += each**2
    total[...] = total * x[0]
    return total * x


def helper_that_fills(x: Any) -> Any:
    return _filled(x) + _filled(x * x)[::-1]


def _filled(x: Any) -> Any:
    out = zeros(x.shape)
    for i, each in enumerate(x):
        out[i] = np.sin(each)
    return out


def function_within(x: Any) -> Any:
    from numpy import empty

    shared = np.zeros(4)

    def put(i: int) -> Any:
        shared[i] = x[i] * x[0]
        own = empty(1)
        own[0] = shared[i]
        return own[0]

    return np.stack([put(i) for i in range(3)]) * shared[:3]


def generator(x: Any) -> Any:
    def rows() -> Any:
        for each in x:
            row = np.zeros(2)
            row[1] = each * each
            yield row

    return np.stack(list(rows()))


def closure() -> Any:
    from numpy import ones

    scale = 3.0

    def closed(x: Any) -> Any:
        a = ones(4)
        a[2] = scale * x[2] * x[1]
        return a

    return closed


class Model:
    calls = 0

    def __init__(self) -> None:
        self.weights = np.array([1.0, -2.0, 0.5, 3.0])
        self.state = np.zeros(4)

    def rhs(self, x: Any) -> Any:
        out = np.zeros(4)
        out[:] = self.weights * x
        out[0] = self.square(x[1])
        return out

    @staticmethod
    def square(x: Any) -> Any:
        a = np.empty((1,))
        a[0] = x * x
        return a[0]

    def __call__(self, x: Any) -> Any:
        return self.rhs(x) * 2


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def call(x: Any) -> Any:
        return function(x) ** 2

    return call


def of_constants_alone(x: Any) -> Any:
    a, shape = np.zeros(np.array([2, 2])), np.zeros((3, 5)).shape
    a[0, 0] = x[0]
    nodes, weights = np.polynomial.legendre.leggauss(3)
    t = np.linspace(-1, 1, 5)
    spline = np.interp(np.array([0.3]), t, t**2)  # of arrays that hold constants alone
    known = {1.0: 2.0, (0.0, 3.0): 5.0}
    pair = np.zeros(2)
    pair[1] = 3.0
    total = known[np.ones(1)[0]] + known[tuple(pair)] + (np.ones(2)[0] in {1.0})
    total += np.fft.fft(t).real[0] + np.exp(1j * t).imag.sum() + np.polyfit(t, t**2, 2)[0]
    return a * spline + shape[1] * weights.sum() + float(t[1]) + len(t) + sum(nodes) + total


FILLING = {
    "lorenz": lorenz, "rosen_der": rosen_der, "tridiagonal": tridiagonal,
    "views of rows": views_of_rows, "ravelled": ravelled, "Fortran order": in_fortran_order,
    "masks": masks_and_lists_of_indices, "functions that write": functions_that_write,
    "constants": arrays_of_constants, "arrays outside": arrays_of_arrays_outside,
    "imported names": names_of_its_own, "float32": single_precision, "keys": integers_as_keys,
    "nested lists": nested_lists, "no axes": of_no_axes, "helper": helper_that_fills,
    "function within": function_within, "generator": generator, "closure": closure(),
    "method": Model().rhs, "object": Model(),
    "partial": functools.partial(lambda n, x: Model().rhs(n * x), 2.0),
    "lambda": lambda x: _filled(x)[0] * x, "decorated": decorated(lorenz),
    "constants alone": of_constants_alone, "integers": integers_and_booleans,
}  # fmt: skip
