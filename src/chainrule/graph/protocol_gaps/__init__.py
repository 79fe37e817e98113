"""Calls that NumPy's dispatch protocols miss: ``array.dot``, ``math.exp``, foreign arrays."""
