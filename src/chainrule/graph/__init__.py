"""The graph IR: primitives, nodes, graphs, tracing, evaluation. Start with ``primitive``."""
