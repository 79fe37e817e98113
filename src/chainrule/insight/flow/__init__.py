"""Flow graphs: the operations of a graph, or its layers, drawn as boxes and arrows."""
