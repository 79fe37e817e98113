"""Least squares and curve fits."""
