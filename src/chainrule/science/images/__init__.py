"""Filters of images: edges, smoothing, thresholds, focus."""

__all__: list[str] = []
