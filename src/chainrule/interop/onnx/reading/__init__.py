"""ONNX files read: bytes, checked; then a function whose operators are NumPy's on traced values."""
