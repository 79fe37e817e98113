"""From graphs to programs that run fast."""
