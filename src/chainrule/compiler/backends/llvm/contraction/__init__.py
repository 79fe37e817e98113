"""Contraction kernels: register tiles, panels and packing, as in BLIS. Start with ``kernel``."""
