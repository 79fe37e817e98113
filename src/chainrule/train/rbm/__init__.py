"""Restricted Boltzmann machine: energies, contrastive divergence, and the model itself."""
