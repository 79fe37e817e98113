"""Records of the primitives of linear algebra, by decomposition."""
