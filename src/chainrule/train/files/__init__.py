"""Serialisation of networks and its schema."""
