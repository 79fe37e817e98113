"""What people want to see of a network: its derivatives, its compiled program, its pictures."""

from chainrule.insight.program_report import NestReport, ProgramReport

__all__ = ["NestReport", "ProgramReport"]
