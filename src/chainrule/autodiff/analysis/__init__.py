"""Analyses of a graph that derivatives need: activity, ranges, regularity, sparsity."""
