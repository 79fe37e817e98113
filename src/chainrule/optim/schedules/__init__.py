"""Learning-rate schedules: constant, decay, warm-up, plateau."""
