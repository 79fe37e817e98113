"""Initialisers of parameters and their registry."""
