"""A tour of chainrule: the whole idea, from one product to a trained network and its machine code.

This essay is a program. Run it with ``make docs`` or ``python docs/tour.py``; every claim in it is
an assertion, so what you read here is true of the version you have.
"""

from collections import Counter

import numpy as np

import chainrule as cr
from chainrule.compiler.backends.llvm.codegen import emit_module
from chainrule.compiler.backends.llvm.object_code import assembly_of
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.expressions import axes_of
from chainrule.compiler.loop_ir.loops import Apply, Literal, Load, Loop, Program
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import assign_layout
from chainrule.compiler.loop_passes.memory_plan import plan_memory
from chainrule.compiler.loop_passes.register_promotion import promote_to_registers
from chainrule.compiler.lowering.lower import lower
from chainrule.compiler.native_program import NativeProgram

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
# complete (`chainrule/ops/primitives/elementwise.py`):
#
#     tanh = elementwise(
#         "tanh", np.tanh,
#         vjp=lambda ct, y, x: (ct * (1 - y * y),),
#         formula="tanh({0})", reference=math.tanh, samples=reals(-3, 3),
#     )
#
# About seventy such records are the whole vocabulary. All else is composed of them.

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


graph, (gradient,) = derivative(f, x)

# `gradient` is not a number: the rules are written in NumPy, so running them on nodes has made more
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


# A loop whose end is not known beforehand is `while_loop`; its derivative goes back over the steps
# that were run, of which there may be `max_steps`. A square root by Newton's method:


def root(a):
    goes_on = lambda x: np.abs(x * x - a) > 1e-12 * a  # noqa: E731
    return cr.while_loop(goes_on, lambda x: (x + a / x) / 2, a, max_steps=50)


assert np.isclose(root(2.0), np.sqrt(2))
assert np.isclose(cr.grad(root)(2.0), 0.5 / np.sqrt(2))

# Where a value is not known, as under `jit`, Python's `if` is `cond`, of which one branch is run.

safe_log = cr.jit(lambda x: cr.cond(x > 0, lambda: np.log(x), lambda: x))
assert safe_log(1.0) == 0
assert safe_log(-1.0) == -1

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
# 8. From the graph to loops
#
# So far NumPy has evaluated the graphs. But `fit` above ran as machine code, all of its 2,000 steps
# in a few calls. Let us follow XOR down there. What is compiled is never a single step but the loop
# over steps: calling a step from Python takes longer than computing it.


def training(params, X, y):
    def descend(params, _):
        value, gradient = cr.value_and_grad(loss)(params, X, y)
        return {name: params[name] - 0.5 * gradient[name] for name in params}, value

    return cr.scan(descend, params, length=2000)


graph = simplify(cr.trace(training)(params, X, y))
print(graph)

# That is the whole training as one graph. *Lowering* turns every operation into what it does to one
# element: `x + y` becomes "element i of x plus element i of y". Only a reduction needs a loop, and
# *fusion* joins loops over the same points. The grammar of the loop language fits on one screen
# (`compiler/loop_ir/loops.py`), and it is all that a backend has to know.

inputs, outputs, statements = lower(graph)
layout = assign_layout(statements)
steps = promote_to_registers(fuse(statements, layout), layout)
program = Program("training", tuple(inputs), tuple(outputs), steps)
print(format_program(program))

# Read it from `loop`: forward, backward and update of the whole network are a dozen lines, in
# which you will find the chain rule again: `subtract(1.0, multiply(tanh, tanh))` is the derivative
# of tanh. What stands in parentheses never reaches memory. And nothing is allocated: the parameters
# are written over in place.

(loop,) = (step for step in program.steps if isinstance(step, Loop))
assert loop.axis.extent == 2000

# ---------------------------------------------------------------------------------------------
# 9. What loops mean
#
# Here is an interpreter for the part of the loop language that XOR needs. It executes the
# statements one after the other, each at all of its points.

OPERATIONS = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "negative": np.negative, "tanh": np.tanh,
}  # fmt: skip


def points(axes):
    """Every setting of some axes."""
    for numbers in np.ndindex(*(axis.extent for axis in axes)):
        yield dict(zip(axes, numbers, strict=True))


def place(index, point):
    return tuple(i.constant + sum(c * point[axis] for axis, c in i.terms) for i in index)


def value(expression, memory, point):
    match expression:
        case Literal(number, _):
            return number
        case Load(buffer, index):
            return memory[buffer.root].reshape(buffer.shape)[place(index, point)]
        case Apply(operation, operands, _):
            return OPERATIONS[operation](*(value(each, memory, point) for each in operands))


def run(statement, memory, outer):
    """Execute a statement of a nest; `outer` has the iteration of each enclosing loop."""
    target = memory.setdefault(
        statement.target, np.zeros(statement.target.shape, statement.target.dtype)
    )
    for point in points(axes_of(statement)):
        terms = [
            value(statement.value, memory, {**outer, **point, **inner})
            for inner in points(statement.over)
        ]
        target[place(statement.index, {**outer, **point})] = sum(terms)


def interpret(steps, memory, outer, iterations):
    for step in steps:
        if isinstance(step, Loop):
            for t in range(iterations):
                interpret(step.steps, memory, {**outer, step.axis: t}, iterations)
        else:
            for statement in step.statements:
                run(statement, memory, outer)


memory = dict(zip(program.inputs, [*params.values(), X, y], strict=True))
interpret(program.steps, memory, {}, iterations=3)

after = params  # three steps by NumPy alone, to compare with
for _ in range(3):
    value_now, gradient = cr.value_and_grad(loss)(after, X, y)
    after = {name: after[name] - 0.5 * gradient[name] for name in after}
for buffer, name in zip(program.outputs, after, strict=False):
    assert np.allclose(memory[buffer], after[name], rtol=1e-12)

# ---------------------------------------------------------------------------------------------
# 10. Machine code
#
# A backend compiles what the interpreter executed: instead of adding two numbers it emits the
# instruction that adds them, and instead of looking up a buffer it emits its address, as the memory
# plan has fixed it. Ours emits LLVM IR, with vectors as wide as your processor's.

plan = plan_memory(program.steps)
llvm_ir = emit_module(program, layout, plan, host_target()).emit()
assembly = assembly_of(llvm_ir, host_target())
words = [line.split()[0] for line in assembly.splitlines() if line.startswith("\t")]
instructions = [word for word in words if not word.startswith(".")]
print(f"{len(llvm_ir.splitlines()):,} lines of LLVM IR became {len(instructions):,} instructions,")
print("most often", ", ".join(name for name, _ in Counter(instructions).most_common(5)))

machine = NativeProgram(graph)
found = machine([*params.values(), X, y], iterations=(0, 3))
for array, name in zip(found, after, strict=False):
    assert np.allclose(array, after[name], rtol=1e-12)

# A native program has no interpreter in it, allocates nothing and runs millions of such steps a
# second. To print the stages of a program of your own, set CHAINRULE_DEBUG:
#
#     CHAINRULE_DEBUG=graph,loops,llvm,asm python yours.py
#
# and to see the cost of a network's training step, and with `measure=True` how far it is from your
# machine's peak:

print(net.program())

# ---------------------------------------------------------------------------------------------
# 11. Where to read on
#
#     graph/primitive.py                    the record of an operation            (read first)
#     ops/primitives/elementwise.py         the first records
#     graph/node.py                         the tracer
#     graph/graph.py                        the program and its grammar
#     autodiff/passes/reverse.py                   section 3, with the corner cases
#     compiler/pipeline.py                  the stages of the compiler, one call a line
#     compiler/loop_ir/loops.py             the loop language                     (sections 8 to 10)
#     compiler/lowering/lower.py            from operations to statements
#     compiler/loop_passes/fusion.py        from statements to nests
#     compiler/backends/llvm/codegen.py     from nests to instructions
#     nn/layer.py, nn/layers/dense.py, optim/sgd.py, train/network.py, train/fit/
#
# docs/compiler.md follows one program through all stages.

print("The tour ends here; every assertion held.")
