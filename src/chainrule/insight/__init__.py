"""Insight into a network: derived gradients, the compiled training program, figures."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.insight.program_report import NestReport, ProgramReport

__all__ = ["NestReport", "ProgramReport"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a report when it is first used, as most programs use none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.insight import program_report

        globals()[name] = value = getattr(program_report, name)
        return value
