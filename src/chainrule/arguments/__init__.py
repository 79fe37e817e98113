"""Arguments: ranges of values, unknown names, names that other libraries use."""
