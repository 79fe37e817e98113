"""Transformations of functions that most programs do not use, imported when they are."""

__all__: list[str] = []
