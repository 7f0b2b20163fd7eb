"""Every figure leads to the rows it is made of, and every change to what made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from accounts.models import Client
from campaigns.records import NANO
from kpis import query, recompute
from kpis.definitions import DEFINITIONS, Definition, Reason
from kpis.explain.rows import Behind, Row, is_listed
from kpis.measures import Measure
from kpis.periods import ONE_DAY, Period
from kpis.query import Only
from kpis.reading import READERS
from kpis.roll_ups import BY_NAME
from tests.kpis.worlds import WORLDS, load

KNOWN = [
    definition for definition in DEFINITIONS.values()
    if all(measure.source in BY_NAME or measure.source in READERS for measure in definition.measures)
]  # fmt: skip


def added_up(measure: Measure, rows: Iterable[Row]) -> Fraction | None:
    """The rows' sum, rounded to a billionth where the roll-ups round; None: a part is not known."""
    parts: dict[tuple[date, str, str], list[Fraction]] = defaultdict(list)
    for row in rows:
        if measure.slug in row.amounts:
            value = row.value(measure)
            if value is None:
                return None
            parts[row.day, row.channel, row.campaign].append(value)
    return sum((to_billionths(sum(values, Fraction(0))) for values in parts.values()), Fraction(0))


def to_billionths(value: Fraction) -> Fraction:
    whole = Decimal(abs(value * NANO).numerator) / Decimal(abs(value * NANO).denominator)
    return Fraction(whole.quantize(Decimal(1), ROUND_HALF_UP)) / NANO * (-1 if value < 0 else 1)


def of_rows(definition: Definition, rows: list[Row]) -> Fraction | None:
    return definition.expression.value(lambda measure: query.Value(added_up(measure, rows))).exact


@pytest.mark.parametrize("name", WORLDS)
def test_the_rows_behind_a_figure_add_up_to_it(lumen: Client, name: str) -> None:
    world = WORLDS[name]()
    load(lumen, world)
    recompute.rebuild_all(lumen)
    part = Period(world.first + 5 * ONE_DAY, world.first + 38 * ONE_DAY)
    for only in (Only(), Only(channels=("paid_search", "email")), Only(campaigns=("Brand", "")), Only(labels=("fr",))):
        answer = query.ask(part, slugs=[definition.slug for definition in KNOWN], only=only)
        listed = [definition for definition in KNOWN if all(is_listed(measure, only) for measure in definition.measures)]
        rows = list(Behind(lumen, [measure for definition in listed for measure in definition.measures], part, only).every())
        values = {definition.slug: answer.total.value(definition, answer.coverage) for definition in listed}
        known = [definition for definition in listed if values[definition.slug].exact is not None]
        assert {each.slug: of_rows(each, rows) for each in known} == {each.slug: values[each.slug].exact for each in known}
        assert len(known) > 10
        unconverted = [each for each in listed if values[each.slug].reason == Reason.NO_EXCHANGE_RATE]
        assert [each.slug for each in unconverted if of_rows(each, rows) is not None] == []
