"""The verifier of loops: what the grammar promises, checked after each stage."""
