"""Compiled programs on disk: object cache, its key, the fingerprint of the build."""
