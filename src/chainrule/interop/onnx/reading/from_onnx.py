"""`from_onnx`: a model of ONNX as a network of this library."""

from __future__ import annotations

import json
import os
from typing import Any, cast

import numpy as np
from onnx import ModelProto

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.interop.onnx.reading.function import OnnxFunction
from chainrule.interop.onnx.reading.layer import OnnxLayer
from chainrule.interop.onnx.reading.model_file import read_model, versions_of
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Activation
from chainrule.train.files.paths import checked_path
from chainrule.train.network import Network

__all__ = ["from_onnx", "function_from_onnx"]

_CLASSES = "chainrule" + ".classes"
"""The key of the metadata; see `writing.export`."""

Source = str | os.PathLike[str] | bytes


@answers_foreign_names(FIT_ALIASES)
def function_from_onnx(source: Source) -> OnnxFunction:
    """Return a model of ONNX as a function of its inputs, of which it may have several.

    Parameters
    ----------
    source : str, path or bytes
        The file, or its content. Files that it names are not opened.

    Returns
    -------
    OnnxFunction
        Called with arrays or traced values it gives the output, a tuple of several; ``params`` are
        its constants, and ``apply(params, *inputs)`` computes it with others, so that it can be
        differentiated, compiled and trained.

    Raises
    ------
    FormatError
        If the file is no model of ONNX.
    UnsupportedError
        If this library lacks operators or types of it; all operators are listed.
    OSError
        If the file cannot be read.
    ImportError
        Without the package ``onnx``: ``pip install 'chainrule[onnx]'``.
    """
    if not isinstance(source, bytes):
        source = checked_path("from_onnx", source, "model.onnx")
    return OnnxFunction(read_model(source))


@answers_foreign_names(FIT_ALIASES)
def from_onnx(source: Source) -> Network:
    """Return a model of ONNX as a network, which predicts, is trained and saved as any other.

    The operators are computed by NumPy's functions on traced values, so that the graph is one of
    this library: compiled for prediction and training, differentiated, explained. The model is one
    layer, ``onnx``, followed by its last activation if that is a softmax or sigmoid; its constants
    of floating-point numbers are the parameters.

    Parameters
    ----------
    source : str, path or bytes
        The file, or its content. Files that it names are not opened.

    Returns
    -------
    Network
        Built, if the model says the lengths of its input.

    Raises
    ------
    FormatError
        If the file is no model of ONNX.
    UnsupportedError
        If this library lacks operators or types of it, all of which are listed, or if it has
        several inputs or outputs: `function_from_onnx` reads those.
    OSError
        If the file cannot be read.
    ImportError
        Without the package ``onnx``: ``pip install 'chainrule[onnx]'``.

    Examples
    --------
    >>> import numpy as np
    >>> import tempfile, pathlib
    >>> from chainrule import nn
    >>> net = Network([nn.Dense(3, activation="relu"), nn.Dense(2, activation="softmax")])
    >>> y = net(np.eye(4))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "net.onnx"
    >>> net.to_onnx(path)
    >>> again = from_onnx(path)
    >>> again.params["onnx.dense_weight"].shape
    (4, 3)
    >>> bool(np.allclose(again.predict(np.eye(4)), net.predict(np.eye(4)), atol=1e-6))
    True
    """
    function = function_from_onnx(source)
    if len(function.input_names) != 1 or len(function.output_names) != 1:
        raise UnsupportedError(
            f"from_onnx: the model has {len(function.input_names)} inputs and "
            f"{len(function.output_names)} outputs, and a network has one of each; "
            "read it as a function: from chainrule.interop.onnx import function_from_onnx"
        )
    ((dtype, shape),) = function.input_types
    if not shape:
        raise ArgumentError(
            "from_onnx: the input of the model has no batch axis, which a network needs first; "
            "read it as a function: from chainrule.interop.onnx import function_from_onnx"
        )
    model, activation = _without_activation(function.model)
    layers: list[Layer] = [OnnxLayer(OnnxFunction(model))]
    if activation:
        layers.append(Activation(activation))
    net = Network(layers, dtype="float64" if dtype == np.float64 else "float32")
    if all(each is not None for each in shape[1:]):
        net(np.zeros((shape[0] or 1, *cast(Any, shape[1:])), dtype))
    entries = {each.key: each.value for each in function.model.metadata_props}
    _restore_classes(net, entries.get(_CLASSES))
    return net


def _without_activation(model: ModelProto) -> tuple[ModelProto, str]:
    """Return a model without its last activation, with the name of that, for losses of logits."""
    last, output = model.graph.node[-1], model.graph.output[0]
    rank = len(output.type.tensor_type.shape.dim)
    axes = [each.i for each in last.attribute if each.name == "axis"] or [-1]
    is_last_axis = last.op_type == "Sigmoid" or axes[0] in (-1, rank - 1)
    is_read = any(last.output[0] in node.input for node in model.graph.node)
    is_old = versions_of(model).get("", 1) < 13 and rank != 2
    names = {"Softmax": "softmax", "Sigmoid": "sigmoid"}
    if last.op_type not in names or not is_last_axis or is_read or is_old or last.domain:
        return model, ""
    inner = ModelProto()
    inner.CopyFrom(model)
    inner.graph.output[0].name = last.input[0]
    del inner.graph.node[-1]
    return inner, names[last.op_type]


def _restore_classes(net: Network, text: str | None) -> None:
    """Take the names of classes from the metadata that `to_onnx` writes."""
    if text is None or len(text) > 1_000_000:
        return
    try:
        names = json.loads(text)
    except ValueError:
        return
    if isinstance(names, list) and all(isinstance(each, str) for each in cast(list[Any], names)):
        cast(Any, net)._model.classes = names
