"""Two layouts of expressions: in matrices, and with indices."""
