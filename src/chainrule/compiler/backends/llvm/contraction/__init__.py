"""Code of contractions: register tiles, panels, packing (BLIS)."""
