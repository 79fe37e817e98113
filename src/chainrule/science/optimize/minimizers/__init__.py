"""Minimisation by gradients and without: `minimize`, the names from before it, and `compare`."""
