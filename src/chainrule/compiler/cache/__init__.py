"""Compiled programs on disk: object cache, its key, the build fingerprint."""
