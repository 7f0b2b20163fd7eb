"""Whether the service works: red when the database is away or jobs are not being done."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import hosts
from accounts.tenancy import migrating
from jobs.models import Job
from reports.models import Schedule

# Ticks come every second and workers pick up within a minute; later than this, beat or every worker is down.
LATE = timedelta(minutes=5)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with `{"status": "ok"}`, or 503; what is wrong is said on the default host alone."""
    problems = _problems()
    told = {"problems": problems} if hosts.is_default(request) else {}
    return JsonResponse({"status": "failing" if problems else "ok", **told}, status=503 if problems else 200)


def _problems() -> list[str]:
    """What is wrong, over all clients."""
    problems = []
    minutes = LATE.seconds // 60
    try:
        late = Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.SENT], run_at__lt=timezone.now() - LATE).count()
        if late:
            problems.append(f"{late} jobs are more than {minutes} minutes late")
        if dead := Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=timezone.now() - LATE).count():
            problems.append(f"{dead} jobs were left by workers that died, and nobody takes them up")
        if overdue := Schedule.objects.filter(
            paused=False, stopped_at=None, client__closed_at=None, next_run_at__lt=timezone.now() - LATE
        ).count():
            problems.append(f"{overdue} reports are more than {minutes} minutes overdue: beat or the worker of its ticks is down")
        if broken := Schedule.objects.filter(paused=False, client__closed_at=None).exclude(problem="").count():
            problems.append(f"{broken} schedules cannot be opened; see their problem in the admin")
        if lagging := migrating.lagging():
            problems.append(f"{lagging} clients' tables are not those of this version: run manage.py migrate")
    except DatabaseError:
        problems.append("the database does not answer")
    return problems
