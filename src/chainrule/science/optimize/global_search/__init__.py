"""Minimisation over a whole region: annealing, evolution, hopping, grids."""
