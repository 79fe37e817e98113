"""Dependence of accesses, independence of batch rows."""
