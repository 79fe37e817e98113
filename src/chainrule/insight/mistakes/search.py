"""The search for what keeps a network from learning: single changes, or a smallest set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.insight.mistakes.change import Change
from chainrule.insight.mistakes.changes import changes, remedies
from chainrule.insight.mistakes.trial import Outcome, Recipe, Trials
from chainrule.optim.adam import Adam
from chainrule.optim.minimizer import Minimizer

__all__ = ["Finding", "findings"]

_GAIN = 0.2
"""Part of the targets that a change must explain more, of a network that explains little."""
_LITTLE = 0.3
_SHARE = 0.5
"""Part of the largest gain that other changes must reach to be named beside it."""
_MOST = 4  # changes that are named

_EARLY = 0.4
"""Gain that names a mistake where only the first part of a training is tried."""
_BEGINNING = 0.1
_SPEED = ("CR051", "CR053", "CR055")
"""What makes a training faster, which is no evidence where a part of it explains something."""

Finding = tuple[Change, str, float]
"""A change, its title with those it needs besides, and what a copy explains with them."""


def findings(trials: Trials, best: Outcome) -> list[Finding] | None:
    """Return the changes that make a network explain much more, the most helpful first.

    None where a network without the usual mistakes explains little more: the targets cannot be
    learned better. Otherwise one thing after another is changed; where none helps alone, all are
    changed together, and those that it can do without are taken back.
    """
    base = max(best.score, 0.0)
    gentle = [*_gentle(trials)]
    together = list({each.code: each for each in remedies(trials)}.values())
    reach = _score(trials, gentle, base)
    if reach - base < _needed_gain(base):
        reach = max(reach, _score(trials, together, base))
    if reach - base < _needed_gain(base):
        together = _at_usual_rate(together)
        reach = max(reach, _score(trials, together, base))
    if reach - base < _needed_gain(base):
        return None
    least = max(_needed_gain(base), 0.4 * (reach - base), 0 if trials.is_complete else _EARLY)
    is_under_way = base > _BEGINNING and not trials.is_complete
    found: list[tuple[Change, float]] = []
    for change in changes(trials, best):
        if change.code in _SPEED and is_under_way:
            continue
        if trials.are_used_up:
            break
        if change.code in {each.code for each, score in found if score > 0.9}:
            continue
        score = _score(trials, [change], base)
        if score - base >= least:
            found.append((change, score))
    if found:
        found.sort(key=lambda each: (each[0].code == "CR055", -each[1]))  # after its own rate
        top = max(score for _, score in found) - base
        return [(x, x.title, s) for x, s in found if s - base >= _SHARE * top][:_MOST]
    needed = _needed_together(trials, together, base) if base <= _LITTLE else []
    return [] if is_under_way and all(x.code in _SPEED for x, *_ in needed) else needed


def _needed_gain(base: float) -> float:
    """Return the gain that names a mistake: half of what is missing, unless little was learned."""
    return _GAIN if base < _LITTLE else max(_GAIN, (1 - base) / 2)


def _gentle(trials: Trials) -> Sequence[Change]:
    """Return the changes that help nearly any network: scales, output, Adam with its usual rate."""
    kept = [x for x in remedies(trials) if x.family in ("data", "output", "loss")]
    if not isinstance(trials.subject.objective.optimizer, Minimizer):
        kept.append(Change("CR055", "Adam", _with_adam))
    return kept


def _at_usual_rate(together: Sequence[Change]) -> list[Change]:
    """Return the same changes with the usual rate of Adam, at which fewer units die."""
    rates = ("CR050", "CR051", "CR055")
    return [Change(x.code, "Adam", _with_adam) if x.code in rates else x for x in together]


def _with_adam(recipe: Recipe) -> Recipe:
    return replace(recipe, optimizer=Adam())


def _score(trials: Trials, needed: Sequence[Change], base: float) -> float:
    """Return the lower score of two trials with some changes; of one if it does not help."""
    try:
        recipe = trials.recipe()
        for change in needed:
            recipe = change.apply(recipe)
        first = trials.run(recipe, 0).score
        if first - base < _needed_gain(base):
            return first
        return min(first, trials.run(recipe, 1).score)
    except Exception:  # noqa: BLE001 (of a layer or loss of the user's own)
        return -1.0


def _needed_together(trials: Trials, together: list[Change], base: float) -> list[Finding]:
    """Return a smallest set of changes that help together: all, less those it can do without."""
    kept = list(together)
    score = _score(trials, kept, base)
    if score - base < 2 * _GAIN:
        kept = _at_usual_rate(kept)
        score = _score(trials, kept, base)
    if score - base < 2 * _GAIN:
        return []
    for each in reversed(kept):
        without = [x for x in kept if x is not each]
        if without and _score(trials, without, base) - base >= 0.6 * (score - base):
            kept = without
    return [(x, _title_among(x, kept), score) for x in kept]


def _title_among(change: Change, others: Sequence[Change]) -> str:
    besides = [each.title.strip(",") for each in others if each is not change]
    return change.title.rstrip(",") + (f" (and {' and '.join(besides)})" if besides else "")
