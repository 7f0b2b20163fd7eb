"""Connections as their page shows them: how each stands in a few words, how far it has come, what a person can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from accounts.models import Client
from campaigns import connections, families, plan, pulls, standing
from campaigns.connectors import connector_for, sources
from campaigns.imports.kinds import DEFAULT_ACCOUNT
from campaigns.loaded import ONE_DAY
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


def lines(client: Client, now: datetime) -> list[Line]:
    """Every connection of the client whose schema is open, those that need somebody first."""
    jobs = _jobs(client)
    found = [_line(source, jobs.get(str(source.pk), []), now) for source in Connection.objects.all()]
    order = {stand: position for position, stand in enumerate((Stand.LOST, Stand.DOUBT, Stand.UNREADABLE, Stand.UNREACHABLE))}
    last = {Stand.FILES: 98, Stand.DISCONNECTED: 99}
    return sorted(found, key=lambda line: (order.get(line.stand, last.get(line.stand, 50)), line.platform, line.name.casefold()))


def line(client: Client, source: Connection, now: datetime) -> Line:
    return _line(source, _jobs(client, source).get(str(source.pk), []), now)


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


def _line(source: Connection, jobs: list[Job], now: datetime) -> Line:
    name = _("Imported files") if (source.source, source.account) == OWN_FILES else source.name or source.account
    platform = connections.title(source.source)
    if source.credential_id is None:
        return Line(source, platform, name, Stand.FILES, _told_by_files(source), (), "", "", None)
    streams = tuple((_(families.NAMES[reach.stream.family]), reach.progress()) for reach in _reaches(source, now))
    doubts = tuple(_doubts(source))
    waiting = next((job for job in jobs if job.state in Job.OPEN), None)
    stand, details = _stand(source, streams, doubts, jobs, waiting, now)
    problem = _(source.problem) if stand is Stand.LOST and source.problem else ""
    return Line(source, platform, name, stand, streams, doubts, problem, details, waiting.run_at if waiting else None)


def _reaches(source: Connection, now: datetime) -> list[plan.Reach]:
    """None of a platform whose connector is gone."""
    return list(plan.reaches(source, connector_for(source.source), now)) if source.source in sources() else []


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


def _doubts(source: Connection) -> Iterable[Doubt]:
    for family, pull in sorted(standing.newest(source).items()):
        if pull.state == Pull.State.SUSPECT:
            leading = of_family(family)[0].model
            held = leading._default_manager.filter(connection=source, day__range=(pull.since, pull.until)).count()
            yield Doubt(pull, _(families.NAMES[family]), held)


def _told_by_files(source: Connection) -> tuple[tuple[str, Progress], ...]:
    """What files told is all there is to have."""
    newest = {span.family: span for span in LoadedSpan.objects.filter(connection=source).order_by("until")}
    days = {family: (span.until - span.since + ONE_DAY).days for family, span in newest.items()}
    return tuple(
        (_(families.NAMES[family]), Progress(family, days[family], days[family], span.until)) for family, span in sorted(newest.items())
    )
