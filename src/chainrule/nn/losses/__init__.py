"""Losses and their registry."""
