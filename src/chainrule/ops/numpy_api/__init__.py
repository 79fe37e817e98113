"""NumPy's functions, composed of primitives."""
