"""The functions that ``net.compile(metrics=...)`` takes as metrics of their name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from chainrule.arguments.aliases import SCORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names

__all__ = ["metric_function"]

Score = TypeVar("Score", bound=Callable[..., Any])


def metric_function(function: Score) -> Score:
    """Let ``net.compile(metrics=...)`` take a function as the metric of its name."""
    answering = answers_foreign_names(SCORE_ALIASES)(function)
    vars(answering)["metric_name"] = function.__name__
    return answering
