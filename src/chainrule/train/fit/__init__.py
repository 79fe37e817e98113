"""A call of ``fit``: epochs, trainer, compiled steps."""
