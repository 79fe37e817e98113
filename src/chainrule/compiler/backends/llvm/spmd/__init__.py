"""Single program, multiple data: work sharing, barrier, worker loop."""
