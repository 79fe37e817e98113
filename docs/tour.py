"""A tour of chainrule: the whole idea, from one product to a trained network.

This essay is a program. Run it with ``make docs`` or ``python docs/tour.py``; every claim in it is
an assertion, so what you read here is true of the version you have.
"""

import numpy as np

import chainrule as cr

# ---------------------------------------------------------------------------------------------
# 1. One rule
#
# A derivative says how much the output of a function changes when an input changes a little. For a
# composition f(g(x)) the changes multiply: that is the chain rule, and all of deep learning's
# "backpropagation" is this rule, applied again and again in a clever order.


def g(x):
    return x * x


def f(x):
    return np.sin(g(x))


x = 0.7
by_hand = np.cos(g(x)) * (2 * x)  # f'(g(x)) · g'(x)
assert np.isclose(cr.grad(f)(x), by_hand)

# A skeptic differentiates by moving x a little. This knows nothing of the chain rule, which makes
# it the ideal judge (and a poor method: one evaluation for each of a million weights).

h = 1e-6
by_differences = (f(x + h) - f(x - h)) / (2 * h)
assert np.isclose(cr.grad(f)(x), by_differences)
assert cr.check_grads(f, (x,), order=3) < 1e-6  # the same judge, three derivatives deep

# ---------------------------------------------------------------------------------------------
# 2. A program is a graph
#
# To differentiate a program we must see it. We run the function once, not on numbers but on *nodes*
# that write down what is done to them. NumPy helps: it hands every call on a foreign object over
# to that object (see `chainrule/graph/node.py`). So the user's code is plain NumPy, unchanged.

print(cr.trace(f)(x))

# Every line of what is printed is one *primitive*: an operation of which the library knows the
# shape, the value, the derivative and the formula, all in one record. Here is the record of tanh,
# complete (`chainrule/ops/elementwise.py`):
#
#     tanh = elementwise(
#         "tanh", np.tanh,
#         vjp=lambda ct, y, x: (ct * (1 - y * y),),
#         formula="tanh({0})", reference=math.tanh, samples=reals(-3, 3),
#     )
#
# About fifty such records are the whole vocabulary. All else is composed of them.

# ---------------------------------------------------------------------------------------------
# 3. The chain rule, read backwards
#
# `vjp` in the record answers: if a change of the output counts `ct` (the cotangent), how much does
# a change of the input count? So we start at the end with 1, walk the graph from last to first, and
# each node hands on what it received. Here is that walk in full; the library's own
# (`chainrule/autodiff/reverse.py`) is this with the corner cases.


def derivative(function, *values):
    graph = cr.trace(function)(*values)
    received = {graph.outputs[0]: 1.0}
    for node in reversed(graph.equations):
        if node in received and node.primitive.vjp is not None:
            before = node.primitive.vjp(received[node], node, *node.inputs, **node.params)
            for each, cotangent in zip(node.inputs, before, strict=True):
                received[each] = received[each] + cotangent if each in received else cotangent
    return graph, [received[node] for node in graph.inputs]


graph, (slope,) = derivative(f, x)

# `slope` is not a number: the rules are written in NumPy, so running them on nodes has made more
# graph. The derivative of a program is a program.

program = cr.trace(cr.grad(f))(x)
print(program)
assert np.isclose(cr.jit(cr.grad(f))(x), by_hand)

# And so it can be differentiated again. Nothing new is needed for the second derivative:

assert np.isclose(cr.grad(cr.grad(np.sin))(x), -np.sin(x))

# ---------------------------------------------------------------------------------------------
# 4. Arrays: every operation has a transpose
#
# With arrays the question "what does each input count?" often has the answer "the operation turned
# round". What repeats, sums on the way back; what sums, repeats; what picks, adds into place.

row = np.array([1.0, 2.0, 3.0])
matrix = np.ones((4, 3))
gradient = cr.grad(lambda row: np.sum(matrix * row))(row)  # row is repeated four times ...
assert np.array_equal(gradient, matrix.sum(axis=0))  # ... so four contributions are summed

picked = cr.grad(lambda row: np.sum(row[[0, 0, 2]]))(row)
assert np.array_equal(picked, [2, 0, 1])

# All products that sum over something (dot, matrix product, einsum, later convolution) are one
# primitive, the contraction. Its derivative is a contraction with the letters exchanged:
# if  y_ik = Σ_j a_ij b_jk,  then  da_ij = Σ_k dy_ik b_jk.

A, B, dY = np.random.default_rng(0).normal(size=(3, 2, 2))
_, pullback = cr.vjp(np.matmul, A, B)
dA, dB = pullback(dY)
assert np.allclose(dA, np.einsum("ik,jk->ij", dY, B))
assert np.allclose(dB, np.einsum("ij,ik->jk", A, dY))

# ---------------------------------------------------------------------------------------------
# 5. Loops stay loops
#
# `scan` is a loop with a carry: a recurrent network over time, an epoch over batches, an ODE solver
# over steps. Its derivative is a loop that runs the other way, and it is never unrolled.


def compound(rate):
    total, _ = cr.scan(lambda money, _: (money * (1 + rate), None), 1.0, length=10)
    return total


assert np.isclose(compound(0.05), 1.05**10)
assert np.isclose(cr.grad(compound)(0.05), 10 * 1.05**9)

# ---------------------------------------------------------------------------------------------
# 6. A network is a function
#
# Nothing above knows what a network is. XOR, the problem that a single layer cannot solve: two
# inputs, three tanh units, one output, and the mean of squared errors. Training is: take the
# derivative, walk downhill.

X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0.0], [1], [1], [0]])


def network(params, X):
    hidden = np.tanh(X @ params["W1"] + params["b1"])
    return np.tanh(hidden @ params["W2"] + params["b2"])


def loss(params, X, y):
    return np.mean((network(params, X) - y) ** 2)


rng = np.random.default_rng(3)
params = {
    "W1": rng.normal(size=(2, 3)),
    "b1": np.zeros(3),
    "W2": rng.normal(size=(3, 1)),
    "b2": np.zeros(1),
}
step = cr.jit(cr.value_and_grad(loss))  # traced once; afterwards no Python of ours or yours runs
for _ in range(2000):
    value, gradient = step(params, X, y)
    params = {name: params[name] - 0.5 * gradient[name] for name in params}
assert value < 0.01
assert np.array_equal(np.round(network(params, X)), y)

# ---------------------------------------------------------------------------------------------
# 7. The same, as one says it
#
# `Network` adds names and manners: it infers sizes, draws initial weights, shuffles, watches for
# mistakes, measures, saves. What runs is the same: one step is one graph, forward, derivative and
# update together.

net = cr.Network(
    [cr.nn.Dense(3, activation="tanh"), cr.nn.Dense(1, activation="tanh")], seed=1, dtype="float64"
)
net.compile(loss="mse", optimizer="sgd", learning_rate=0.5)
history = net.fit(X, y, epochs=2000, batch_size=None, verbose=0)
assert history["loss"][-1] < 0.01
assert np.array_equal(np.round(net.predict(X)), y)

# A layer of your own is a formula. Its derivative is derived; or write `backward` yourself, as one
# does to learn, and let it be checked.


class Scale(cr.nn.Layer):
    def build(self, input_shape):
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

    def forward(self, x):
        self.x = x
        return x * self.gain

    def backward(self, dy):
        self.gain.grad = np.sum(dy * self.x, axis=0)
        return dy * self.gain


assert cr.testing.check_layer(Scale(), input_shape=(4, 3)) < 1e-6

# ---------------------------------------------------------------------------------------------
# 8. Where to read on
#
#     graph/primitive.py      what is known of an operation        (read first)
#     ops/elementwise.py      the first records
#     graph/node.py           the tracer
#     graph/graph.py          the program and its grammar
#     autodiff/reverse.py     section 3, with the corner cases
#     compiler/simplify.py    the same program with fewer equations
#     nn/layer.py, nn/dense.py, optim/sgd.py, train/

print("The tour ends here; every assertion held.")
