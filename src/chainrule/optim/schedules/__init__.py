"""Schedules of the learning rate: constant, decay, warm-up, plateau."""
