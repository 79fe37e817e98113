"""From graph to loops, one file a family of primitives."""
