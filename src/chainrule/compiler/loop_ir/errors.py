"""The error of a graph that has no loops; apart, as the driver needs it before any loops."""

from chainrule.errors import UnsupportedError

__all__ = ["CannotCompile"]


class CannotCompile(UnsupportedError):  # noqa: N818 - a reason to fall back, not a failure
    """A program uses what no native backend compiles; the NumPy evaluator runs it instead."""
