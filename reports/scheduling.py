"""What is due, and when next. Local time is the client's; a time that a clock change skips is taken an hour later."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Client
from jobs import queue
from kpis import periods
from kpis.periods import last_complete_week
from reports.models import Recipient, Run, Schedule

KIND = "reports.run"
POSTPONED = timedelta(hours=1)
logger = logging.getLogger(__name__)


def next_run(weekday: int, local_time: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first instant after `after` that is `local_time` on an ISO weekday in `zone`. A repeated time counts once."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if day.isoweekday() == weekday:
            # Through UTC and back: the arithmetic of a skipped local time lands on the existing time after it.
            instant = datetime.combine(day, local_time, tzinfo=zone).astimezone(UTC)
            if instant > after:
                return instant
        day += timedelta(days=1)


def create_weekly(client: Client, recipients: dict[str, str], *, weekday: int = 1, local_time: time = time(8, 0)) -> Schedule:
    """Schedule the client's weekly report to recipients given as {address: language}."""
    with transaction.atomic():
        schedule = Schedule.objects.create(
            client=client,
            weekday=weekday,
            local_time=local_time,
            next_run_at=next_run(weekday, local_time, client.zone, timezone.now()),
        )
        Recipient.objects.bulk_create(
            Recipient(schedule=schedule, email=email, language=language) for email, language in recipients.items()
        )
    return schedule


def open_due_runs() -> None:
    """Open a run for every schedule whose time has come. Safe in parallel: a row is taken by one caller only."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            may_be_tried = Q(retry_at=None) | Q(retry_at__lte=now)
            due = Schedule.objects.filter(
                may_be_tried, paused=False, stopped_at=None, client__closed_at=None, next_run_at__lte=now
            ).select_related("client")
            schedule = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_run_at").first()
            if schedule is None:
                return
            _open_or_postpone(schedule)


def _open_or_postpone(schedule: Schedule) -> None:
    """Open what is due. A schedule that cannot be opened is shown and tried later; it keeps no other waiting."""
    try:
        with transaction.atomic():
            schedule.next_run_at = _open_due(schedule, timezone.now())
            schedule.problem, schedule.retry_at = "", None
    except Exception as error:
        logger.exception("the schedule %s cannot be opened", schedule.pk)
        schedule.problem, schedule.retry_at = str(error), timezone.now() + POSTPONED
    schedule.save(update_fields=["next_run_at", "problem", "retry_at"])


def _open_due(schedule: Schedule, now: datetime) -> datetime:
    """Open the newest week that is due and record the ones before it as skipped; return the next time.

    After an outage people get one report, not a heap of old ones.
    """
    due, at = [], schedule.next_run_at
    while at <= now:
        due.append(last_complete_week(at, schedule.client.zone))
        at = next_run(schedule.weekday, schedule.local_time, schedule.client.zone, at)
    for week in due[:-1]:
        missed = {"state": Run.State.SKIPPED, "problem": "the service was down when it was due"}
        Run.objects.get_or_create(schedule=schedule, period=week, defaults=_days(week) | missed)
    open_run(schedule, due[-1])
    return at


def open_run(schedule: Schedule, week: str) -> Run:
    """The schedule's run of one week, prepared at most once however often it is asked for. A failed one is tried again."""
    with transaction.atomic():
        run, _ = Run.objects.get_or_create(schedule=schedule, period=week, defaults=_days(week))
        if run.state != Run.State.READY:
            Run.objects.filter(pk=run.pk).update(state=Run.State.DUE, problem="")
            queue.enqueue(KIND, client_id=schedule.client_id, key=str(run.pk), arguments={"run_id": run.pk})
    return run


def _days(week: str) -> dict[str, object]:
    period = periods.week(week)
    return {"since": period.since, "until": period.until}
