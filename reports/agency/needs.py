"""Who needs a person today: one line for each thing to mend, with what happened and where it is mended, the most urgent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

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
from reports.agency.pages import first_of
from reports.concerns import OffPace
from reports.content import SourceState
from reports.headlines import Told
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
    """`text` says what, `action` what a person does about it at `url`. `urgency` orders them, the least first."""

    kind: Kind
    client: Client
    text: str
    action: str
    url: str
    urgency: tuple[float, ...]

    @property
    def tone(self) -> str:
        return {Kind.CONNECTION: "lost", Kind.DELIVERY: "lost", Kind.APPROVAL: "moving", Kind.GAP: "incomplete"}.get(self.kind, "moving")


def of(clients: Collection[Client], told: Mapping[int, Told], now: datetime, language: str) -> list[Need]:
    """Of `clients` as `accounts.access` gave them to a person. A constant number of queries."""
    teller = _Teller({client.pk: client for client in clients}, told, now, language)
    found = [*teller.connections(), *teller.deliveries(), *teller.reports(), *teller.stopped(), *teller.gaps(), *teller.paces()]
    return sorted(found, key=lambda need: (need.urgency, need.client.name.casefold(), need.url))


@dataclass(frozen=True)
class _Teller:
    clients: Mapping[int, Client]
    told: Mapping[int, Told]
    now: datetime
    language: str

    def connections(self) -> Iterator[Need]:
        by_client: dict[tuple[int, str], list[Standing]] = defaultdict(list)
        states = (Connection.State.LOST_ACCESS, Connection.State.SUSPECT)
        for standing in Standing.objects.filter(client__in=self.clients, state__in=states).order_by("source", "account"):
            by_client[standing.client_id, standing.state].append(standing)
        for (number, state), standings in by_client.items():
            names = self._named([source_name(_source_of(standing)) for standing in standings])
            if state == Connection.State.LOST_ACCESS:
                text, action = _("Access to %(sources)s is lost; nothing new is read.") % {"sources": names}, _("Reconnect")
            else:
                text = _("%(sources)s told much less than before; nothing of it is stored until somebody decides.") % {"sources": names}
                action = _("Decide")
            yield self._need(Kind.CONNECTION, number, text, action, "connections", state == Connection.State.SUSPECT)

    def deliveries(self) -> Iterator[Need]:
        """One for each report of which a copy did not arrive, or may not have; what a newer report superseded is past."""
        gone = Q(state__in=[Delivery.State.FAILED, Delivery.State.BOUNCED], run__created_at__gt=self.now - RECENT)
        unknown = Q(state=Delivery.State.UNKNOWN, run__created_at__gt=self.now - LONG)
        newer = Run.objects.filter(schedule=OuterRef("run__schedule"), until__gt=OuterRef("run__until"), state=Run.State.READY)
        lost = Delivery.objects.filter(gone | unknown, run__schedule__client__in=self.clients).filter(unknown | ~Exists(newer))
        by_run: dict[int, list[Delivery]] = defaultdict(list)
        for delivery in lost.select_related("run__schedule").order_by("-run__until", "pk"):
            by_run[delivery.run_id].append(delivery)
        for copies in by_run.values():
            run, doubtful = copies[0].run, sum(copy.state == Delivery.State.UNKNOWN for copy in copies)
            words = {"number": doubtful or len(copies), "report": self._report(run)}
            if doubtful:
                text = ngettext(
                    "%(report)s: it is not known whether %(number)d copy arrived.",
                    "%(report)s: it is not known whether %(number)d copies arrived.",
                    doubtful,
                )
            else:
                text = ngettext("%(report)s: %(number)d copy did not arrive.", "%(report)s: %(number)d copies did not arrive.", len(copies))
            yield self._need(Kind.DELIVERY, run.schedule.client_id, text % words, _("See the report"), "report_run", 0, run.pk)

    def reports(self) -> Iterator[Need]:
        """Those that wait for a person's yes, and those that could not be prepared."""
        newer = Run.objects.filter(schedule=OuterRef("schedule"), until__gt=OuterRef("until"), state=Run.State.READY)
        failed = Q(state=Run.State.FAILED, created_at__gt=self.now - RECENT) & ~Exists(newer)
        runs: QuerySet[Run] = Run.objects.filter(Q(state=Run.State.APPROVAL) | failed, schedule__client__in=self.clients)
        for run in runs.select_related("schedule"):
            yield self._approval(run) if run.state == Run.State.APPROVAL else self._failed(run)

    def _approval(self, run: Run) -> Need:
        client = self.clients[run.schedule.client_id]
        if run.approve_by is None:
            text = _("%(report)s waits for approval.") % {"report": self._report(run)}
        else:
            until = moments.moment(run.approve_by, client.zone, self.language)
            said = _("%(report)s waits for approval; it was due by %(until)s.") if run.approve_by < self.now else None
            text = (said or _("%(report)s waits for approval until %(until)s.")) % {"report": self._report(run), "until": until}
        due = run.approve_by or self.now + timedelta(days=365)
        rank = -1 if due < self.now + SOON else RANK[Kind.APPROVAL]
        action = _("Read and decide") if "report.send" in access.permissions_in(client) else _("See the report")
        url = reverse("report_run", args=[client.slug, run.pk])
        return Need(Kind.APPROVAL, client, text, action, url, (rank, due.timestamp()))

    def _failed(self, run: Run) -> Need:
        text = _("%(report)s could not be prepared.") % {"report": self._report(run)}
        return self._need(Kind.DELIVERY, run.schedule.client_id, text, _("See the report"), "report_run", 0, run.pk)

    def stopped(self) -> Iterator[Need]:
        for schedule in Schedule.objects.filter(client__in=self.clients, stopped_at__isnull=False):
            name = schedule.name or cadence_name(schedule.cadence)
            text = _("%(report)s: stopped after several failures; nothing is sent.") % {"report": name}
            yield self._need(Kind.DELIVERY, schedule.client_id, text, _("See the reports"), first_of("schedules", "report_list"), 1)

    def gaps(self) -> Iterator[Need]:
        for number, told in self.told.items():
            if not (gaps := told.concerns.gaps):
                continue
            days = sorted({day for gap in gaps for day in gap.missing_days})
            words = {"sources": self._named([source_name(gap) for gap in gaps]), "number": len(days), "days": self._days(days)}
            text = ngettext(
                "%(number)d day is missing from %(sources)s: %(days)s.",
                "%(number)d days are missing from %(sources)s: %(days)s.",
                len(days),
            )
            page = "imports" if all(gap.kind == "file" for gap in gaps) else "connections"
            action = _("Import it") if page == "imports" else _("See the connections")
            yield self._need(Kind.GAP, number, text % words, action, page, -len(days))

    def paces(self) -> Iterator[Need]:
        for number, told in self.told.items():
            if off := told.concerns.off_pace:
                parts = [self._pace(one, told.currency) for one in off[:MOST_NAMED]]
                text = _("%(kpis)s, against an even pace of the month.") % {"kpis": self._named(parts)}
                page = first_of("targets", "overview")
                action = _("See the targets") if page == "targets" else _("See the figures")
                yield self._need(Kind.PACE, number, text, action, page, -abs(off[0].distance))

    def _pace(self, one: OffPace, currency: str) -> str:
        definition = DEFINITIONS[one.slug]
        size = formats.change_size(one.value, one.expected, Unit.MONEY, self.language)
        words = {"kpi": tile_label(definition), "size": size, "value": formats.figure(one.value, definition.unit, currency, self.language)}
        if one.distance < 0:
            return _("%(kpi)s %(size)s behind (%(value)s)") % words
        return _("%(kpi)s %(size)s above (%(value)s)") % words

    def _need(self, kind: Kind, number: int, text: str, action: str, page: str, urgency: float, *args: Any) -> Need:
        client = self.clients[number]
        return Need(kind, client, text, action, reverse(page, args=[client.slug, *args]), (RANK[kind], urgency))

    def _report(self, run: Run) -> str:
        name = run.schedule.name or cadence_name(run.schedule.cadence)
        return f"{name}, {dates.days(run.since, run.until, self.language)}"

    def _days(self, days: list[Any]) -> str:
        told = dates.listed_days(days, self.language).split(", ")
        return self._named(told)

    def _named(self, names: list[str]) -> str:
        """The first few, and how many more."""
        names = list(dict.fromkeys(names))
        listed, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
        if more <= 0:
            return listed
        return ngettext("%(listed)s and %(more)d more", "%(listed)s and %(more)d more", more) % {"listed": listed, "more": more}


def _source_of(standing: Standing) -> SourceState:
    return SourceState(standing.source, standing.account, "", "api", None, None, (), lost_access=True)
