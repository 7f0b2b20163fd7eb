"""Which figures of earlier reports are other ones by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from kpis.definitions import DEFINITIONS, Unit
from kpis.query import Question
from reports.content import Correction, Corrections
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, one_of
from reports.gather.told import Told

# Below both, a change is counted and not listed; of what is not money, below the first.
SMALL_SHARE = Decimal("0.01")
SMALL_MONEY = Decimal(10)


def questions(frame: Frame) -> Sequence[Question]:
    return [_question(told) for told in frame.told]


def corrections(found: Gathering) -> Corrections:
    """Against the newest value that a reader saw: what was corrected once is not told again, and small steps add up until they count."""
    listed: list[Correction] = []
    minor: list[Correction] = []
    for told in found.frame.told:
        for correction in _moved(found, told):
            if not _is_small(correction):
                listed.append(correction)
            elif told.minor.get(correction.slug, correction.old) != correction.new:
                minor.append(correction)
    return Corrections(tuple(listed), len(minor), tuple(minor))


def _question(told: Told) -> Question:
    return one_of(told.period, tuple(told.values))


def _moved(found: Gathering, told: Told) -> Iterator[Correction]:
    answer = found.answer(_question(told))
    for slug, old in told.values.items():
        new = answer.total.value(DEFINITIONS[slug], answer.coverage).decimal
        if new != old:
            yield Correction(told.key, slug, old, new)


def _is_small(correction: Correction) -> bool:
    if correction.old is None or correction.new is None:
        return False
    moved = abs(correction.new - correction.old)
    if DEFINITIONS[correction.slug].unit is Unit.MONEY and moved >= SMALL_MONEY:
        return False
    return moved < SMALL_SHARE * abs(correction.old)
