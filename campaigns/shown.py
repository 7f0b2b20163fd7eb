"""Connections as their page shows them: how each stands in a few words, how far it has come, what a person can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from babel.numbers import format_decimal
from django.db.models import Count, Q
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from accounts.models import Client
from campaigns import connections, families, plan, pulls
from campaigns.connectors import connector_for, sources
from campaigns.imports.kinds import DEFAULT_ACCOUNT
from campaigns.loaded import ONE_DAY, Span
from campaigns.models import Connection, LoadedSpan, Pull
from campaigns.plan import Progress
from campaigns.records import FILE_SOURCE
from campaigns.tables import of_family
from jobs.models import Job

# What files of the client's own are kept under, where they name no account.
OWN_FILES = (FILE_SOURCE, DEFAULT_ACCOUNT)
RUNNING = (Job.State.SENT, Job.State.RUNNING)


class Stand(Enum):
    """A connection in one word for programs; the words for people, and the tone in which they are said, are below."""

    FILES = "files"
    DISCONNECTED = "disconnected"
    LOST = "lost"
    DOUBT = "doubt"
    UNREADABLE = "unreadable"
    RETRYING = "retrying"
    UNREACHABLE = "unreachable"
    LOADING = "loading"
    READING = "reading"
    BEHIND = "behind"
    GOOD = "good"


WORDS: dict[Stand, tuple[str, str]] = {
    Stand.FILES: ("over", gettext_noop("Fed by files")),
    Stand.DISCONNECTED: ("off", gettext_noop("Disconnected")),
    Stand.LOST: ("lost", gettext_noop("Access lost")),
    Stand.DOUBT: ("incomplete", gettext_noop("Needs your decision")),
    Stand.UNREADABLE: ("incomplete", gettext_noop("An answer could not be read")),
    Stand.RETRYING: ("moving", gettext_noop("Does not answer; tried again soon")),
    Stand.UNREACHABLE: ("incomplete", gettext_noop("Did not answer; tried again tomorrow")),
    Stand.LOADING: ("moving", gettext_noop("Reading its history")),
    Stand.READING: ("moving", gettext_noop("Reading")),
    Stand.BEHIND: ("incomplete", gettext_noop("Incomplete; goes on in the morning")),
    Stand.GOOD: ("ok", gettext_noop("Up to date")),
}


OUTCOMES: dict[Pull.State, str] = {
    Pull.State.SUSPECT: gettext_noop("Lost many rows; waits for a decision"),
    Pull.State.ACCEPTED: gettext_noop("Lost many rows; is read again to be stored"),
    Pull.State.IGNORED: gettext_noop("Lost many rows; what was stored was kept"),
    Pull.State.LOST: gettext_noop("No access"),
    Pull.State.FAILED: gettext_noop("Could not be read"),
    Pull.State.UNDONE: gettext_noop("Taken back"),
}


@dataclass(frozen=True)
class Doubt:
    """An answer that lost rows and waits for a person; `held` is what is stored of the same days."""

    pull: Pull
    family: str
    held: int


@dataclass(frozen=True)
class Line:
    """One connection. `details` is what only whoever runs the service understands."""

    source: Connection
    platform: str
    name: str
    stand: Stand
    streams: tuple[tuple[str, Progress], ...]
    doubts: tuple[Doubt, ...]
    problem: str
    details: str
    run_at: datetime | None

    @property
    def tone(self) -> str:
        return WORDS[self.stand][0]

    @property
    def words(self) -> str:
        return _(WORDS[self.stand][1])

    @property
    def loaded(self) -> int:
        return sum(progress.loaded for _name, progress in self.streams)

    @property
    def wanted(self) -> int:
        return sum(progress.wanted for _name, progress in self.streams)

    @property
    def percent(self) -> int:
        return 100 * self.loaded // self.wanted if self.wanted else 100

    @property
    def is_moving(self) -> bool:
        """Whether a look a few seconds later shows something else."""
        return self.stand in (Stand.LOADING, Stand.READING, Stand.RETRYING)

    @property
    def shows_progress(self) -> bool:
        """Whether its history is on its way."""
        return self.stand in (Stand.LOADING, Stand.BEHIND) and self.loaded < self.wanted


@dataclass(frozen=True)
class Known:
    """What is stored and what was asked last, of some connections: spans and the newest pulls by (connection id, family).

    `held` is how many rows are stored of the days of each newest answer that is in doubt, by its id.
    """

    spans: dict[tuple[int, str], list[Span]]
    newest: dict[tuple[int, str], Pull]
    held: dict[int, int]

    @classmethod
    def of(cls, sources: Iterable[Connection]) -> Known:
        ids = [source.pk for source in sources]
        spans: dict[tuple[int, str], list[Span]] = {}
        for span in LoadedSpan.objects.filter(connection__in=ids).order_by("until"):
            spans.setdefault((span.connection_id, span.family), []).append((span.since, span.until))
        pulls = Pull.objects.filter(connection__in=ids, file_name=None).order_by("connection", "family", "-pk")
        newest = {(pull.connection_id, pull.family): pull for pull in pulls.distinct("connection", "family")}
        return cls(spans, newest, _held(pull for pull in newest.values() if pull.state == Pull.State.SUSPECT))

    def families(self, source: Connection) -> list[str]:
        """What files told, where no platform says what there is."""
        return sorted(family for connection_id, family in self.spans if connection_id == source.pk)


def lines(client: Client, now: datetime) -> list[Line]:
    """Every connection of the client whose schema is open, those that need somebody first."""
    jobs = _jobs(client)
    everything = list(Connection.objects.all())
    known = Known.of(everything)
    found = [_line(source, jobs.get(str(source.pk), []), known, now) for source in everything]
    order = {stand: position for position, stand in enumerate((Stand.LOST, Stand.DOUBT, Stand.UNREADABLE, Stand.UNREACHABLE))}
    last = {Stand.FILES: 98, Stand.DISCONNECTED: 99}
    return sorted(found, key=lambda line: (order.get(line.stand, last.get(line.stand, 50)), line.platform, line.name.casefold()))


def line(client: Client, source: Connection, now: datetime) -> Line:
    return _line(source, _jobs(client, source).get(str(source.pk), []), Known.of([source]), now)


def called(source: Connection) -> str:
    """What to call an account."""
    return _("Imported files") if (source.source, source.account) == OWN_FILES else source.name or source.account


def reaches(source: Connection, known: Known, now: datetime) -> list[plan.Reach]:
    """What is to be known of an account that a platform tells; none of a platform whose connector is gone."""
    if source.source not in sources():
        return []
    streams = connector_for(source.source).streams
    return [plan.reach(source, stream, known.spans.get((source.pk, stream.family), ()), now) for stream in streams]


def outcome(pull: Pull) -> str:
    """What came of one request."""
    if pull.state == Pull.State.STORED:
        changes = [
            text % {"number": _written(number)}
            for text, number in (
                (_("%(number)s new"), pull.inserted),
                (_("%(number)s changed"), pull.updated),
                (_("%(number)s gone"), pull.deleted),
            )
            if number
        ]
        rows = ngettext("%(number)s row", "%(number)s rows", pull.rows) % {"number": _written(pull.rows)}
        return ", ".join([rows, *(changes or [_("all as before")])])
    return _(OUTCOMES[Pull.State(pull.state)])


def platforms() -> list[tuple[str, str, bool]]:
    """Every platform that can be connected, by name: slug, name, and whether this installation has keys for it."""
    found = [(source, connector_for(source).title, connections.is_ready(source)) for source in sources()]
    return sorted(found, key=lambda platform: platform[1].casefold())


def _written(number: int) -> str:
    return str(format_decimal(number, locale=(get_language() or "en")[:2]))


def _jobs(client: Client, source: Connection | None = None) -> dict[str, list[Job]]:
    """The jobs that pull, by their key, the newest first."""
    found: dict[str, list[Job]] = {}
    jobs = Job.objects.filter(client_id=client.pk, kind=pulls.KIND).order_by("-pk")
    for job in jobs.filter(key=str(source.pk)) if source else jobs:
        found.setdefault(job.key, []).append(job)
    return found


def _line(source: Connection, jobs: list[Job], known: Known, now: datetime) -> Line:
    name = called(source)
    platform = connections.title(source.source)
    if source.credential_id is None:
        return Line(source, platform, name, Stand.FILES, _told_by_files(source, known), (), "", "", None)
    streams = tuple((_(families.NAMES[reach.stream.family]), reach.progress()) for reach in reaches(source, known, now))
    doubts = tuple(_doubts(source, known))
    waiting = next((job for job in jobs if job.state in Job.OPEN), None)
    stand, details = _stand(source, streams, doubts, jobs, waiting, now)
    problem = _(source.problem) if stand is Stand.LOST and source.problem else ""
    return Line(source, platform, name, stand, streams, doubts, problem, details, waiting.run_at if waiting else None)


def _stand(
    source: Connection,
    streams: Iterable[tuple[str, Progress]],
    doubts: tuple[Doubt, ...],
    jobs: list[Job],
    waiting: Job | None,
    now: datetime,
) -> tuple[Stand, str]:
    if source.state == Connection.State.DISCONNECTED:
        return Stand.DISCONNECTED, ""
    if source.state == Connection.State.LOST_ACCESS:
        return Stand.LOST, ""
    if doubts:
        return Stand.DOUBT, ""
    if source.state == Connection.State.SUSPECT:
        return Stand.UNREADABLE, source.problem
    if waiting and waiting.error and waiting.state not in RUNNING:
        return Stand.RETRYING, waiting.error
    if failed := _failed_last(jobs, waiting):
        return Stand.UNREACHABLE, failed.error
    is_complete = all(progress.is_complete for _name, progress in streams)
    if waiting and (waiting.run_at <= now or waiting.state in RUNNING):
        return (Stand.READING if is_complete else Stand.LOADING), ""
    return (Stand.GOOD if is_complete else Stand.BEHIND), ""


def _failed_last(jobs: list[Job], waiting: Job | None) -> Job | None:
    """The newest job that is over, if it failed: what waits now is the next morning's."""
    over = next((job for job in jobs if job is not waiting), None)
    return over if over and over.state == Job.State.FAILED else None


def _doubts(source: Connection, known: Known) -> Iterable[Doubt]:
    for (connection_id, family), pull in sorted(known.newest.items()):
        if connection_id == source.pk and pull.state == Pull.State.SUSPECT:
            yield Doubt(pull, _(families.NAMES[family]), known.held[pull.pk])


def _held(doubted: Iterable[Pull]) -> dict[int, int]:
    """Rows stored of the days of each answer, by its id: one query for a family, however many accounts are in doubt."""
    by_family: dict[str, list[Pull]] = {}
    for pull in doubted:
        by_family.setdefault(pull.family, []).append(pull)
    found: dict[int, int] = {}
    for family, its in by_family.items():
        days = min(pull.since for pull in its), max(pull.until for pull in its)
        rows = of_family(family)[0].model._default_manager.filter(connection__in={pull.connection_id for pull in its}, day__range=days)
        of_each = {
            f"of_{pull.pk}": Count("connection", filter=Q(connection=pull.connection_id, day__range=(pull.since, pull.until)))
            for pull in its
        }
        counted = rows.aggregate(**of_each)
        found |= {pull.pk: counted[f"of_{pull.pk}"] for pull in its}
    return found


def _told_by_files(source: Connection, known: Known) -> tuple[tuple[str, Progress], ...]:
    """What files told is all there is to have."""
    newest = [(family, *known.spans[source.pk, family][-1]) for family in known.families(source)]
    days = {family: (until - since + ONE_DAY).days for family, since, until in newest}
    return tuple((_(families.NAMES[family]), Progress(family, days[family], days[family], until)) for family, _since, until in newest)
