"""What of a client's own needs a person: days that nobody told of, and months that fall behind their targets.

Read inside the client's schema when its headline is told, and kept with it: whoever looks over many clients enters no schema.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec
from django.db.models import Min

from accounts.models import Client
from campaigns import systems
from campaigns.models import LoadedSpan
from kpis import pace, query
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Direction
from kpis.periods import ONE_DAY, Calendar, Period
from kpis.query import Question
from kpis.targets import Targets
from kpis.values import Value
from reports import sources
from reports.content import SourceState

# Days further back are history: nobody mends them this morning.
LOOKED_BACK = timedelta(days=28)
# Yesterday is still being read by API; who imports files does so every week, and who has long stopped is not waited for.
API_LATE, FILE_LATE, FILE_STOPPED = timedelta(days=2), timedelta(days=8), timedelta(days=60)
FAMILIES = frozenset(family for definition in DEFINITIONS.values() for family in definition.families) - {"costs"}
# So far from an even pace, as a share of it, a month is off; and not before so many days of it are told.
TOLERANCE = Fraction(1, 10)
FEWEST_DAYS = 4


class OffPace(msgspec.Struct, frozen=True):
    """A KPI's month up to `until`: `value` where `expected` should be, both in the KPI's unit, money of the client's currency.

    `distance`: from `expected`, as a share of it, below zero where it falls short.
    """

    slug: str
    value: Decimal
    expected: Decimal
    distance: float
    until: date


class Concerns(msgspec.Struct, frozen=True):
    """Gaps by account, with the days that are missing; KPIs off their pace, the furthest first."""

    gaps: tuple[SourceState, ...] = ()
    off_pace: tuple[OffPace, ...] = ()


def of(client: Client, calendar: Calendar, coverage: Coverage, now: datetime) -> Concerns:
    """Of the client whose schema is open."""
    today = now.astimezone(client.zone).date()
    return Concerns(tuple(gaps(client, today, now)), tuple(off_pace(client, calendar, coverage, today)))


def gaps(client: Client, today: date, now: datetime) -> Iterable[SourceState]:
    """One for each account that lacks days; none of one that was lost, for that is another thing to mend."""
    period, begun = Period(today - LOOKED_BACK, today - ONE_DAY), _begun()
    by_account: dict[tuple[str, str, str], list[SourceState]] = defaultdict(list)
    for state in sources.states(client, period, now, FAMILIES):
        first = begun.get((state.source, state.account, state.family), today)
        missing = tuple(day for day in state.missing_days if first <= day <= _due(state, today))
        if missing and state.family and not state.lost_access:
            by_account[state.source, state.account, state.kind].append(replace(state, missing_days=missing))
    for states in by_account.values():
        days = sorted({day for state in states for day in state.missing_days})
        yield replace(states[0], missing_days=tuple(days))


def _begun() -> dict[tuple[str, str, str], date]:
    """The first day that each account told of, by source, account and family: what was before it is not missing."""
    now, found = systems.in_force(), {}
    spans = LoadedSpan.objects.values_list("connection__source", "connection__name", "connection__account", "family")
    for source, name, account, family, first in spans.annotate(first=Min("since")).order_by("-first"):
        found[source, name or account, systems.counted_as(family, source, now)] = first
    return found


def _due(state: SourceState, today: date) -> date:
    """The last day that the account should have told of by now."""
    if state.kind == "api":
        return today - API_LATE
    assert state.complete_until is not None
    return today - FILE_LATE if state.complete_until > today - FILE_STOPPED else state.complete_until


def off_pace(client: Client, calendar: Calendar, coverage: Coverage, today: date) -> list[OffPace]:
    """Of every KPI with a target this month, told up to the last day that everyone told of."""
    targets, first = Targets.load(client, today), (today - ONE_DAY).replace(day=1)
    by_end: dict[date, list[str]] = defaultdict(list)
    for slug, month in targets.of:
        lasts = [coverage.last_day(family) for family in DEFINITIONS[slug].families]
        if month == first and lasts and None not in lasts:
            by_end[min(today - ONE_DAY, *(last for last in lasts if last))].append(slug)
    months = {Period(first, end): tuple(slugs) for end, slugs in by_end.items() if (end - first).days + 1 >= FEWEST_DAYS}
    answers = query.ask_all([Question(month, slugs=slugs, previous=month, calendar=calendar) for month, slugs in months.items()])
    found = [one for answer in answers for slug in months[answer.period] if (one := _off(slug, answer, targets))]
    return sorted(found, key=lambda one: -abs(one.distance))


def _off(slug: str, answer: query.Answer, targets: Targets) -> OffPace | None:
    """None where it is near enough, better than it should be, or not wholly known."""
    definition, month = DEFINITIONS[slug], answer.period
    value = answer.total.value(definition, answer.coverage).exact
    if value is None or not query.is_whole(definition, month, answer.coverage):
        return None
    expected = pace.of(slug, value, month.until, targets).expected
    if not expected or expected < 0:
        return None
    distance = (value - expected) / expected
    is_worse = definition.direction is Direction.NEUTRAL or (distance < 0) == (definition.direction is Direction.UP)
    if abs(distance) <= TOLERANCE or not is_worse:
        return None
    told, due = Value(value).decimal, Value(expected).decimal
    assert told is not None
    assert due is not None
    return OffPace(slug, told, due, float(distance), month.until)
