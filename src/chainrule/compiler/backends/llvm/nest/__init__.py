"""Code of loop nests: statements, loops, expressions, reductions. Start with ``statement``."""
