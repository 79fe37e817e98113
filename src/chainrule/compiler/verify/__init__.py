"""The IR verifier: the rules of the loop language, checked after each pass."""
