"""Insight into a network: derived gradients, the compiled training program, figures."""

from chainrule.insight.program_report import NestReport, ProgramReport

__all__ = ["NestReport", "ProgramReport"]
