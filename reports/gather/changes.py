"""Which channels the change of the main figures comes from, to the last cent."""

from __future__ import annotations

from kpis.explain import change
from kpis.explain.number import Figure as Explained
from kpis.query import By
from kpis.values import Value
from reports.content import Part, Waterfall
from reports.gather import channels
from reports.gather.gathering import Gathering

# What adds up, and is aimed at: the parts of a ratio's change are mix and rate, which need their own words.
TOLD = ("revenue", "leads")


def waterfalls(found: Gathering) -> tuple[Waterfall, ...]:
    every = (_waterfall(found, slug) for slug in TOLD)
    return tuple(waterfall for waterfall in every if waterfall)


def _waterfall(found: Gathering, slug: str) -> Waterfall | None:
    """None where a figure, or what a channel has to do with it, is not known."""
    answer = found.answer(channels.MAIN.question(found.frame))
    explained = change.explained(Explained(slug, found.frame.period, found.frame.only), answer, By.CHANNEL)
    value, previous = explained.value.decimal, explained.previous.decimal
    if value is None or previous is None or explained.effect is None or explained.effect.total != explained.difference:
        return None
    parts = [Part(group.key, amount) for group in explained.groups if group.effect and (amount := Value(group.effect.total).decimal)]
    return Waterfall(slug, "channel", previous, value, tuple(parts))
