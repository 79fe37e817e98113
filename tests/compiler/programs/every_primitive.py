"""Compare native code with NumPy for every sample of every primitive; run as a script.

Prints one line for each sample that differs or cannot be compiled.
"""

import importlib
import pkgutil

import numpy as np

from chainrule.autodiff.control_flow import scan_primitive
from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.native_program import NativeProgram
from chainrule.errors import ChainruleError
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import variable
from chainrule.graph.primitive import Primitive
from chainrule.ops import primitives as primitives_package
from chainrule.ops.primitives.selection import get_results

TOLERANCES = {"float32": 2e-6, "float64": 1e-13}


def primitives():
    prefix = f"{primitives_package.__name__}."
    found = pkgutil.walk_packages(primitives_package.__path__, prefix)
    modules = [importlib.import_module(each.name) for each in found]
    found = {
        x.name: x
        for m in (*modules, scan_primitive)
        for x in vars(m).values()
        if isinstance(x, Primitive)
    }
    return [found[name] for name in sorted(found)]


def graph_of(primitive, sample, dtype):
    """Return graph and arrays of a sample with its floats cast to a dtype; None if invalid."""
    arrays = [np.asarray(x) for x in sample.inputs]
    arrays = [x.astype(dtype) if x.dtype == np.float64 else x for x in arrays]
    inputs = tuple(variable(type_of(x)) for x in arrays)
    try:
        result = primitive(*inputs, **sample.params)
    except ChainruleError:
        return None
    outputs = get_results(result) if isinstance(result.type, tuple) else [result]
    return Graph(inputs, tuple(outputs)), arrays


def difference(graph, arrays):
    expected = evaluate(graph, arrays)
    try:
        results = NativeProgram(graph)(arrays)
    except CannotCompile as error:
        return f"cannot: {error}"
    for a, b in zip(results, expected, strict=True):
        tolerance = TOLERANCES.get(b.dtype.name, 0)
        same = a.dtype == b.dtype and a.shape == b.shape
        if not same or not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"wrong: {a.dtype}{a.tolist()}, not {b.dtype}{np.asarray(b).tolist()}"
    return ""


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        for primitive in primitives():
            for sample in primitive.samples():
                for dtype in ("float64", "float32", "int64", "bool"):
                    if "body" in sample.params and dtype != "float64":
                        continue
                    case = graph_of(primitive, sample, dtype)
                    wrong = case and difference(*case)
                    if wrong:
                        print(f"{primitive.name} {dtype}: {wrong}", flush=True)
