"""Passes from loops to loops: layout, fusion, vectorization, memory plan."""
