"""Nests of one structure are emitted once, however many there are; others each by themselves."""

import numpy as np

import chainrule as cr
from chainrule.compiler.backends.llvm.codegen import emit_module
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace

DRAW = np.random.default_rng(0)


def floats(*shape):
    return DRAW.normal(size=shape).astype("f")


def functions(function, *arguments):
    """Count the functions in the LLVM IR of a program."""
    lowered = compile_to_loops(trace(function)(*arguments))
    text = emit_module(lowered.loops, lowered.layout, lowered.plan, host_target()).emit()
    return text.count("\ndefine")


def layers(depth):
    return [(floats(24, 24), floats(24)) for _ in range(depth)]


def updated(x, weights):
    def loss(weights):
        y = x
        for weight, bias in weights:
            y = np.tanh(y @ weight + bias)
        return np.mean(y**2)

    gradients = cr.grad(loss)(weights)
    return [
        (weight - 0.1 * g, bias - 0.1 * h)
        for (weight, bias), (g, h) in zip(weights, gradients, strict=True)
    ]


def test_equal_layers_have_one_code_however_many_they_are():
    x = floats(40, 24)
    assert functions(updated, x, layers(6)) == functions(updated, x, layers(12))


def normalized(x, scales):
    for scale in scales:
        x = x + scale * (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
    return x


def test_equal_nests_without_a_contraction_have_one_code():
    x = floats(40, 50)
    shallow, deep = ([floats(50) for _ in range(depth)] for depth in (6, 12))
    assert functions(normalized, x, shallow) == functions(normalized, x, deep) > 1


def test_updates_that_fusion_merges_have_one_code():
    def sgd(parameters, gradients):
        return [p - 0.1 * g for p, g in zip(parameters, gradients, strict=True)]

    few, many = ([floats(30, 30) for _ in range(count)] for count in (4, 40))
    assert functions(sgd, few, few) == functions(sgd, many, many) == 2


VARIANTS = {
    "number": lambda x: np.exp(x) - 0.25,
    "operation": lambda x: np.exp(x) * 0.5,
    "operand": lambda x: np.exp(x) - x,
    "dtype": lambda x: np.exp(x.astype("d")) - 0.5,
    "length": lambda x: np.exp(x[:, :29]) - 0.5,
    "rows reversed": lambda x: np.exp(x[::-1]) - 0.5,
    "columns reversed": lambda x: np.exp(x[:, ::-1]) - 0.5,
}


def test_what_differs_has_a_code_of_its_own():
    def variants(x):
        return [np.exp(x) - 0.5, *(variant(x) for variant in VARIANTS.values())]

    x = floats(30, 30)
    assert functions(variants, x) == 1
    for computed, exact in zip(cr.jit(variants)(x), variants(x), strict=True):
        np.testing.assert_allclose(computed, exact, rtol=1e-5, atol=1e-6)
