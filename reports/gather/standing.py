"""How far the data goes of everything that a report is made of."""

from __future__ import annotations

from kpis.definitions import DEFINITIONS
from reports import sources
from reports.content import SourceState
from reports.gather.gathering import Gathering


def states(found: Gathering) -> tuple[SourceState, ...]:
    slugs = {slug for question in found.answers for slug in question.slugs}
    families = {measure.family for slug in slugs for measure in DEFINITIONS[slug].measures}
    return tuple(sources.states(found.frame.client, found.frame.period, found.frame.now, families))
