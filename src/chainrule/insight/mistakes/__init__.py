"""Mistakes of a network and its data: one file for each family of checks, a record for each."""
