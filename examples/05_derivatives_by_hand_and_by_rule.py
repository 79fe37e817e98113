"""Derivatives by hand and by rule: the table, partial derivatives, gradients, the chain rule.

Each line shows a function, its derivative by the textbook, and the value that `cr.grad` computes
from the NumPy code alone. The last part prints the graph that the chain rule gives for the
derivative of 1/eˣ.

Run it with ``python examples/05_derivatives_by_hand_and_by_rule.py``. It prints::

    f(x)    f'(x)    by hand   by rule   at x = 2
    7       0         0.0000    0.0000
    x       1         1.0000    1.0000
    eˣ      eˣ        7.3891    7.3891
    x²      2x        4.0000    4.0000
    1/x     -1/x²    -0.2500   -0.2500
    ln x    1/x       0.5000    0.5000

    f(x, y)   at          ∂f/∂x   ∂f/∂y
    x + 2y    (1.0, 1.0)       1.0     2.0
    x + 2y    (10.0, -20.0)    1.0     2.0
    x · y     (1.0, 1.0)       1.0     1.0
    x · y     (10.0, -20.0)  -20.0    10.0

    chain rule: 1/eˣ is 1/u with u = eˣ, so its derivative is -1/u² · eˣ = -e⁻ˣ
    by hand -0.135335   by rule -0.135335
    graph derivative of one_over_exp(x: f64[]) {
      a: f64[] = exp(x)
      value: f64[] = divide(1.0, a)
      b: f64[] = multiply(-1.0, value)
      c: f64[] = divide(b, a)
      d_x: f64[] = multiply(c, a)
      return d_x
    }
"""

import numpy as np

import chainrule as cr

TABLE = [
    ("7", lambda x: 7.0, "0", lambda x: 0.0),
    ("x", lambda x: x, "1", lambda x: 1.0),
    ("eˣ", np.exp, "eˣ", np.exp),
    ("x²", lambda x: x**2, "2x", lambda x: 2 * x),
    ("1/x", lambda x: 1 / x, "-1/x²", lambda x: -1 / x**2),
    ("ln x", np.log, "1/x", lambda x: 1 / x),
]


def sum_of_two(x, y):
    return x + 2 * y


def product(x, y):
    return x * y


def one_over_exp(x):
    return 1 / np.exp(x)


def main():
    x = 2.0
    print("f(x)    f'(x)    by hand   by rule   at x = 2")
    for name, f, derivative_name, derivative in TABLE:
        by_rule = cr.grad(f)(x)
        print(f"{name:7s} {derivative_name:7s} {derivative(x):8.4f} {by_rule:9.4f}")

    print("\nf(x, y)   at          ∂f/∂x   ∂f/∂y")
    for name, f in (("x + 2y", sum_of_two), ("x · y", product)):
        for point in ((1.0, 1.0), (10.0, -20.0)):
            d_x, d_y = cr.grad(f, argnums=(0, 1))(*point)
            print(f"{name:9s} {point!s:14s} {d_x:5.1f} {d_y:7.1f}")

    print("\nchain rule: 1/eˣ is 1/u with u = eˣ, so its derivative is -1/u² · eˣ = -e⁻ˣ")
    print(f"by hand {-np.exp(-x):.6f}   by rule {cr.grad(one_over_exp)(x):.6f}")
    print(cr.simplify(cr.trace(cr.grad(one_over_exp))(x)))


if __name__ == "__main__":
    main()
