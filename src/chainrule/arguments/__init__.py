"""Checks of arguments: ranges, unknown names, names of other libraries."""
