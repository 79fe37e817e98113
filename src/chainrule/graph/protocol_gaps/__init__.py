"""What NumPy's protocols leave out: ``array.dot``, ``math.exp``, foreign arrays."""
