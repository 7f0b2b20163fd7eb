"""What is due, and when next. Local time is the client's; a time that a clock change skips is taken an hour later."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import Client
from jobs import queue
from kpis.periods import last_complete_week
from reports.models import Recipient, Run, Schedule

KIND = "reports.run"


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
            due = Schedule.objects.filter(paused=False, next_run_at__lte=timezone.now()).select_related("client")
            schedule = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_run_at").first()
            if schedule is None:
                return
            open_run(schedule, last_complete_week(schedule.next_run_at, schedule.client.zone))
            schedule.next_run_at = next_run(schedule.weekday, schedule.local_time, schedule.client.zone, timezone.now())
            schedule.save(update_fields=["next_run_at"])


def open_run(schedule: Schedule, week: str) -> Run:
    """The schedule's run of one week, opened at most once however often it is asked for."""
    with transaction.atomic():
        run, is_new = Run.objects.get_or_create(schedule=schedule, week=week)
        if is_new:
            queue.enqueue(KIND, client_id=schedule.client_id, key=str(run.pk), arguments={"run_id": run.pk})
    return run
