"""Pages of schedules: when reports are due, what must hold before they leave, and what a person does about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import carried_out
from accounts.gate import ClientRequest, requires
from kpis.definitions import DEFINITIONS
from kpis.periods import Period
from reports import cadence, completeness, dates, schedules, scheduling, sending, shown, sources, stopping
from reports.content import SourceState
from reports.forms import ScheduleForm
from reports.models import Schedule
from reports.presentation.words import source_name
from reports.report_views.listing import due

page = require_http_methods(["GET", "HEAD", "POST"])


def schedule_of(request: ClientRequest, schedule_id: int) -> Schedule:
    return get_object_or_404(schedules.of_client(request.client), pk=schedule_id)


@requires("schedule.view")
@never_cache
@require_safe
def schedule_list(request: ClientRequest) -> HttpResponse:
    reads = Count("recipients", filter=Q(recipients__paused=False, recipients__unsubscribed_at=None))
    kept = list(schedules.of_client(request.client).annotate(readers=reads))
    lines = [line | {"in_words": shown.in_words(line["schedule"]), "conditions": shown.conditions(line["schedule"])} for line in due(kept)]
    return render(request, "reports/schedules.html", {"lines": lines, **_may(request)})


@requires("schedule.manage", "schedule.manage")
@never_cache
@page
def schedule_new(request: ClientRequest) -> HttpResponse:
    form = _form(request, None)
    made: list[Schedule] = []
    if request.method == "POST" and form.is_valid():
        change = lambda: made.append(schedules.make(request.client, Actor.of(request), **form.said))  # noqa: E731 - what is carried out
        if carried_out(form, change):
            messages.success(request, _("Scheduled. Now say who reads it."))
            return redirect("schedule_recipients", request.client.slug, made[0].pk)
    return _edit(request, form, None)


@requires("schedule.view", "schedule.manage")
@never_cache
@page
def schedule(request: ClientRequest, schedule_id: int) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    form = _form(request, kept)
    if request.method == "POST" and form.is_valid() and carried_out(form, lambda: schedules.change(kept, Actor.of(request), form.said)):
        messages.success(request, _("Saved."))
        return redirect("schedule", request.client.slug, kept.pk)
    return _edit(request, form, kept)


@requires("schedule.manage", "schedule.manage")
@never_cache
@page
def schedule_remove(request: ClientRequest, schedule_id: int) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    if request.method == "POST":
        schedules.remove(kept, Actor.of(request))
        address = reverse("schedule_restore", args=[request.client.slug, kept.pk])
        text = _("“%(name)s” is removed.") % {"name": shown.schedule_name(kept)}
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, address, _("Take it back")))
        return redirect("schedules", request.client.slug)
    context = {
        "schedule": kept,
        "name": shown.schedule_name(kept),
        "readers": kept.recipients.filter(paused=False, unsubscribed_at=None).count(),
        "waiting": kept.runs.filter(state__in=["due", "held", "approval"]).count(),
    }
    return render(request, "reports/schedule_remove.html", context)


@requires("schedule.manage", "schedule.manage")
@never_cache
@page
def schedule_restore(request: ClientRequest, schedule_id: int) -> HttpResponse:
    """Take a removal back; the page asks for it, for a link alone changes nothing."""
    kept = get_object_or_404(Schedule.objects.select_related("client"), pk=schedule_id, client=request.client)
    if request.method == "POST":
        schedules.restore(kept, Actor.of(request))
        return redirect("schedule", request.client.slug, kept.pk)
    return render(request, "reports/schedule_restore.html", {"schedule": kept, "name": shown.schedule_name(kept)})


@requires("schedule.view", "report.send")
@require_POST
def schedule_act(request: ClientRequest, schedule_id: int) -> HttpResponse:
    """What one button does to a schedule, or with it."""
    kept, asked = schedule_of(request, schedule_id), request.POST.get("do", "")
    act = _ACTS.get(asked)
    if act:
        act(request, kept)
    return redirect("report_list" if asked in ("send", "catch_up") else "schedules", request.client.slug)


def _pause(request: ClientRequest, kept: Schedule) -> None:
    schedules.change(kept, Actor.of(request), {"paused": True})


def _resume(request: ClientRequest, kept: Schedule) -> None:
    schedules.change(kept, Actor.of(request), {"paused": False})


def _start(request: ClientRequest, kept: Schedule) -> None:
    if stopping.start(kept, Actor.of(request)):
        messages.success(request, _("It runs again. The newest report that it owes is being made."))


def _catch_up(request: ClientRequest, kept: Schedule) -> None:
    count = len(sending.catch_up(request.client, kept, Actor.of(request)))
    text = ngettext("%(count)d report is being made.", "%(count)d reports are being made.", count)
    messages.success(request, text % {"count": count})


def _send(request: ClientRequest, kept: Schedule) -> None:
    try:
        sending.send_now(request.client, kept, _period(request, kept), Actor.of(request))
    except sending.NotReported:
        messages.error(request, _("Only reports of periods that are over are sent."))
    except sending.Sent:
        messages.info(request, _("This report was sent. What of it did not arrive can be sent again below."))
    else:
        waits = _("It is prepared now, and waits for approval.")
        messages.success(request, waits if kept.needs_approval else _("The report is being made and sent."))


def _test(request: ClientRequest, kept: Schedule) -> None:
    try:
        sending.ask_for_test(request.client, kept, _period(request, kept), request.user.email, shown.language(), Actor.of(request))
    except sending.NotReported:
        messages.error(request, _("Only reports of periods that are over are sent."))
    else:
        messages.success(request, _("A test is on its way to %(address)s.") % {"address": request.user.email})


def _period(request: ClientRequest, kept: Schedule) -> str:
    return request.POST.get("period", "").replace("\0", "")[:16] or sending.newest(kept).key


_ACTS: dict[str, Callable[[ClientRequest, Schedule], None]] = {
    "pause": _pause,
    "resume": _resume,
    "start": _start,
    "catch_up": _catch_up,
    "send": _send,
    "test": _test,
}


def _form(request: ClientRequest, kept: Schedule | None) -> ScheduleForm:
    """Bound to what was sent, also where it is only looked at: the next sends are told before anything is kept."""
    data = request.POST if request.method == "POST" else request.GET if "cadence" in request.GET else None
    return ScheduleForm(data, client=request.client, sources=_sources(request, kept), schedule=kept)


def _edit(request: ClientRequest, form: ScheduleForm, kept: Schedule | None) -> HttpResponse:
    calendar = scheduling.calendar_of(request.client)
    context = {
        "form": form,
        "schedule": kept,
        "name": shown.schedule_name(kept) if kept else "",
        "state": shown.schedule_state(kept) if kept else None,
        "sends": _sends(request, form, kept, calendar),
        "zone": request.client.zone.key,
        **_may(request),
    }
    return render(request, "reports/schedule.html", context)


def _sends(request: ClientRequest, form: ScheduleForm, kept: Schedule | None, calendar: Any) -> list[dict[str, Any]]:
    """The next sends as the form says; as they are kept, where it says nothing. None where it says what cannot be."""
    if not form.is_bound:
        found = Schedule(client=request.client, **{**_said(form), "waits_for": None}) if kept is None else kept
    elif form.is_valid():
        found = Schedule(pk=kept.pk if kept else None, client=request.client, **form.said)
    else:
        return []
    return [
        {"at": send.at, "days": dates.days(send.period.since, send.period.until, shown.language())}
        for send in scheduling.planned(found, calendar)
    ]


def _said(form: ScheduleForm) -> dict[str, Any]:
    return {name: value for name, value in form.initial.items() if name != "waits"}


def _sources(request: ClientRequest, kept: Schedule | None) -> list[tuple[str, str]]:
    """What a schedule may wait for: key, and name with how far it goes."""
    calendar = scheduling.calendar_of(request.client)
    rhythm = cadence.Rhythm(cadence.Cadence.WEEKLY, calendar)
    if kept:
        rhythm = cadence.Rhythm(cadence.Cadence(kept.cadence), calendar, kept.anchor)
    newest = rhythm.before(rhythm.holding(timezone.now().astimezone(request.client.zone).date()))
    period = Period(newest.since, newest.until)
    figures = {family for definition in DEFINITIONS.values() for family in definition.families}
    told = sources.states(request.client, period, timezone.now(), figures)
    return [(source.key, f"{source_name(source)} · {_told(source, rhythm.before(newest))}") for source in told]


def _told(source: SourceState, before: cadence.ReportPeriod) -> str:
    if source.complete_until is None:
        return _("nothing yet")
    until = _("complete to %(day)s") % {"day": dates.days(source.complete_until, source.complete_until, shown.language())}
    return _("%(until)s; comes no more") % {"until": until} if completeness.is_dormant(source, before.since) else until


def _may(request: ClientRequest) -> dict[str, bool]:
    return {"may_manage": "schedule.manage" in request.permissions, "may_send": "report.send" in request.permissions}
