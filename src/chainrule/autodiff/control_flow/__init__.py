"""Loops and branches, whose bodies are graphs: scan, while_loop, cond."""
