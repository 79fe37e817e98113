"""Networks that learn: the step, the epochs, what is watched on the way and what is kept."""
