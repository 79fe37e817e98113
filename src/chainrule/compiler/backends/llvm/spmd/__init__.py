"""One program on all threads: work sharing, barriers, workers."""
