"""ONNX: networks written as files that other programs run, and such files read."""

from importlib.util import find_spec

if find_spec("onnx") is None:
    raise ModuleNotFoundError(
        "ONNX files need the package onnx, which is not installed; run: "
        "pip install 'chainrule[onnx]'",
        name="onnx",
    )

from chainrule.interop.onnx.reading.from_onnx import from_onnx, function_from_onnx
from chainrule.interop.onnx.reading.function import OnnxFunction

__all__ = ["OnnxFunction", "from_onnx", "function_from_onnx"]
