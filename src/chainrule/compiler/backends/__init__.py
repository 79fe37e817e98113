"""Backends: code generators for the loop language, which never depend on graphs."""
