"""Roots of functions of one number, and of systems."""
