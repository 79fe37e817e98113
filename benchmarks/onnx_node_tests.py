"""ONNX's own tests of operators against `from_onnx`: how many pass, and why the others do not.

Of each test with our types (booleans, integers of 8 to 64 bits, float16 to float64) the model is
read, computed on arrays, and traced: with all inputs as variables of the graph, else with those of
floating-point numbers. Run it with ``python benchmarks/onnx_node_tests.py [part of a name]``.
"""

import collections
import sys
import warnings
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

import chainrule as cr
from chainrule.graph.evaluate import evaluate
from chainrule.interop.onnx import function_from_onnx

OURS = {
    "FLOAT16", "FLOAT", "DOUBLE", "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16",
    "UINT32", "UINT64",
}  # fmt: skip

CORE = {"FLOAT", "DOUBLE", "BOOL", "INT32", "INT64"}
"""Types that most models have; the tests of them that are no expansions are counted apart."""


def types_of(model: Any) -> set[str]:
    """Return the names of the types of inputs and outputs."""
    names: set[str] = set()
    for value in [*model.graph.input, *model.graph.output]:
        kind = value.type.WhichOneof("value")
        number = value.type.tensor_type.elem_type
        names.add(TensorProto.DataType.Name(number) if kind == "tensor_type" else kind)
    return names


def arrays(values: Any) -> list[Any]:
    listed: Any = values if isinstance(values, list | tuple) else [values]
    return [numpy_helper.to_array(x) if isinstance(x, TensorProto) else x for x in listed]


def compare(found: Any, expected: Any, case: Any) -> None:
    found = found if isinstance(found, tuple | list) else [found]
    for x, y in zip(found, arrays(expected), strict=False):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype), (x.shape, x.dtype, y.shape, y.dtype)
        np.testing.assert_allclose(x, y, rtol=case.rtol or 1e-3, atol=case.atol or 1e-7)


def lowered(function: Any, case: Any, kinds: str) -> None:
    """Trace with the inputs of these kinds as variables, and compare what the graph gives."""
    for inputs, outputs in case.data_sets:
        given = arrays(inputs)
        places = [i for i, x in enumerate(given) if x is not None and x.dtype.kind in kinds]
        if not places:
            return
        values = [np.asarray(given[i]) for i in places]

        def call(*traced: Any, given: Any = given, places: Any = places) -> Any:
            mixed = dict(enumerate(given)) | dict(zip(places, traced, strict=True))
            return function(*mixed.values())

        compare(evaluate(cr.trace(call)(*values), values), outputs, case)


def main(part: str = "") -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases: Any = [each for each in collect_testcases() if part in each.name]
        cases = [each for each in cases if types_of(each.model) <= OURS]
        tally = collections.Counter[tuple[str, str]]()
        ways, core = collections.Counter[str](), collections.Counter[str]()
        for case in cases:
            kind = "expanded" if "_expanded" in case.name else "own"
            is_core = kind == "own" and types_of(case.model) <= CORE
            try:
                function = function_from_onnx(case.model.SerializeToString())
                for inputs, outputs in case.data_sets:
                    compare(function(*arrays(inputs)), outputs, case)
            except Exception as error:  # noqa: BLE001
                print("FAILS", case.name, " ".join(str(error).split())[:150])
                tally[kind, "failed"] += 1
                core["failed"] += is_core
                continue
            tally[kind, "passed"] += 1
            core["passed"] += is_core
            reason = ""
            for name, kinds in (("all inputs", "fiub"), ("floats", "f"), ("none", "")):
                try:
                    lowered(function, case, kinds)
                except Exception as error:  # noqa: BLE001
                    reason = " ".join(str(error).split())[:150]
                else:
                    ways[name] += 1
                    if name == "none":
                        print("arrays only", case.name, reason)
                    break
    print(f"{len(cases)} tests:", dict(tally), "traced:", dict(ways))
    print(f"of {', '.join(sorted(CORE))}, expansions left out: {dict(core)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
