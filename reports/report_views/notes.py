"""What people write for the readers of a report: what was done, comes next, is needed from the client."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import Actor
from accounts.forms import carried_out
from accounts.gate import ClientRequest, requires
from accounts.models import User
from reports import notes, schedules, scheduling, shown, taking_back
from reports.archive.models import Note
from reports.cadence import Cadence, Rhythm, named
from reports.forms import NoteForm
from reports.models import Run, Schedule
from reports.periods_named import Named, form

# By kind: its heading, and what to write there.
KINDS: dict[str, tuple[Any, Any]] = {
    Note.Kind.DONE: (
        gettext_lazy("What was done"),
        gettext_lazy("Campaigns begun or ended, budgets moved, pages changed: what explains the figures."),
    ),
    Note.Kind.NEXT: (gettext_lazy("What comes next"), gettext_lazy("What you will do, and when.")),
    Note.Kind.NEEDED: (
        gettext_lazy("What is needed from the client"),
        gettext_lazy("A decision, a text, an access: from whom, and by when."),
    ),
}
# How many periods back may be chosen.
BACK = 8


@requires("note.view", "note.manage")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_notes(request: ClientRequest) -> HttpResponse:
    """The notes of one period, with those of the period before beside them, to be copied."""
    kept = list(schedules.of_client(request.client))
    choices = _periods(request, kept)
    period = request.GET.get("period") or _next(kept, choices)
    if period not in dict(choices):
        raise Http404
    forms = {kind: NoteForm(initial={"kind": kind}, prefix=kind) for kind in KINDS}
    if request.method == "POST":
        kind = request.POST.get("do", "")
        if kind == "copy":
            _copy(request, period)
            return _back(request, period)
        if kind in KINDS:
            forms[kind] = NoteForm({f"{kind}-kind": kind, f"{kind}-text": request.POST.get(f"{kind}-text", "")}, prefix=kind)
            if _write(request, forms[kind], period):
                return _back(request, period)
    context = {"periods": choices, "period": period, "name": dict(choices)[period], **_shown(period, forms)}
    context["may_write"] = "note.manage" in request.permissions
    context["is_made"] = Run.objects.filter(schedule__client=request.client, period=period, state__in=["ready", "approval"]).exists()
    return render(request, "reports/notes.html", context)


@requires("note.view", "note.manage")
@require_POST
def note_remove(request: ClientRequest, note_id: int) -> HttpResponse:
    note = get_object_or_404(Note, pk=note_id)
    notes.remove(request.client, Actor.of(request), note)
    said = _("The note is removed. A report that was made with it keeps it.")
    taking_back.offer(request, note, said, reverse("note_restore", args=[request.client.slug]))
    return _back(request, note.period)


@requires("note.view", "note.manage")
@require_POST
def note_restore(request: ClientRequest) -> HttpResponse:
    """Take the last removal back."""
    note = taking_back.take(request, Note)
    if note is None:
        return redirect("report_notes", request.client.slug)
    notes.restore(request.client, Actor.of(request), note)
    messages.success(request, _("The note is back."))
    return _back(request, note.period)


def _back(request: ClientRequest, period: str) -> HttpResponse:
    return redirect(f"{reverse('report_notes', args=[request.client.slug])}?period={period}")


def _write(request: ClientRequest, form: NoteForm, period: str) -> bool:
    if not form.is_valid():
        return False
    said = form.cleaned_data
    return carried_out(form, lambda: notes.write(request.client, Actor.of(request), kind=said["kind"], period=period, text=said["text"]))


def _copy(request: ClientRequest, period: str) -> None:
    """One note of an earlier period, or all that there is."""
    number = request.POST.get("note", "")
    for note in Note.objects.filter(pk=int(number)) if number.isdecimal() and len(number) < 19 else []:
        notes.write(request.client, Actor.of(request), kind=note.kind, period=period, text=note.text)


def _shown(period: str, forms: dict[str, NoteForm]) -> dict[str, Any]:
    """By kind: what is written for the period, and the newest of earlier ones."""
    found = list(Note.objects.filter(period=period).order_by("pk"))
    earlier = list(Note.objects.exclude(period=period).order_by("-pk")[:30])
    people = {user.pk: user.get_short_name() for user in User.objects.filter(pk__in=[note.author_id for note in found if note.author_id])}
    written = {note.text for note in found}
    columns = [
        {
            "kind": kind,
            "title": title,
            "help": help_text,
            "form": forms[kind],
            "notes": [{"note": note, "by": people.get(note.author_id or 0, "")} for note in found if note.kind == kind],
            "earlier": [note for note in earlier if note.kind == kind and note.text not in written][:3],
        }
        for kind, (title, help_text) in KINDS.items()
    ]
    return {"columns": columns}


def _periods(request: ClientRequest, kept: list[Schedule]) -> list[tuple[str, str]]:
    """Those that reports are or will be of, the newest of each rhythm first; of a client without a schedule, weeks."""
    calendar = scheduling.calendar_of(request.client)
    today = timezone.now().astimezone(request.client.zone).date()
    rhythms = {schedule.cadence: scheduling.plan_of(schedule, calendar).rhythm for schedule in kept}
    found: dict[str, str] = {}
    for rhythm in rhythms.values() or [Rhythm(Cadence.WEEKLY, calendar)]:
        period = rhythm.holding(today)
        for _number in range(BACK):
            found[period.key] = _named(period.key)
            period = rhythm.before(period)
    return list(found.items())


def _next(kept: list[Schedule], choices: list[tuple[str, str]]) -> str:
    """The period of the report that is due next."""
    sends = sorted((send for found in scheduling.upcoming_of(kept, 1).values() for send in found), key=lambda send: send.at)
    keys = dict(choices)
    return next((send.period.key for send in sends if send.period.key in keys), choices[0][0])


def _named(key: str) -> str:
    period = named(key)
    return Named(form(key), period.since, period.until, shown.language(), with_year=False).heading
