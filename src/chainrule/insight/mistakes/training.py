"""Mistakes that show in training: a copy does not learn, and learns with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import counted
from chainrule.insight.mistakes.architecture import likely_architecture_mistakes
from chainrule.insight.mistakes.behaviour import behaviour_mistakes
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.changes import mend_output
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.search import findings
from chainrule.insight.mistakes.settings import extreme_rates, likely_setting_mistakes
from chainrule.insight.mistakes.subject import Subject
from chainrule.insight.mistakes.trial import Outcome, Trials

__all__ = ["training_mistakes"]

_LEARNED = 0.9
"""Part of the targets explained, beyond which a network has learned."""
_FAIR = 0.65
"""Part beyond which a network is not accused."""
_BEGUN = 0.5
"""Part beyond which a network learns whose trial is shorter than its training."""
_UNRELATED = 0.1
"""Part of targets held out below which they seem unrelated to the inputs."""
_SEEDS = 3


def training_mistakes(
    subject: Subject, X: Any, y: Any, found: list[Mistake]
) -> tuple[list[Mistake], str]:
    """Return the mistakes that keep a network from learning, found by trials, and a remark.

    Three trials from different seeds must fail, and two with the change succeed.
    """
    if len(X) < 2 or not isinstance(X, np.ndarray):
        return [], ""
    if subject.nature == "amounts" and subject.outputs and y[0].size != _outputs_of(subject):
        return [], "outputs are compared with targets by the loss alone, so no copy was tried"
    trials = Trials(subject, X, y)
    if subject.net.history is not None and trials.own_score() >= _LEARNED:
        return [], ""
    mend_output(trials, found)
    outcomes, has_learned = _as_it_is(trials)
    best = max(outcomes, key=lambda each: each.score)
    tried = [] if has_learned else [*_named(trials, best)]
    new: dict[str, Mistake] = {}
    for each in (*tried, *_unchanged(outcomes)):
        if each.code not in {x.code for x in found}:
            new.setdefault(each.code, each)
    note = _remark(trials, best) if not (found or new) else ""
    return list(new.values()), note


def _outputs_of(subject: Subject) -> int:
    """Return the number of outputs of a sample."""
    return int(np.prod([each or 1 for each in subject.model.output_shape[1:]]))


def _remark(trials: Trials, best: Outcome) -> str:
    """Return what may be wrong with the data themselves, which no change can show."""
    if best.held_out > _UNRELATED or trials.count == len(trials.X) or not trials.is_complete:
        return ""
    held_out = f"{max(best.held_out, 0):.0%} of those held out"
    if best.train < _LEARNED:
        return (
            f"a copy explains {max(best.train, 0):.0%} of the training targets and {held_out}, "
            "and no change that was tried much more: the inputs may not tell the targets"
        )
    return (
        f"a copy explains {best.train:.0%} of the training targets and {held_out}: the targets are "
        f"unrelated to the inputs, as if shuffled, or {trials.count} samples are too few for "
        f"{counted(trials.subject.net.count_params(), 'parameter')}"
    )


def _as_it_is(trials: Trials) -> tuple[list[Outcome], bool]:
    """Return trials without a change, and whether the last of them learned."""
    enough = _LEARNED if trials.is_complete else _BEGUN
    outcomes: list[Outcome] = []
    for seed in range(_SEEDS):
        outcomes.append(trials.run(trials.recipe(), seed))
        if outcomes[-1].train >= enough and not outcomes[-1].diverged:
            return outcomes, True
    return outcomes, False


def _unchanged(outcomes: list[Outcome]) -> Iterator[Mistake]:
    """Yield layers that have no gradient: training leaves them as they are, from each seed."""
    if any(each.diverged for each in outcomes):
        return
    names = frozenset[str].intersection(*[each.unchanged for each in outcomes])
    if names:
        listed = ", ".join(map(repr, sorted(names)))
        yield Mistake(
            kind("CR024"),
            f"the weights of {listed} are as before after {len(outcomes[0].losses)} epochs of a "
            "copy: the loss has no gradient with respect to them",
            "let the loss depend on them by functions that have a derivative other than 0, not by "
            "round, sign, argmax, comparisons or stop_gradient",
        )


def _named(trials: Trials, best: Outcome) -> Iterator[Mistake]:
    """Yield what changes name, and what is probably wrong with a network that fails.

    Of a network that nothing would improve only rates are named that are right for none.
    """
    subject = trials.subject
    if best.score >= _FAIR:
        return
    found = findings(trials, best)
    for change, title, score in found or ():
        besides = ", the output mended," if trials.is_mended else ""
        yield Mistake(kind(change.code), _evidence(title.rstrip(",") + besides, best, score))
    if best.diverged or found is not None:
        yield from likely_architecture_mistakes(subject)
        yield from likely_setting_mistakes(subject)
    yield from extreme_rates(subject)
    if best.diverged or found is not None:
        recipe = trials.recipe()
        yield from behaviour_mistakes(subject, best, recipe.X, recipe.y)


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
