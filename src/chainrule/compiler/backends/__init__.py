"""One room for each way to run a program of loops; a backend never sees a graph."""
