"""Automatic differentiation: reverse mode, ``grad`` and ``vjp``, ``custom_vjp``, ``scan``."""
