"""Mistakes that show in training: a copy does not learn, and learns with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.mistakes.architecture import likely_architecture_mistakes
from chainrule.insight.mistakes.behaviour import behaviour_mistakes
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.changes import Change, changes, remedies
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.settings import likely_setting_mistakes
from chainrule.insight.mistakes.subject import Subject
from chainrule.insight.mistakes.trial import Outcome, Trials, can_be_made_anew

__all__ = ["training_mistakes"]

_LEARNED = 0.9
"""Part of the targets explained, beyond which a network has learned."""
_FAILED = 0.6
"""Part below which likely mistakes and what is unusual are worth saying."""
_GAIN = 0.15
"""Part of the targets that a change must explain more, of a network that explains little."""
_LITTLE = 0.3
_SEEDS = 3


def training_mistakes(subject: Subject, X: Any, y: Any, found: list[Mistake]) -> Iterator[Mistake]:
    """Yield the mistakes that keep a network from learning, found by trials.

    Three trials from different seeds must fail, and two with the change succeed.
    """
    if not can_be_made_anew(subject.layers) or len(X) < 2 or not isinstance(X, np.ndarray):
        return
    trials = Trials(subject, X, y)
    outcomes: list[Outcome] = []
    for seed in range(_SEEDS):
        try:
            outcomes.append(trials.run(trials.recipe(), seed))
        except (ChainruleError, TypeError, ValueError):  # of a layer or loss of the user's own
            return
        if outcomes[-1].train >= _LEARNED and not outcomes[-1].diverged:
            return
    best = max(outcomes, key=lambda each: each.score)
    seen = {each.code for each in found}
    for each in (*_tried(trials, best), *_likely(subject, best)):
        if each.code not in seen:
            seen.add(each.code)
            yield each


def _tried(trials: Trials, best: Outcome) -> Iterator[Mistake]:
    """Yield what single changes name, or several together where none helps alone."""
    helpful = _helpful(trials, best)
    for change, score in helpful:
        yield Mistake(kind(change.code), _evidence(change.title, best, score))
    if helpful or best.score > _LITTLE:
        return
    needed, score = _needed_together(trials, best)
    for change in needed:
        others = [each.title.strip(",") for each in needed if each is not change]
        title = change.title.rstrip(",") + (f" (and {' and '.join(others)})" if others else "")
        yield Mistake(kind(change.code), _evidence(title, best, score))


def _likely(subject: Subject, best: Outcome) -> Iterator[Mistake]:
    """Yield what is probably wrong with a network that fails, whatever it was tried with."""
    if best.train < _FAILED or best.diverged:
        yield from likely_architecture_mistakes(subject)
        yield from likely_setting_mistakes(subject)
        yield from behaviour_mistakes(subject, best)


def _helpful(trials: Trials, best: Outcome) -> list[tuple[Change, float]]:
    """Return the changes that explain most, and nearly as much as the best of them."""
    gains: list[tuple[Change, float]] = []
    for change in changes(trials):
        score = _score(trials, [change], best.score)
        if score - max(best.score, 0) >= _needed(best.score):
            gains.append((change, score))
    if not gains:
        return []
    gains.sort(key=lambda each: -each[1])
    top, base = gains[0][1], max(best.score, 0)
    return [each for each in gains if each[1] - base >= 0.6 * (top - base)]


def _needed(base: float) -> float:
    """Return the gain that names a mistake: half of what is missing, unless little was learned."""
    return _GAIN if base < _LITTLE else max(_GAIN, (1 - base) / 2)


def _score(trials: Trials, needed: list[Change], base: float) -> float:
    """Return the lower score of two trials with some changes; of one if it does not help."""
    try:
        recipe = trials.recipe()
        for change in needed:
            recipe = change.apply(recipe)
        first = trials.run(recipe, 0).score
        if first - max(base, 0) < _needed(base):
            return first
        return min(first, trials.run(recipe, 1).score)
    except (ChainruleError, TypeError, ValueError):
        return -1.0


def _needed_together(trials: Trials, best: Outcome) -> tuple[list[Change], float]:
    """Return a smallest set of changes that help together: all, less those it can do without."""
    kept: dict[str, Change] = {}
    for each in remedies(trials):
        kept[each.code] = each
    score = _score(trials, list(kept.values()), best.score)
    base = max(best.score, 0)
    if score - base < 2 * _GAIN:
        return [], score
    for each in reversed(list(kept.values())):
        without = [x for x in kept.values() if x is not each]
        if without and _score(trials, without, best.score) - base >= 0.6 * (score - base):
            del kept[each.code]
    return list(kept.values()), score


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
