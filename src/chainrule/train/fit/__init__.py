"""A call of ``fit``: fit, epochs, trainer, compiled steps, step runner."""
