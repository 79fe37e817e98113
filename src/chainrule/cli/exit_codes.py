"""Exit codes of commands that a signal has ended, as a shell reports them: 128 and its number."""

from __future__ import annotations

import signal

__all__ = ["INTERRUPTED"]

INTERRUPTED = 128 + signal.SIGINT
"""Of a command that Ctrl-C has ended."""
