"""ONNX: networks written as files that other programs run, and such files read."""
