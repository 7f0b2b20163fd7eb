"""What a client decides about how its figures are made. Every decision is kept; each moves the days it concerns, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from campaigns import dirty, systems
from campaigns.signals import days_changed
from campaigns.writer import be_the_only_writer
from kpis import rules, signals
from kpis.checks import Wrong, gettext_noop
from kpis.choice_entries import ENTRIES, Dirties, Entry, entry_of
from kpis.models import Choice
from kpis.patterns import like
from kpis.periods import WEEK_STARTS, Calendar
from kpis.rules import Rule
from kpis.timeline import EVER, Timeline

_ = gettext_noop
# What a decision may be dated to.
EARLIEST, LATEST = date(1970, 1, 2), date(2100, 12, 31)
# What `Choices.calendar` is made of.
OF_CALENDAR = {"week_start", "fiscal_start"}
Timelines = dict[str, Timeline[Any]]
NO_MARGIN: Timeline[Decimal | None] = Timeline.always(None)
AS_REPORTED: Timeline[Rule] = Timeline.always({"kind": rules.REPORTED})


@dataclass(frozen=True)
class Choices:
    """The choices in force, by the names of `kpis.choice_entries`.

    A lead is judged by the rules of the day it was created. `margin`, by the day of the order: the share of revenue that is
    left after the goods, where orders do not tell it. Costs are patterns of names. `fiscal_start` is a month.
    """

    engagement_parts: tuple[str, ...] = ("likes", "comments", "shares")
    tax_basis: str = "net"
    margin: Timeline[Decimal | None] = NO_MARGIN
    sales_costs: tuple[str, ...] = ()
    ignored_costs: tuple[str, ...] = ()
    mql_rule: Timeline[Rule] = AS_REPORTED
    sql_rule: Timeline[Rule] = AS_REPORTED
    activity_window: int = 90
    retention_mode: str = "automatic"
    repeat_revenue: str = "before_period"
    lifetime_months: int | None = None
    week_start: str = "monday"
    fiscal_start: int = 1

    @property
    def calendar(self) -> Calendar:
        return Calendar(WEEK_STARTS[self.week_start], self.fiscal_start)

    def parameters(self) -> dict[str, Any]:
        """As the queries of `kpis.facts`, `kpis.leads` and `kpis.customers` name them."""
        margins = list(self.margin.parts())
        return {
            "engagement_parts": list(self.engagement_parts),
            "with_tax": self.tax_basis == "gross",
            "margin_sinces": [days.since for days, _ in margins],
            "margin_untils": [days.until for days, _ in margins],
            "margins": [share for _, share in margins],
            "sales_costs": [like(pattern) for pattern in self.sales_costs],
            "ignored_costs": [like(pattern) for pattern in self.ignored_costs],
            "retention_mode": self.retention_mode,
            "activity_window": self.activity_window,
            "repeat_revenue": self.repeat_revenue,
            "lifetime_months": self.lifetime_months,
            **rules.parameters({"mql": self.mql_rule, "sql": self.sql_rule}),
        }


def in_force() -> Choices:
    """Of the client whose schema is open."""
    chosen = timelines()
    newest = {name: timeline.newest for name, timeline in chosen.items()}
    margins = tuple((since, None if share is None else Decimal(share)) for since, share in chosen["margin"].spells)
    lists = {name: tuple(newest[name]) for name in ("engagement_parts", "sales_costs", "ignored_costs")}
    return Choices(**newest | lists | {"margin": Timeline(margins), "mql_rule": chosen["mql_rule"], "sql_rule": chosen["sql_rule"]})


def timelines() -> Timelines:
    """What is in force on which days, by name, as it is kept."""
    found: Timelines = {name: Timeline.always(entry.default) for name, entry in ENTRIES.items()}
    for name, value, since in Choice.objects.filter(name__in=ENTRIES).order_by("pk").values_list("name", "value", "since"):
        found[name] = found[name].then(since or EVER, value)
    return found


def version() -> int:
    """Number of the newest decision: with equal numbers, and equal numbers of rebuilds, figures are equal."""
    return int(Choice.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def history() -> list[Choice]:
    """Every decision, the newest first."""
    return list(Choice.objects.order_by("-pk"))


def choose(client: Client, name: str, value: object, since: date | None, made_by: Actor) -> bool:
    """Decide, from `since` on or for all days; whether that is another value than before. Raises `Wrong`."""
    return choose_all(client, {name: value}, since, made_by)


def choose_all(client: Client, values: Mapping[str, object], since: date | None, made_by: Actor) -> bool:
    """Decide several at once, or, where one is `Wrong`, none."""
    read = {name: entry_of(name).read(name, value) for name, value in values.items()}
    _check_day(since, read)
    with transaction.atomic():
        be_the_only_writer(client)
        before = timelines()
        after = before | {name: before[name].then(since or EVER, value) for name, value in read.items()}
        moved = [ENTRIES[name] for name in read if after[name] != before[name]]
        if not moved:
            return False
        for entry in moved:
            Choice.objects.create(name=entry.name, value=read[entry.name], since=since, made_by=made_by.label)
        _record(client, moved, before, after, since, made_by)
        families = {family for entry in moved for family in _mark(client, entry, before[entry.name], after[entry.name])}
        if families:
            days_changed.send(sender=None, client=client, families=families)
        else:
            # Nothing is summed anew, but what is read has another meaning from now on.
            signals.figures_changed.send(sender=None, client=client)
        if {entry.name for entry in moved} & OF_CALENDAR:
            signals.calendar_changed.send(sender=None, client=client)
    return True


def _check_day(since: date | None, names: Iterable[str]) -> None:
    if since is None:
        return
    if undated := [name for name in names if not ENTRIES[name].is_dated]:
        raise Wrong("since", _("cannot be said of %(name)s, which holds for all days"), name=undated[0])
    if not EARLIEST <= since <= LATEST:
        raise Wrong("since", _("must be a day from %(earliest)s to %(latest)s"), earliest=EARLIEST, latest=LATEST)


def _record(client: Client, moved: list[Entry], before: Timelines, after: Timelines, since: date | None, made_by: Actor) -> None:
    day = since or EVER
    changes = [{"field": entry.name, "before": before[entry.name].on(day), "after": after[entry.name].on(day)} for entry in moved]
    dated = {"since": since.isoformat()} if since else {}
    audit.record("choice.made_from" if since else "choice.made", made_by, organisation=client, changes=changes, **dated)


def _mark(client: Client, entry: Entry, before: Timeline[Any], after: Timeline[Any]) -> set[str]:
    """Mark the days on which facts are summed otherwise than before; the families of those."""
    return {family for dirties in entry.dirties for family in dirty.mark(dirties.family, _days(client, dirties, before, after))}


def _days(client: Client, dirties: Dirties, before: Timeline[Any], after: Timeline[Any]) -> set[date]:
    periods = before.differing(after)
    asked: dict[str, Any] = {
        "zone": client.timezone,
        **systems.in_force(),
        "sinces": [period.since for period in periods],
        "untils": [period.until for period in periods],
        "before": _patterns(before.newest),
        "after": _patterns(after.newest),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT day FROM ({dirties.days}) AS moved", asked)
        return {day for (day,) in cursor.fetchall()}


def _patterns(value: object) -> list[str]:
    return [like(part) for part in value] if isinstance(value, list) else []
