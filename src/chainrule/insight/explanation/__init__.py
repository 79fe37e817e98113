"""Explanations: the equations of a network or function, its derived gradients, and their proof."""
