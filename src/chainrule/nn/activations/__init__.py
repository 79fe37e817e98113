"""Activation functions and their registry."""
