"""Compiler driver: choice of the backend; without a native one NumPy runs it, with a warning."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.driver import compile_graph
from chainrule.compiler.native_program import NativeProgram
from chainrule.errors import ArgumentError, ChainruleWarning

WITHOUT_LLVMLITE = """
import sys, warnings
sys.modules["llvmlite"] = None
import numpy as np
import chainrule as cr
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert cr.jit(lambda x: x * 2)(3.0) == 6.0
    net = cr.Network([cr.nn.Dense(2)])
    net.compile("mse")
    net.fit(np.ones((8, 3)), np.ones((8, 2)), verbose=0)
print(*(f"{each.category.__name__} {each.message}" for each in caught), sep="\\n")
"""


def test_without_llvmlite_numpy_runs_everything_and_warns_once() -> None:
    environment = {name: each for name, each in os.environ.items() if name != "CHAINRULE_BACKEND"}
    command = [sys.executable, "-c", WITHOUT_LLVMLITE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if "run by NumPy" in line)
    assert line.startswith("ChainruleWarning programs are run by NumPy, more slowly")


def test_the_environment_variable_chooses_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cr.trace(lambda x: np.exp(x) + 1)(np.ones(3))
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    native = compile_graph(graph)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    evaluated = compile_graph(graph)
    assert isinstance(native, NativeProgram)
    assert not isinstance(evaluated, NativeProgram)
    x = np.linspace(-1, 1, 3)
    np.testing.assert_allclose(native([x])[0], evaluated([x])[0], rtol=1e-15)


def test_numpy_runs_what_the_backend_cannot_compile_and_warns_once() -> None:
    x = np.linspace(0, 1, 5)

    def entries_at_large_integers(x: Any) -> Any:
        return x[x.astype(np.uint64)]

    function = cr.jit(entries_at_large_integers)
    with pytest.warns(ChainruleWarning) as caught:
        result = function(x)
    (warning,) = caught
    assert str(warning.message) == (
        "entries_at_large_integers is run by NumPy, more slowly, because indices of type u64 are "
        "not compiled"
    )
    np.testing.assert_array_equal(result, entries_at_large_integers(x))
    # Warnings are errors here: other shapes do not warn again, and other programs compile.
    function(x[:3])
    assert isinstance(compile_graph(cr.trace(np.sqrt)(np.ones(3))), NativeProgram)


def test_an_unknown_backend_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "cuda")
    with pytest.raises(ArgumentError, match="the backends are llvm and numpy"):
        cr.jit(lambda x: x + 1)(1.0)
