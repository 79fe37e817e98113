"""All extrema on a closed interval."""
