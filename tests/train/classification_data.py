"""Inputs and targets of a classification."""

import numpy as np

X = np.linspace(-1, 1, 12).reshape(6, 2)
LABELS = np.array([0, 1, 2, 0, 1, 2])
COLUMN = np.array([[0.0], [1.0], [0.0], [1.0], [0.0], [1.0]])
