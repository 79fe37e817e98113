"""A model as a function: its nodes are computed in order, each by the rule of its operator.

The rules are NumPy's functions. Applied to traced values they write the graph of this library,
which is then compiled, differentiated and trained as any other; applied to arrays, they compute.
An operator that ONNX defines by others is computed by that definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto, TypeProto, helper

from chainrule.errors import ChainruleError, FormatError, UnsupportedError
from chainrule.interop.onnx.reading.model_file import domain_of, schema_of, versions_of
from chainrule.interop.onnx.reading.operation import Operation
from chainrule.interop.onnx.reading.operators import OPERATORS
from chainrule.interop.onnx.reading.tensor import array_of, dtype_of

__all__ = ["OnnxFunction"]

MAX_DEPTH = 64
"""Of functions defined by functions."""


@dataclass(frozen=True, eq=False)
class OnnxFunction:
    """The function that a checked model computes, of arrays or of traced values.

    Attributes
    ----------
    params : dict of str to array
        Its constants that are numbers with a fraction: what may be trained.
    input_names, output_names : list of str
        In order.
    """

    model: ModelProto

    @cached_property
    def initializers(self) -> dict[str, NDArray[Any]]:
        """All constants of the model by name."""
        graph = self.model.graph
        return {each.name: array_of(each, "an initializer") for each in graph.initializer}

    @property
    def params(self) -> dict[str, NDArray[Any]]:
        """The constants that are floating-point numbers."""
        return {name: x for name, x in self.initializers.items() if x.dtype.kind == "f"}

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, without those that are constants."""
        known = {each.name for each in self.model.graph.initializer}
        return [each.name for each in self.model.graph.input if each.name not in known]

    @property
    def input_types(self) -> list[tuple[np.dtype[Any], list[int | None]]]:
        """Dtype and shape of each input, None where a length varies."""
        by_name = {each.name: each.type.tensor_type for each in self.model.graph.input}
        types = [by_name[name] for name in self.input_names]
        return [
            (
                dtype_of(each.elem_type, "an input"),
                [d.dim_value if d.HasField("dim_value") else None for d in each.shape.dim],
            )
            for each in types
        ]

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs."""
        return [each.name for each in self.model.graph.output]

    def __call__(self, *inputs: Any) -> Any:
        """Compute the output of these inputs; a tuple of several."""
        return self.apply({}, *inputs)

    def apply(self, params: Mapping[str, Any], *inputs: Any) -> Any:
        """Compute the output with other values of some constants."""
        names = self.input_names
        if len(inputs) > len(names):
            raise UnsupportedError(f"from_onnx: the model has {len(names)} inputs: {names}")
        values: dict[str, Any] = {**self.initializers, **params}
        values |= dict(zip(names, inputs, strict=False)) | {"": None}
        scope = _Scope(versions_of(self.model), self._functions, {}, 0)
        _compute(self.model.graph.node, values, scope)
        outputs = tuple(_value(values, name) for name in self.output_names)
        return outputs[0] if len(outputs) == 1 else outputs

    @cached_property
    def _functions(self) -> dict[tuple[str, str], FunctionProto]:
        return {(each.domain, each.name): each for each in self.model.functions}


@dataclass(frozen=True)
class _Scope:
    """Where nodes are computed: operator sets, functions of the model, attributes of a function."""

    versions: dict[str, int]
    functions: dict[tuple[str, str], FunctionProto]
    references: Mapping[str, AttributeProto]
    depth: int


def _value(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise FormatError(f"from_onnx: {ascii(name)[1:-1][:60]} is read, but nothing computes it")
    return values[name]


def _compute(nodes: Sequence[NodeProto], values: dict[str, Any], scope: _Scope) -> None:
    """Add the results of nodes to the values by name."""
    for node in nodes:
        inputs = [_value(values, name) for name in node.input]
        try:
            results = _applied(node, inputs, values, scope)
        except ChainruleError:
            raise
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            title = f"{ascii(node.name)[1:-1]:.60} ({ascii(node.op_type)[1:-1]:.60})"
            reason = ascii(str(error))[1:-1][:160]
            raise FormatError(
                f"from_onnx: the node {title} does not fit its inputs: {reason}"
            ) from error
        outputs = results if isinstance(results, tuple) else (results,)
        values.update(
            {name: each for name, each in zip(node.output, outputs, strict=False) if name}
        )


def _applied(node: NodeProto, inputs: list[Any], values: Mapping[str, Any], scope: _Scope) -> Any:
    domain = domain_of(node.domain)
    if (node.domain, node.op_type) in scope.functions:
        return _by_function(node, inputs, scope.functions[node.domain, node.op_type], scope)
    rule = OPERATORS.get((domain, node.op_type))
    if rule is None:
        return _by_definition(node, inputs, scope)
    graphs = {each.name: each.g for each in node.attribute if each.HasField("g")}

    def run(name: str, *given: Any) -> list[Any]:
        graph = graphs[name]
        inner = dict(values)
        inner |= {each.name: array_of(each, "an initializer") for each in graph.initializer}
        inner |= {each.name: x for each, x in zip(graph.input, given, strict=True)}
        _compute(graph.node, inner, scope)
        return [_array(_value(inner, each.name)) for each in graph.output]

    attributes = _attributes(node, scope)
    version, count = scope.versions.get(domain, 1), sum(map(bool, node.output))
    return rule(Operation(node.op_type, version, attributes, count, run), *inputs)


def _array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, np.generic) else value


def _attributes(node: NodeProto, scope: _Scope) -> dict[str, Any]:
    resolved = (
        scope.references.get(each.ref_attr_name) if each.ref_attr_name else each
        for each in node.attribute
    )  # fmt: skip
    names = [each.name for each in node.attribute]
    return {
        name: _decoded(each)
        for name, each in zip(names, resolved, strict=True)
        if each is not None and not each.HasField("g")
    }


def _decoded(attribute: AttributeProto) -> Any:
    if attribute.type == AttributeProto.TENSOR:
        return array_of(attribute.t, attribute.name)
    value = helper.get_attribute_value(attribute)
    return list(value) if attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS) else value


def _by_definition(node: NodeProto, inputs: list[Any], scope: _Scope) -> Any:
    """Compute an operator by the operators of which ONNX defines it."""
    schema: Any = schema_of(node, scope.versions)
    if schema is None:
        raise UnsupportedError(f"from_onnx: this library lacks the operator {node.op_type}")
    if schema.has_context_dependent_function:
        own = NodeProto()
        own.CopyFrom(node)
        del own.attribute[:]
        resolved = [
            scope.references.get(x.ref_attr_name) if x.ref_attr_name else x for x in node.attribute
        ]
        for name, each in zip([x.name for x in node.attribute], resolved, strict=True):
            if each is not None:
                own.attribute.add().CopyFrom(each)
                own.attribute[-1].name = name
        types = [_type_of(each) for each in inputs]
        content = schema.get_context_dependent_function(
            own.SerializeToString(), [each.SerializeToString() for each in types]
        )
        function = FunctionProto()
        function.ParseFromString(content)
    else:
        function = schema.function_body
    return _by_function(node, inputs, function, scope, schema)


def _type_of(value: Any) -> TypeProto:
    if value is None:
        return TypeProto()
    number = helper.np_dtype_to_tensor_dtype(np.dtype(value.dtype))
    return helper.make_tensor_type_proto(number, list(value.shape))


def _by_function(
    node: NodeProto, inputs: list[Any], function: FunctionProto, scope: _Scope, schema: Any = None
) -> Any:
    if scope.depth >= MAX_DEPTH:
        raise FormatError(f"from_onnx: functions are nested deeper than {MAX_DEPTH}")
    given = {each.name: each for each in node.attribute if not each.ref_attr_name}
    given |= {
        each.name: scope.references[each.ref_attr_name]
        for each in node.attribute
        if each.ref_attr_name and each.ref_attr_name in scope.references
    }
    defaults = {each.name: each for each in function.attribute_proto}
    if schema is not None:
        defaults |= {
            name: each.default_value
            for name, each in schema.attributes.items()
            if each.default_value.name
        }
    versions = scope.versions | {domain_of(x.domain): x.version for x in function.opset_import}
    inner = _Scope(versions, scope.functions, defaults | given, scope.depth + 1)
    padded = [*inputs, *[None] * (len(function.input) - len(inputs))]
    values: dict[str, Any] = dict(zip(function.input, padded, strict=True)) | {"": None}
    _compute(function.node, values, inner)
    return tuple(values.get(name) for name in function.output)
