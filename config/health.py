"""Whether the service works: red when the database is away, or beat, workers, pulls or reports are late."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import hosts
from config.operations import state
from jobs.models import Heartbeat

LATE = state.LATE


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with `{"status": "ok"}`, or 503; what is wrong is said on the default host alone.

    `problems` are the service's own, and turn it red. `attention` is what a person of a client or an agency must decide or
    mend: it is told, but a probe that takes the service away for it would make it worse.
    """
    problems = found_problems()
    told = {"problems": problems, "attention": found_attention() if problems != [AWAY] else []}
    return JsonResponse(
        {"status": "failing" if problems else "ok", **(told if hosts.is_default(request) else {})}, status=503 if problems else 200
    )


AWAY = "the database does not answer"


def found_problems() -> list[str]:
    """What is wrong with the service, over all clients."""
    problems: list[str] = []
    try:
        problems.extend(_of_work())
        problems.extend(_of_reports_and_data())
    except DatabaseError:
        return [AWAY]
    return problems


def _of_work() -> Iterator[str]:
    now, minutes = timezone.now(), LATE.seconds // 60
    no_beat, unattended = state.missing_processes(Heartbeat.objects.all(), now)
    if no_beat:
        yield f"no beat was seen for more than {minutes} minutes"
    for queue in unattended:
        yield f"no worker of the queue {queue} was seen for more than {minutes} minutes"
    if late := state.late_jobs(now):
        yield f"{late} jobs are more than {minutes} minutes late"
    if dead := state.abandoned_jobs(now):
        yield f"{dead} jobs were left by workers that died, and nobody takes them up"


def _of_reports_and_data() -> Iterator[str]:
    now, minutes = timezone.now(), LATE.seconds // 60
    if overdue := state.late_schedules(now).count():
        yield f"{overdue} reports are more than {minutes} minutes overdue: beat or the worker of its ticks is down"
    if broken := state.broken_schedules().count():
        yield f"{broken} schedules cannot be opened; see their problem in the admin"
    if held := state.overheld_runs(now).count():
        yield f"{held} reports are held longer than their deadline"
    if stuck := state.stuck_deliveries(now).count():
        yield f"{stuck} mails should have left and have not"
    if unread := state.unread_connections(now).count():
        yield f"{unread} accounts were not read for more than {int(state.UNREAD.total_seconds()) // 3600} hours"
    if lagging := state.lagging_clients().count():
        yield f"{lagging} clients' tables are not those of this version: run manage.py migrate"


def found_attention() -> list[str]:
    """What waits for a person."""
    return list(_attention())


def _attention() -> Iterator[str]:
    if unapproved := state.unapproved_runs(timezone.now()).count():
        yield f"{unapproved} reports were not approved in time"
    if unknown := state.unknown_deliveries().count():
        yield f"{unknown} mails may or may not have left"
    if stopped := state.stopped_schedules().count():
        yield f"{stopped} schedules have stopped after failing again and again"
    if trouble := state.troubled_connections().count():
        yield f"{trouble} accounts cannot be read, or answered what looks wrong"
