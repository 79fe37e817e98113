"""From graph to graph: reverse mode, forward mode, batching."""
