"""The operations page: for whoever runs the server, on the default host, to read at a glance and to mend from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import hosts
from campaigns.connections import title
from config.operations import state
from jobs import queue
from jobs.models import Heartbeat, Job
from reports import scheduling
from reports.models import Run
from reports.preparing import DELIVER

# Rows of a list that are shown; the count says how many there are.
SHOWN = 30
# Seconds between two readings of the page.
REFRESH = 30
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Listed:
    """The first rows of a list, and how many there are."""

    rows: list[Any]
    count: int

    @property
    def left_out(self) -> int:
        return self.count - len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.count)


def for_operators(view: View) -> View:
    """The page does not exist for anybody else, nor on an agency's host."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not hosts.is_default(request):
            raise Http404
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not (request.user.is_active and request.user.is_staff):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@for_operators
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = _context(now) | {"now": now, "refresh": None if "still" in request.GET else REFRESH}
    return render(request, "operations/overview.html", context)


@for_operators
@require_POST
def try_again(request: HttpRequest, job_id: int) -> HttpResponse:
    """Do a failed job anew. A mail is never sent again from here: its own row decides."""
    job = Job.objects.filter(pk=job_id).exclude(kind=DELIVER).first()
    if job is None:
        raise Http404
    if _begun_again(job):
        messages.success(request, _("The job is tried again."))
    else:
        messages.warning(request, _("The job has not failed, or was asked for again since."))
    return redirect("operations")


def _begun_again(job: Job) -> bool:
    """Whether it is done anew. A report's own row says that it failed, and is opened like a new one."""
    if job.kind != scheduling.KIND:
        return queue.try_again(job.pk)
    run = Run.objects.select_related("schedule").filter(pk=job.arguments["run_id"], state=Run.State.FAILED).first()
    if run is not None:
        scheduling.open_run(run.schedule, run.period)
    return run is not None


def _context(now: datetime) -> dict[str, Any]:
    heartbeats = list(Heartbeat.objects.order_by("kind", "name"))
    no_beat, unattended = state.missing_processes(heartbeats, now)
    waiting = state.due_jobs(now)
    red = {
        "late": listed(state.late_schedules(now)),
        "broken": listed(state.broken_schedules()),
        "held": listed(state.overheld_runs(now)),
        "stuck": listed(state.stuck_deliveries(now)),
        "unread": listed(state.unread_connections(now)),
        "lagging": listed(state.lagging_clients()),
    }
    amber = {
        "unapproved": listed(state.unapproved_runs(now)),
        "unknown": listed(state.unknown_deliveries()),
        "stopped": listed(state.stopped_schedules()),
        "troubled": listed(state.troubled_connections()),
        "failed": listed(state.failed_jobs(now)),
    }
    late = [line for line in waiting if line.oldest < now - state.LATE]
    return {
        **red,
        **amber,
        "processes": [{"row": row, "is_late": row.seen_at <= now - state.LATE} for row in heartbeats],
        "no_beat": no_beat,
        "unattended": unattended,
        "waiting": waiting,
        "late_jobs": late,
        "abandoned": state.abandoned_jobs(now),
        "readings": [{"title": title(line.platform), "line": line} for line in state.readings()],
        "is_red": bool(no_beat or unattended or late or any(red.values())),
        "is_amber": any(amber.values()),
        "deliver": DELIVER,
        "minutes": state.LATE // timedelta(minutes=1),
        "days": state.RECENT.days,
    }


def listed(rows: QuerySet[Any]) -> Listed:
    """One query where all rows are shown, else one more for the count."""
    first = list(rows[: SHOWN + 1])
    return Listed(first[:SHOWN], len(first) if len(first) <= SHOWN else rows.count())
