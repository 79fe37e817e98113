"""ONNX: networks written as files that other programs run, and such files read.

Reading and writing are two programs of some thousand lines each: what a call does not need is not
imported.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

if find_spec("onnx") is None:
    raise ModuleNotFoundError(
        "ONNX files need the package onnx, which is not installed; run: "
        "pip install 'chainrule[onnx]'",
        name="onnx",
    )

if TYPE_CHECKING:
    from chainrule.interop.onnx.reading.from_onnx import from_onnx, function_from_onnx
    from chainrule.interop.onnx.reading.function import OnnxFunction

__all__ = ["OnnxFunction", "from_onnx", "function_from_onnx"]

if not TYPE_CHECKING:  # whose names are those above

    def __getattr__(name: str) -> object:
        """Import what reads files when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.interop.onnx.reading import from_onnx, function

        return getattr(function if name == "OnnxFunction" else from_onnx, name)
