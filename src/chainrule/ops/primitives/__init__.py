"""Records of the primitives, by family: shape rule, value, derivative, formula, samples."""
