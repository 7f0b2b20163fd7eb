"""The list of reports: what became of every one for every recipient, and what is due next. The client's own people see what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.gate import ClientRequest
from reports import dates, schedules, scheduling, sending, shown
from reports.forms import FilterForm
from reports.models import Delivery, Run, Schedule

PAGE = 20
State = Run.State


@never_cache
@require_safe
def report_list(request: ClientRequest) -> HttpResponse:
    works = "schedule.view" in request.permissions
    kept = list(schedules.of_client(request.client)) if works else []
    form = _filter(request, kept) if works else None
    runs, older = _page(_chosen(_runs(request, works), form), request.GET.get("before", ""))
    context = {
        "works": works,
        "form": form,
        "is_narrowed": bool(form and any(form.cleaned_data.values())),
        "chosen": _query(request, "state", "schedule"),
        "lines": [_line(run) for run in runs],
        "is_moving": any(run.state == State.DUE or _moves(run) for run in runs),
        "older": older,
        "is_later": bool(request.GET.get("before")),
        "due": due(kept),
        "may_send": "report.send" in request.permissions,
        "may_manage": "schedule.manage" in request.permissions,
    }
    return render(request, "reports/report_list.html", context)


def due(kept: Sequence[Schedule]) -> list[dict[str, Any]]:
    """What comes next of each schedule, and what was left out."""
    sends = scheduling.upcoming_of(kept, 1)
    owed: dict[int, int] = {}
    for pk in sending.left_out(*kept).values_list("schedule", flat=True) if kept else []:
        owed[pk] = owed.get(pk, 0) + 1
    return [
        {
            "schedule": schedule,
            "name": shown.schedule_name(schedule),
            "state": shown.schedule_state(schedule),
            "send": (send := next(iter(sends[schedule]), None)),
            "days": dates.days(send.period.since, send.period.until, shown.language()) if send else "",
            "left_out": owed.get(schedule.pk, 0),
        }
        for schedule in kept
    ]


def states() -> list[tuple[str, str]]:
    return [("open", _("Waiting")), ("check", _("To check")), ("sent", _("Sent")), ("left", _("Not sent"))]


def _filter(request: ClientRequest, kept: list[Schedule]) -> FilterForm:
    names = [(schedule.pk, shown.schedule_name(schedule)) for schedule in kept]
    form = FilterForm(request.GET, states=states(), schedules=names)
    form.is_valid()
    return form


def _runs(request: ClientRequest, works: bool) -> QuerySet[Run]:
    copies = Delivery.objects.select_related("recipient").order_by("recipient__email")
    runs = Run.objects.filter(schedule__client=request.client).select_related("schedule", "decided_by")
    if not works:
        left = Delivery.objects.filter(run=OuterRef("pk"), state=Delivery.State.SENT)
        runs = runs.filter(Exists(left), state=State.READY)
    return runs.prefetch_related(Prefetch("deliveries", copies)).order_by("-until", "-pk")


def _chosen(runs: QuerySet[Run], form: FilterForm | None) -> QuerySet[Run]:
    if form is None:
        return runs
    wrong = Exists(Delivery.objects.filter(run=OuterRef("pk"), state__in=shown.TO_CHECK))
    kinds = {
        "open": Q(state__in=Run.OPEN),
        "check": Q(state=State.FAILED) | Q(wrong, state=State.READY),
        "sent": Q(~wrong, state=State.READY),
        "left": Q(state__in=[State.SKIPPED, State.DECLINED]),
    }
    asked = form.cleaned_data
    if asked.get("state"):
        runs = runs.filter(kinds[asked["state"]])
    return runs.filter(schedule=asked["schedule"]) if asked.get("schedule") else runs


def _page(runs: QuerySet[Run], before: str) -> tuple[list[Run], int]:
    """Those after the one called `before`, and what to call the page after, or 0. Counted pages would move while reports come."""
    last = runs.filter(pk=int(before)).first() if before.isdecimal() and len(before) < 19 else None
    if last:
        runs = runs.filter(Q(until__lt=last.until) | Q(until=last.until, pk__lt=last.pk))
    found = list(runs[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0


def _moves(run: Run) -> bool:
    return any(delivery.state in (Delivery.State.QUEUED, Delivery.State.SENDING) for delivery in run.deliveries.all())


def _line(run: Run) -> dict[str, Any]:
    copies = [shown.sent(delivery) for delivery in run.deliveries.all()]
    left = [copy.delivery.sent_at for copy in copies if copy.delivery.sent_at]
    return {
        "run": run,
        "name": shown.run_name(run),
        "schedule": shown.schedule_name(run.schedule),
        "state": shown.run_state(run, [copy.delivery for copy in copies]),
        "sent_at": max(left) if left else None,
        "copies": copies,
        "counted": shown.counted(copy.state for copy in copies),
        "failed": sum(copy.delivery.state == Delivery.State.FAILED for copy in copies),
        "may_start": run.state in (State.HELD, State.SKIPPED, State.FAILED),
    }


def _query(request: ClientRequest, *names: str) -> str:
    """What was chosen, to be said again by the links to other pages."""
    asked = request.GET.copy()
    for name in list(asked):
        if name not in names or not asked[name]:
            del asked[name]
    return asked.urlencode()
