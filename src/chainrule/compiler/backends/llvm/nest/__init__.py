"""Code of loop nests: statements, expressions, reductions."""
