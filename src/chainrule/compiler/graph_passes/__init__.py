"""Passes from graph to graph: simplification, scans, convolution gradients."""
