"""NumPy functions with NumPy's names and arguments, composed of primitives."""
