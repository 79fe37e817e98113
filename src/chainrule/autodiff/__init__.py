"""Derivatives as graphs: reverse mode, and the functions that users call."""
