"""What a program is: primitives, nodes, graphs, and their meaning. Start with ``primitive``."""
