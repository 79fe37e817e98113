"""Functions of SciPy with its names and arguments, composed of primitives; SciPy is not needed."""
