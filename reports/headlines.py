"""The main figures of every client, told anew when they change or their days do, and read for many clients at once.

Each client's are made inside its schema, by a job, and kept in the public one: reading them enters no schema.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.utils import timezone

from accounts import access
from accounts.models import Client
from accounts.tenancy import one_state
from campaigns.models import Connection
from campaigns.standings.models import Standing
from jobs import queue
from jobs.models import Job
from kpis import choices, query, recompute
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Unit
from kpis.periods import ONE_DAY, WEEK, Calendar, Grain, Period, buckets
from kpis.query import Answer, By, Question, Slice
from kpis.values import Reason, Value
from reports import concerns, exchange
from reports.concerns import Concerns
from reports.gather.headlines import DEFAULT
from reports.models import Headline

KIND = "reports.headline"
SEE = "client.view"
SLUGS = DEFAULT
WEEKS_OF_TREND = 12
# One that failed for good is tried again after this, unless figures change before.
TRIED_AGAIN = timedelta(hours=1)
# How many are asked for at once: at midnight it is everyone of a time zone.
MOST = 500


class Figure(msgspec.Struct, frozen=True):
    """A KPI and what it was before. `value` is exact; where it is None, `reason` says why. `previous` is None where nothing compares.

    `is_provisional`: it will still move by itself. `is_incomplete`: days of its period are not loaded.
    """

    value: Decimal | None
    reason: Reason | None
    previous: Decimal | None
    is_provisional: bool
    is_incomplete: bool


class Figures(msgspec.Struct, frozen=True):
    """By KPI. `trend`: of the last twelve weeks, oldest first, to be drawn and not to be quoted; None for a week not wholly loaded."""

    week: dict[str, Figure]
    month: dict[str, Figure]
    trend: dict[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class Told:
    """What is kept of a client. `rate`: what one unit of its currency is worth in the one asked for, if any; None without a rate."""

    currency: str
    week: Period
    month: Period
    complete_until: date | None
    figures: Figures
    concerns: Concerns
    data_version: int
    computed_at: datetime
    lost_connections: int
    rate: Fraction | None

    def converted(self, slug: str) -> Figure:
        """The week's figure in the currency asked for; what it was before by the same rate, so that no rate looks like a change."""
        figure = self.figures.week[slug]
        if figure.value is None or self.rate == 1 or DEFINITIONS[slug].unit is not Unit.MONEY:
            return figure
        if self.rate is None:
            return msgspec.structs.replace(figure, value=None, previous=None, reason=Reason.NO_EXCHANGE_RATE)
        return msgspec.structs.replace(figure, value=_times(figure.value, self.rate), previous=_times(figure.previous, self.rate))


def for_clients(clients: QuerySet[Client], currency: str = "") -> dict[int, Told]:
    """By client id, of those among `clients` whose figures whoever asks may see and that have been told; `currency` to convert to.

    `clients` come from `accounts.access`, with the roles there of whoever asks; of others, who may see them is not known.
    """
    seen = [client.pk for client in clients if SEE in access.permissions_in(client)]
    kept = Headline.objects.filter(client__in=among(seen)).values_list(
        "pk", "currency", "week_since", "week_until", "month_since", "month_until", "complete_until",
        Cast("figures", TextField()), Cast("concerns", TextField()), "data_version", "computed_at",
    )  # fmt: skip
    rows = list(kept)
    lost = _lost_connections(seen)
    rates = exchange.rates_into(currency, {(row[1], row[3]) for row in rows}) if currency else {}
    return {
        number: Told(
            money, Period(since, until), Period(first, last), complete_until, _figures.decode(figures),
            _concerns.decode(needs), version, computed_at, lost.get(number, 0), rates.get((money, until)),
        )
        for number, money, since, until, first, last, complete_until, figures, needs, version, computed_at in rows
    }  # fmt: skip


def among(ids: Collection[int]) -> RawSQL:
    """What `…__in` may be: one parameter however many ids there are, where a list is taken apart and written out one by one."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])


_figures = msgspec.json.Decoder(Figures)
_concerns = msgspec.json.Decoder(Concerns)


def ask(client_id: int) -> None:
    """Have a client's headline told anew; asking again before that is done changes nothing."""
    queue.enqueue(KIND, client_id=client_id)


def open_due() -> None:
    """Ask for the headlines of clients whose days are others by now, or that have none. Called by every tick, safe in parallel.

    Also where an account was read since: if it told nothing new, no figure changed, but the data goes further than before.
    """
    now = timezone.now()
    failed = Q(state=Job.State.FAILED, finished_at__gt=now - TRIED_AGAIN)
    asked = Job.objects.filter(Q(state__in=Job.OPEN) | failed, kind=KIND, client_id=OuterRef("pk"))
    read = Standing.objects.filter(client=OuterRef("pk"), read_at__gt=OuterRef("headline__computed_at"))
    is_other = Q(headline=None) | Q(headline__due_at__lte=now) | Exists(read)
    due = Client.objects.filter(is_other, ~Exists(asked), closed_at=None)
    for client_id in due.order_by("headline__due_at").values_list("pk", flat=True)[:MOST]:
        ask(client_id)


def refresh(client: Client, effect: AbstractContextManager[None], now: datetime) -> None:
    """Tell the headline of the client whose schema is open, of the days that are the last at `now`."""
    # Before the effect, in a transaction of its own: its figures are all of one instant.
    row = _told(client, now)
    with effect:
        fields = [field.name for field in Headline._meta.local_concrete_fields if not field.primary_key]
        Headline.objects.bulk_create([row], update_conflicts=True, unique_fields=["client"], update_fields=fields)


@dataclass(frozen=True)
class Days:
    """The last week that is over, the month up to yesterday with the same part of the one before, and the weeks of the trend."""

    week: Period
    month: Period
    month_before: Period
    trend: Period

    @classmethod
    def before(cls, today: date, calendar: Calendar) -> Days:
        week = calendar.whole(today - WEEK, Grain.WEEK)
        yesterday = today - ONE_DAY
        [month] = buckets(Period(yesterday.replace(day=1), yesterday), Grain.MONTH, calendar)
        return cls(week, month.period, month.previous, Period(week.until + ONE_DAY - WEEKS_OF_TREND * WEEK, week.until))

    def questions(self, calendar: Calendar) -> list[Question]:
        """The trend is compared with itself: a course is not compared."""
        return [
            Question(self.week, slugs=SLUGS, calendar=calendar),
            Question(self.month, slugs=SLUGS, previous=self.month_before, calendar=calendar),
            Question(self.trend, By.WEEK, SLUGS, self.trend, calendar=calendar),
        ]


def _told(client: Client, now: datetime) -> Headline:
    with one_state():
        # A move to another currency or zone may have come since the client was looked up.
        client.refresh_from_db(fields=["currency", "timezone"])
        today = now.astimezone(client.zone).date()
        calendar = choices.in_force().calendar
        days = Days.before(today, calendar)
        version = recompute.data_version()
        week, month, trend = query.ask_all(days.questions(calendar))
        needs = concerns.of(client, calendar, week.coverage, now)
    return Headline(
        client=client,
        currency=client.currency,
        week_since=days.week.since,
        week_until=days.week.until,
        month_since=days.month.since,
        month_until=days.month.until,
        complete_until=_complete_until(week.coverage),
        figures=msgspec.to_builtins(Figures(_of_period(week), _of_period(month), {slug: _course(trend, slug) for slug in SLUGS})),
        concerns=msgspec.to_builtins(needs),
        data_version=version,
        computed_at=now,
        due_at=datetime.combine(today + ONE_DAY, time(), client.zone),
    )


def _of_period(answer: Answer) -> dict[str, Figure]:
    found = answer.total.values(SLUGS, answer.coverage)
    return {
        slug: Figure(
            one.value.decimal, one.value.reason, one.previous.decimal, one.is_provisional, is_incomplete=one.days_loaded < one.days
        )
        for slug, one in found.items()
    }


def _course(answer: Answer, slug: str) -> tuple[float | None, ...]:
    return tuple(_whole_value(slug, group, answer.coverage) for group in answer.groups)


def _whole_value(slug: str, group: Slice, coverage: Coverage) -> float | None:
    """None where a day is not loaded, for a part would look like a fall."""
    definition = DEFINITIONS[slug]
    if not query.is_whole(definition, group.period, coverage):
        return None
    exact = group.value(definition, coverage).exact
    return None if exact is None else float(exact)


def _complete_until(coverage: Coverage) -> date | None:
    families = {family for slug in SLUGS for family in DEFINITIONS[slug].families}
    return min((last for family in families if (last := coverage.last_day(family))), default=None)


def _lost_connections(client_ids: list[int]) -> dict[int, int]:
    lost: QuerySet[Any] = Standing.objects.filter(client__in=among(client_ids), state=Connection.State.LOST_ACCESS)
    return dict(lost.order_by().values_list("client").annotate(number=Count("pk")))


def _times(amount: Decimal | None, rate: Fraction) -> Decimal | None:
    return None if amount is None else Value(Fraction(amount) * rate).decimal
