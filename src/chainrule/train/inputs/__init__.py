"""From what users pass to samples: arrays, tables, targets."""
