"""Formulas of graphs in index notation: expressions, their simplification, print and value."""
