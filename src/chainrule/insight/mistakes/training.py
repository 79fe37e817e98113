"""Mistakes that show in training: a copy does not learn, and learns with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.mistakes.architecture import likely_architecture_mistakes
from chainrule.insight.mistakes.behaviour import behaviour_mistakes
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.changes import mend_output
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.search import findings
from chainrule.insight.mistakes.settings import likely_setting_mistakes
from chainrule.insight.mistakes.subject import Subject
from chainrule.insight.mistakes.trial import Outcome, Trials, can_be_made_anew

__all__ = ["training_mistakes"]

_LEARNED = 0.9
"""Part of the targets explained, beyond which a network has learned."""
_FAILED = 0.6
"""Part below which likely mistakes and what is unusual are worth saying."""
_BEGUN = 0.5
"""Part beyond which a network learns whose trial is shorter than its training."""
_SEEDS = 3


def training_mistakes(subject: Subject, X: Any, y: Any, found: list[Mistake]) -> Iterator[Mistake]:
    """Yield the mistakes that keep a network from learning, found by trials.

    Three trials from different seeds must fail, and two with the change succeed.
    """
    if not can_be_made_anew(subject.layers) or len(X) < 2 or not isinstance(X, np.ndarray):
        return
    trials = Trials(subject, X, y)
    mend_output(trials, found)
    enough = _LEARNED if trials.is_complete else _BEGUN
    outcomes: list[Outcome] = []
    for seed in range(_SEEDS):
        try:
            outcomes.append(trials.run(trials.recipe(), seed))
        except (ChainruleError, TypeError, ValueError):  # of a layer or loss of the user's own
            return
        if outcomes[-1].train >= enough and not outcomes[-1].diverged:
            return
    best = max(outcomes, key=lambda each: each.score)
    seen = {each.code for each in found}
    for each in (*_tried(trials, best), *_likely(subject, best)):
        if each.code not in seen:
            seen.add(each.code)
            yield each


def _tried(trials: Trials, best: Outcome) -> Iterator[Mistake]:
    """Yield what single changes name, or several together where none helps alone."""
    for change, title, score in findings(trials, best):
        besides = ", the output mended," if trials.is_mended else ""
        yield Mistake(kind(change.code), _evidence(title.rstrip(",") + besides, best, score))


def _likely(subject: Subject, best: Outcome) -> Iterator[Mistake]:
    """Yield what is probably wrong with a network that fails, whatever it was tried with."""
    if best.train < _FAILED or best.diverged:
        yield from likely_architecture_mistakes(subject)
        yield from likely_setting_mistakes(subject)
        yield from behaviour_mistakes(subject, best)


def _evidence(title: str, best: Outcome, score: float) -> str:
    before = (
        "its loss becomes NaN or infinite"
        if best.diverged
        else (f"it explains {max(best.score, 0):.0%} of the targets")
    )
    return (
        f"with {title} a copy explains {score:.0%} of the targets beyond a constant answer "
        f"in as many steps; as it is {before}"
    )
