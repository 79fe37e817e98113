"""How the cells of a column are written: missing values, numbers, dates; learned in training."""
