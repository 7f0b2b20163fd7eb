"""What is due, and when next. Times are the client's; see `reports.cadence` for what its clocks and calendar do.

After an outage the newest period that is due is sent, and those before it are recorded as skipped: people get one report, not a heap of
old ones. The same holds for periods that fall between a schedule's sends because it was paused or changed: none is left out silently.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.models import Client
from accounts.tenancy import inside
from jobs import queue
from kpis import choices
from kpis.periods import Calendar
from reports import cadence
from reports.cadence import Cadence, DayRule, Plan, ReportPeriod, Rhythm, Send
from reports.models import Recipient, Run, Schedule

KIND = "reports.run"
POSTPONED = timedelta(hours=1)
SHOWN_SENDS = 5
# Longer than any two zones are apart: a due instant of the zone before is found again by the clocks of another one.
ACROSS_ZONES = timedelta(hours=27)
DOWN = _("the service was down when it was due")
PAUSED = _("the schedule was paused when it was due")
CHANGED = _("the schedule was changed before it was due")
STOPPED = _("the schedule had stopped after failures when it was due")
REMOVED = _("the schedule was removed before it was sent")
logger = logging.getLogger(__name__)


def calendar_of(client: Client) -> Calendar:
    """As it is now."""
    with inside(client):
        return choices.in_force().calendar


def plan_of(schedule: Schedule, calendar: Calendar | None = None) -> Plan:
    """By the client's clocks and calendar as they are now."""
    client = schedule.client
    calendar = calendar or calendar_of(client)
    rhythm = Rhythm(Cadence(schedule.cadence), calendar, schedule.anchor)
    return Plan(rhythm, client.zone, schedule.local_time, schedule.weekday, DayRule(schedule.day_rule), schedule.nth)


def upcoming(schedule: Schedule, count: int = SHOWN_SENDS) -> list[Send]:
    """The next sends of a schedule that runs; none of one that is paused, stopped or removed."""
    return upcoming_of([schedule], count)[schedule]


def upcoming_of(schedules: Collection[Schedule], count: int = SHOWN_SENDS) -> dict[Schedule, list[Send]]:
    """The next sends of several schedules of one client, with as many queries as for one."""
    if not schedules:
        return {}
    calendar = calendar_of(next(iter(schedules)).client)
    told = Run.objects.filter(schedule__in=schedules).values("schedule").annotate(newest=Max("until")).values_list("schedule", "newest")
    reported = dict(told)
    return {schedule: _next(schedule, plan_of(schedule, calendar), reported.get(schedule.pk, date.min), count) for schedule in schedules}


def planned(schedule: Schedule, calendar: Calendar, count: int = SHOWN_SENDS) -> list[Send]:
    """What the next sends of a schedule would be that is not kept like this."""
    newest = _reported_until(schedule) if schedule.pk else date.min
    sends = plan_of(schedule, calendar).sends(timezone.now())
    return list(islice((send for send in sends if send.period.until > newest), count))


def _next(schedule: Schedule, plan: Plan, newest: date, count: int) -> list[Send]:
    if schedule.paused or schedule.stopped_at or schedule.removed_at:
        return []
    return list(islice((send for send in _sends(schedule, plan) if send.period.until > newest), count))


def create(client: Client, recipients: Mapping[str, str], **fields: Any) -> Schedule:
    """A schedule with `fields` of the model, to recipients given as {address: language}. It begins with the period that ends next."""
    with transaction.atomic():
        schedule = Schedule(client=client, **fields)
        schedule.next_run_at = plan_of(schedule).next(timezone.now()).at
        schedule.save()
        Recipient.objects.bulk_create(
            Recipient(schedule=schedule, email=email, language=language) for email, language in recipients.items()
        )
    return schedule


def create_weekly(client: Client, recipients: Mapping[str, str], *, weekday: int = 1, local_time: time = time(8, 0)) -> Schedule:
    return create(client, recipients, weekday=weekday, local_time=local_time)


def replan(schedule: Schedule, why: str) -> list[ReportPeriod]:
    """Set the next send of a schedule as it is now, not in the past and of no period that was reported.

    What falls between the newest report and that one is recorded as skipped, for the reason `why`, and returned, oldest first. Call it
    with the row locked.
    """
    now, plan = timezone.now(), plan_of(schedule)
    newest = _reported_until(schedule)
    following = next(send for send in plan.sends(now) if send.period.until > newest)
    passed = _passed_over(schedule, plan, following.period, newest, now)
    for period in passed:
        _skip(schedule, period, why)
    schedule.next_run_at, schedule.problem, schedule.retry_at = following.at, "", None
    schedule.save()
    return passed


def open_due_runs() -> None:
    """Open a run for every schedule whose time has come. Safe in parallel: a row is taken by one caller only."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            may_be_tried = Q(retry_at=None) | Q(retry_at__lte=now)
            runs = Q(paused=False, stopped_at=None, removed_at=None, client__closed_at=None)
            due = Schedule.objects.filter(may_be_tried, runs, next_run_at__lte=now).select_related("client")
            schedule = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_run_at").first()
            if schedule is None:
                return
            _open_or_postpone(schedule)


def open_run(schedule: Schedule, key: str, *, at_once: bool = False) -> Run:
    """The schedule's run of one period, prepared at most once however often it is asked for. A failed one is tried again.

    `at_once`: for missing data it does not wait, and says what is missing. Raises `ValueError` for what is no period.
    """
    with transaction.atomic():
        run, _created = Run.objects.get_or_create(schedule=schedule, period=key, defaults=_days(cadence.named(key)))
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state not in {Run.State.READY, Run.State.APPROVAL}:
            run.state, run.problem = Run.State.DUE, ""
            run.held_until = timezone.now() if at_once else run.held_until
            run.save(update_fields=["state", "problem", "held_until"])
            enqueue(run, schedule)
    return run


def enqueue(run: Run, schedule: Schedule, at: datetime | None = None) -> None:
    queue.enqueue(KIND, client_id=schedule.client_id, key=str(run.pk), arguments={"run_id": run.pk}, run_at=at)


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
    """Open the newest period that is due and record the ones before it as skipped; return the next time."""
    plan, newest = plan_of(schedule), _reported_until(schedule)
    came = takewhile(lambda send: send.at <= now, _sends(schedule, plan))
    due = [send.period for send in came if send.period.until > newest]
    for period in due[:-1]:
        _skip(schedule, period, DOWN)
    if due:
        # Where weeks begin on another day since, the first new one need not follow the last old one.
        for period in _between(plan, newest, due[0]) if newest > date.min else []:
            _skip(schedule, period, CHANGED)
        open_run(schedule, due[-1].key)
    return plan.next(now).at


def _sends(schedule: Schedule, plan: Plan) -> Iterator[Send]:
    """From the one on that `next_run_at` tells. By other clocks than those it was told by, it is the one of about that time."""
    first = plan.next(schedule.next_run_at - timedelta(microseconds=1))
    if first.at == schedule.next_run_at:
        return plan.sends(schedule.next_run_at - timedelta(microseconds=1))
    return plan.sends(schedule.next_run_at - ACROSS_ZONES)


def _reported_until(schedule: Schedule) -> date:
    """The last day that a run of the schedule is of, whatever became of it."""
    newest: date | None = schedule.runs.aggregate(newest=Max("until"))["newest"]
    return newest or date.min


def _passed_over(schedule: Schedule, plan: Plan, following: ReportPeriod, newest: date, now: datetime) -> list[ReportPeriod]:
    """The periods before the following one that nobody was told of: since the newest run, else since the schedule was to begin."""
    if newest == date.min:
        return [send.period for send in takewhile(lambda send: send.at <= now, _sends(schedule, plan))]
    return _between(plan, newest, following)


def _between(plan: Plan, newest: date, following: ReportPeriod) -> list[ReportPeriod]:
    """The periods before one that end after the last reported day, oldest first."""
    found = []
    period = plan.rhythm.before(following)
    while period.until > newest:
        found.append(period)
        period = plan.rhythm.before(period)
    return found[::-1]


def _skip(schedule: Schedule, period: ReportPeriod, why: str) -> None:
    Run.objects.get_or_create(schedule=schedule, period=period.key, defaults=_days(period) | {"state": Run.State.SKIPPED, "problem": why})


def _days(period: ReportPeriod) -> dict[str, object]:
    return {"since": period.since, "until": period.until}
