"""What waits too long, failed or is in doubt, over all clients. Every question is answered from the public schema, by one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Count, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast

from accounts.models import Client
from accounts.tenancy import migrating
from campaigns.models import Connection
from campaigns.standings.models import Standing
from campaigns.standings.telling import OUTCOMES
from jobs.models import Heartbeat, Job
from reports.models import Delivery, Run, Schedule
from reports.preparing import DELIVER

# Ticks come every second and workers pick up within a minute; later than this, beat or every worker is down.
LATE = timedelta(minutes=5)
# A mail is handed over in seconds. One that the server defers is tried for a day: two hours are worth a look.
STUCK, DEFERRED_LONG = timedelta(minutes=15), timedelta(hours=2)
# Every account is read each morning; one that was not by noon of the next day is forgotten.
UNREAD = timedelta(hours=36)
# How long failed jobs are shown.
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """Open jobs of one kind whose time has come."""

    kind: str
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Readings:
    """Accounts of one platform, those in trouble, and how all readings so far ended, by outcome."""

    platform: str
    accounts: int
    trouble: int
    outcomes: dict[str, int]


def due_jobs(now: datetime) -> list[Waiting]:
    """What is due and not begun, by kind."""
    rows = _waiting(now).values("kind").annotate(count=Count("pk"), oldest=Min("run_at")).order_by("oldest")
    return [Waiting(row["kind"], row["count"], row["oldest"]) for row in rows]


def late_jobs(now: datetime) -> int:
    return _waiting(now - LATE).count()


def _waiting(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.SENT], run_at__lte=now)


def abandoned_jobs(now: datetime) -> int:
    """Jobs whose worker died long ago, and that nobody takes up."""
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now - LATE).count()


def failed_jobs(now: datetime) -> QuerySet[Job]:
    """Those that failed lately and were not asked for again since, the newest first."""
    mine = Q(kind=OuterRef("kind"), key=OuterRef("key"), pk__gt=OuterRef("pk"))
    same_client = Q(client_id=OuterRef("client_id")) | Q(client_id=None)
    later = Job.objects.filter(mine & same_client).values("pk")[:1]
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=now - RECENT)
    return failed.annotate(later=Subquery(later)).filter(later=None).order_by("-finished_at")


def missing_processes(heartbeats: Iterable[Heartbeat], now: datetime) -> tuple[bool, list[str]]:
    """Whether no beat was seen of late, and the queues from which no worker that was seen takes jobs."""
    alive = [row for row in heartbeats if row.seen_at > now - LATE]
    attended = {queue for row in alive if row.kind == Heartbeat.Kind.WORKER for queue in row.queues}
    no_beat = not any(row.kind == Heartbeat.Kind.BEAT for row in alive)
    return no_beat, sorted(set(settings.CELERY_TASK_QUEUES) - attended)


def _schedules() -> QuerySet[Schedule]:
    return Schedule.objects.filter(client__closed_at=None, removed_at=None).select_related("client")


def late_schedules(now: datetime) -> QuerySet[Schedule]:
    """Those whose report nobody has opened in time; one that cannot be opened says so itself."""
    running = _schedules().filter(paused=False, stopped_at=None, next_run_at__lt=now - LATE)
    return running.order_by("next_run_at")


def broken_schedules() -> QuerySet[Schedule]:
    return _schedules().filter(paused=False).exclude(problem="").order_by("next_run_at")


def stopped_schedules() -> QuerySet[Schedule]:
    """Those that failed again and again, and wait for a person."""
    return _schedules().exclude(stopped_at=None).order_by("stopped_at")


def _runs() -> QuerySet[Run]:
    return Run.objects.filter(schedule__client__closed_at=None).select_related("schedule__client")


def overheld_runs(now: datetime) -> QuerySet[Run]:
    """Those that waited for data, and were to leave without it some time ago."""
    return _runs().filter(state=Run.State.HELD, held_until__lt=now - LATE).order_by("held_until")


def unapproved_runs(now: datetime) -> QuerySet[Run]:
    """Those for which nobody decided in time."""
    return _runs().filter(state=Run.State.APPROVAL, approve_by__lt=now).order_by("approve_by")


def _deliveries() -> QuerySet[Delivery]:
    found = Delivery.objects.filter(run__schedule__client__closed_at=None)
    return found.select_related("run__schedule__client", "recipient").order_by("pk")


def stuck_deliveries(now: datetime) -> QuerySet[Delivery]:
    """Those that should have left: their job is old, or there is none."""
    job = Job.objects.filter(
        kind=DELIVER, key=Cast(OuterRef("pk"), CharField()), client_id=OuterRef("run__schedule__client_id"), state__in=Job.OPEN
    )
    waiting = _deliveries().filter(state__in=[Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.DEFERRED])
    deferred = Q(state=Delivery.State.DEFERRED)
    long_ago = (~deferred & Q(asked_at__lt=now - STUCK)) | (deferred & Q(asked_at__lt=now - DEFERRED_LONG))
    return waiting.annotate(asked_at=Subquery(job.values("created_at")[:1])).filter(Q(asked_at=None) | long_ago)


def unknown_deliveries() -> QuerySet[Delivery]:
    """Those of which nobody knows whether they left: a person decides."""
    return _deliveries().filter(state=Delivery.State.UNKNOWN)


def _standings() -> QuerySet[Standing]:
    found = Standing.objects.filter(client__closed_at=None)
    return found.exclude(state=Connection.State.DISCONNECTED).select_related("client")


def unread_connections(now: datetime) -> QuerySet[Standing]:
    """Accounts that may be read, and were not for longer than a day and a half."""
    due = Q(read_at__lt=now - UNREAD) | Q(read_at=None, since__lt=now - UNREAD)
    return _standings().filter(due).exclude(state=Connection.State.LOST_ACCESS).order_by("read_at")


def troubled_connections() -> QuerySet[Standing]:
    """Accounts that let us in no more, or whose newest answer looks wrong."""
    return _standings().exclude(state=Connection.State.ACTIVE).order_by("source", "client__name", "pk")


def readings() -> list[Readings]:
    """Of every platform that is read, by its slug."""
    trouble = Count("pk", filter=~Q(state__in=[Connection.State.ACTIVE, Connection.State.DISCONNECTED]))
    sums = {f"{outcome}_sum": Sum(outcome) for outcome in OUTCOMES}
    rows = Standing.objects.filter(client__closed_at=None).values("source").annotate(accounts=Count("pk"), trouble=trouble, **sums)
    counted = rows.order_by("source").values_list("source", "accounts", "trouble", *sums)
    return [Readings(source, accounts, ill, dict(zip(OUTCOMES, ended, strict=True))) for source, accounts, ill, *ended in counted]


def lagging_clients() -> QuerySet[Client]:
    """Clients whose tables are not those of this version."""
    return migrating.lagging()
