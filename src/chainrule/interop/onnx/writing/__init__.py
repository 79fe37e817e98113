"""Networks as ONNX files: trace, lower to operators, check, write; one module a stage."""

from chainrule.interop.onnx.writing.export import export_network

__all__ = ["export_network"]
