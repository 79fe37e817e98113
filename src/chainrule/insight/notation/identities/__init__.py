"""Identities that simplify expressions, by what they are of."""
