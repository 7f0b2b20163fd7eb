"""Who needs a person today: one line for each thing to mend, with what happened and where it is mended, the most urgent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import access, moments
from accounts.models import Client
from campaigns.models import Connection
from campaigns.standings.models import Standing
from kpis import formats
from kpis.definitions import DEFINITIONS, Unit
from reports import dates
from reports.concerns import OffPace
from reports.content import SourceState
from reports.headlines import Told, among
from reports.models import Delivery, Run, Schedule
from reports.presentation.figures import tile_label
from reports.presentation.words import cadence_name, source_name

# What is older is past mending; that nobody knows what became of a copy is said for longer.
RECENT, LONG = timedelta(days=14), timedelta(days=30)
# An approval due so soon goes before all else.
SOON = timedelta(hours=4)
MOST_NAMED = 3


class Kind(StrEnum):
    """In the order of their urgency."""

    CONNECTION = "connections"
    DELIVERY = "deliveries"
    APPROVAL = "approvals"
    GAP = "gaps"
    PACE = "paces"


RANK = {kind: place for place, kind in enumerate(Kind)}


def kind_names() -> dict[Kind, str]:
    return {
        Kind.CONNECTION: _("Connections"),
        Kind.DELIVERY: _("Deliveries"),
        Kind.APPROVAL: _("Approvals"),
        Kind.GAP: _("Missing days"),
        Kind.PACE: _("Off pace"),
    }


@dataclass(frozen=True)
class Need:
    """`tell` says what, `action` what a person does about it on `page`. `urgency` orders them, the least first."""

    kind: Kind
    client: Client
    tell: Callable[[], str]
    action: str
    page: str
    args: tuple[int, ...]
    urgency: tuple[float, ...]

    @property
    def text(self) -> str:
        """Written when it is shown: of hundreds, a few are."""
        return self.tell()

    @property
    def url(self) -> str:
        return reverse(self.page, args=[self.client.slug, *self.args])

    @property
    def tone(self) -> str:
        return {Kind.CONNECTION: "lost", Kind.DELIVERY: "lost", Kind.APPROVAL: "moving", Kind.GAP: "incomplete"}.get(self.kind, "moving")


def of(clients: Collection[Client], told: Mapping[int, Told], now: datetime, language: str) -> list[Need]:
    """Of `clients` as `accounts.access` gave them to a person. A constant number of queries."""
    teller = _Teller({client.pk: client for client in clients}, told, now, language)
    found = [*teller.connections(), *teller.deliveries(), *teller.reports(), *teller.stopped(), *teller.gaps(), *teller.paces()]
    return sorted(found, key=lambda need: (need.urgency, need.client.name.casefold(), need.page, need.args))


@dataclass(frozen=True)
class _Teller:
    clients: Mapping[int, Client]
    told: Mapping[int, Told]
    now: datetime
    language: str

    def connections(self) -> Iterator[Need]:
        by_client: dict[tuple[int, str], list[Standing]] = defaultdict(list)
        states = (Connection.State.LOST_ACCESS, Connection.State.SUSPECT)
        for standing in Standing.objects.filter(client__in=among(self.clients), state__in=states).order_by("source", "account"):
            by_client[standing.client_id, standing.state].append(standing)
        for (number, state), standings in by_client.items():
            is_lost = state == Connection.State.LOST_ACCESS
            tell, action = partial(self._lost if is_lost else self._doubted, standings), _("Reconnect") if is_lost else _("Decide")
            yield self._need(Kind.CONNECTION, number, tell, action, "connections", not is_lost)

    def _lost(self, standings: list[Standing]) -> str:
        names = self._named([source_name(_source_of(standing)) for standing in standings])
        return _("Access to %(sources)s is lost; nothing new is read.") % {"sources": names}

    def _doubted(self, standings: list[Standing]) -> str:
        names = self._named([source_name(_source_of(standing)) for standing in standings])
        return _("%(sources)s told much less than before; nothing of it is stored until somebody decides.") % {"sources": names}

    def deliveries(self) -> Iterator[Need]:
        """One for each report of which a copy did not arrive, or may not have; what a newer report superseded is past."""
        gone = Q(state__in=[Delivery.State.FAILED, Delivery.State.BOUNCED], run__created_at__gt=self.now - RECENT)
        unknown = Q(state=Delivery.State.UNKNOWN, run__created_at__gt=self.now - LONG)
        newer = Run.objects.filter(schedule=OuterRef("run__schedule"), until__gt=OuterRef("run__until"), state=Run.State.READY)
        lost = Delivery.objects.filter(gone | unknown, run__schedule__client__in=among(self.clients)).filter(unknown | ~Exists(newer))
        by_run: dict[int, list[Delivery]] = defaultdict(list)
        for delivery in lost.select_related("run__schedule").order_by("-run__until", "pk"):
            by_run[delivery.run_id].append(delivery)
        for copies in by_run.values():
            run = copies[0].run
            tell = partial(self._undelivered, run, copies)
            yield self._need(Kind.DELIVERY, run.schedule.client_id, tell, _("See the report"), "report_run", 0, run.pk)

    def _undelivered(self, run: Run, copies: list[Delivery]) -> str:
        doubtful = sum(copy.state == Delivery.State.UNKNOWN for copy in copies)
        if doubtful:
            text = ngettext(
                "%(report)s: it is not known whether %(number)d copy arrived.",
                "%(report)s: it is not known whether %(number)d copies arrived.",
                doubtful,
            )
        else:
            text = ngettext("%(report)s: %(number)d copy did not arrive.", "%(report)s: %(number)d copies did not arrive.", len(copies))
        return text % {"number": doubtful or len(copies), "report": self._report(run)}

    def reports(self) -> Iterator[Need]:
        """Those that wait for a person's yes, and those that could not be prepared."""
        newer = Run.objects.filter(schedule=OuterRef("schedule"), until__gt=OuterRef("until"), state=Run.State.READY)
        failed = Q(state=Run.State.FAILED, created_at__gt=self.now - RECENT) & ~Exists(newer)
        runs: QuerySet[Run] = Run.objects.filter(Q(state=Run.State.APPROVAL) | failed, schedule__client__in=among(self.clients))
        for run in runs.select_related("schedule"):
            yield self._approval(run) if run.state == Run.State.APPROVAL else self._failed(run)

    def _approval(self, run: Run) -> Need:
        client = self.clients[run.schedule.client_id]
        due = run.approve_by or self.now + timedelta(days=365)
        rank = -1 if due < self.now + SOON else RANK[Kind.APPROVAL]
        action = _("Read and decide") if "report.send" in access.permissions_in(client) else _("See the report")
        return Need(Kind.APPROVAL, client, partial(self._waiting, run, client), action, "report_run", (run.pk,), (rank, due.timestamp()))

    def _waiting(self, run: Run, client: Client) -> str:
        if run.approve_by is None:
            return _("%(report)s waits for approval.") % {"report": self._report(run)}
        words = {"report": self._report(run), "until": moments.moment(run.approve_by, client.zone, self.language)}
        if run.approve_by < self.now:
            return _("%(report)s waits for approval; it was due by %(until)s.") % words
        return _("%(report)s waits for approval until %(until)s.") % words

    def _failed(self, run: Run) -> Need:
        def tell() -> str:
            return _("%(report)s could not be prepared.") % {"report": self._report(run)}

        return self._need(Kind.DELIVERY, run.schedule.client_id, tell, _("See the report"), "report_run", 0, run.pk)

    def stopped(self) -> Iterator[Need]:
        for schedule in Schedule.objects.filter(client__in=among(self.clients), stopped_at__isnull=False, removed_at=None):
            yield self._need(Kind.DELIVERY, schedule.client_id, partial(self._stopped, schedule), _("See the reports"), "schedules", 1)

    def _stopped(self, schedule: Schedule) -> str:
        name = schedule.name or cadence_name(schedule.cadence)
        return _("%(report)s: stopped after several failures; nothing is sent.") % {"report": name}

    def gaps(self) -> Iterator[Need]:
        for number, told in self.told.items():
            if gaps := told.concerns.gaps:
                days = sorted({day for gap in gaps for day in gap.missing_days})
                page = "imports" if all(gap.kind == "file" for gap in gaps) else "connections"
                action = _("Import it") if page == "imports" else _("See the connections")
                yield self._need(Kind.GAP, number, partial(self._gap, gaps, days), action, page, -len(days))

    def _gap(self, gaps: tuple[SourceState, ...], days: list[date]) -> str:
        listed = self._named(dates.listed_days(days, self.language).split(", "))
        words = {"sources": self._named([source_name(gap) for gap in gaps]), "number": len(days), "days": listed}
        text = ngettext(
            "%(number)d day is missing from %(sources)s: %(days)s.", "%(number)d days are missing from %(sources)s: %(days)s.", len(days)
        )
        return text % words

    def paces(self) -> Iterator[Need]:
        for number, told in self.told.items():
            if off := told.concerns.off_pace:
                tell = partial(self._off, off, told.currency)
                yield self._need(Kind.PACE, number, tell, _("See the targets"), "targets", -abs(off[0].distance))

    def _off(self, off: tuple[OffPace, ...], currency: str) -> str:
        named = {"kpis": self._named([self._pace(one, currency) for one in off])}
        # A ratio is aimed at on every day alike: nothing of it is due later.
        if all(not DEFINITIONS[one.slug].is_additive for one in off):
            return _("%(kpis)s: off target so far this month.") % named
        return _("%(kpis)s, against an even pace of the month.") % named

    def _pace(self, one: OffPace, currency: str) -> str:
        definition = DEFINITIONS[one.slug]
        size = formats.change_size(one.value, one.expected, Unit.MONEY, self.language)
        words = {"kpi": tile_label(definition), "size": size, "value": formats.figure(one.value, definition.unit, currency, self.language)}
        if one.distance < 0:
            return _("%(kpi)s %(size)s behind (%(value)s)") % words
        return _("%(kpi)s %(size)s above (%(value)s)") % words

    def _need(self, kind: Kind, number: int, tell: Callable[[], str], action: str, page: str, urgency: float, *args: int) -> Need:
        return Need(kind, self.clients[number], tell, action, page, args, (RANK[kind], urgency))

    def _report(self, run: Run) -> str:
        name = run.schedule.name or cadence_name(run.schedule.cadence)
        return f"{name}, {dates.days(run.since, run.until, self.language)}"

    def _named(self, names: list[str]) -> str:
        """The first few, and how many more."""
        names = list(dict.fromkeys(names))
        listed, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
        if more <= 0:
            return listed
        return ngettext("%(listed)s and %(more)d more", "%(listed)s and %(more)d more", more) % {"listed": listed, "more": more}


def _source_of(standing: Standing) -> SourceState:
    return SourceState(standing.source, standing.account, "", "api", None, None, (), lost_access=True)
