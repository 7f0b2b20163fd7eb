"""The people who read a schedule's reports: one line each, many added at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from reports import schedules, shown, suppression, taking_back
from reports.forms import AddressesForm, RecipientForm
from reports.models import Recipient, Schedule, Suppression
from reports.report_views.schedule import schedule_of
from reports.report_views.suppressions import REASONS

FIELDS = ("language", "format", "copy_of")


@requires("schedule.view", "schedule.manage")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recipients(request: ClientRequest, schedule_id: int) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    people = list(kept.recipients.select_related("copy_of").order_by("paused", "email"))
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    grid = [_row(request, person, people, bound=asked == "save") for person in people]
    adding = _adding(request, people, bound=asked == "add")
    if asked and _carried_out(request, kept, people, grid, adding, asked):
        return redirect("schedule_recipients", request.client.slug, kept.pk)
    spared = {row.email: row for row in suppression.active(request.client)}
    context = {
        "schedule": kept,
        "name": shown.schedule_name(kept),
        "in_words": shown.in_words(kept),
        "lines": [_line(person, form, spared.get(person.email.lower())) for person, form in zip(people, grid, strict=True)],
        "wrong": any(form.errors for form in grid),
        "adding": adding,
        "may_manage": "schedule.manage" in request.permissions,
        "may_lift": "delivery.manage" in request.permissions,
    }
    return render(request, "reports/recipients.html", context)


def _row(request: ClientRequest, person: Recipient, people: list[Recipient], *, bound: bool) -> RecipientForm:
    initial = {"language": person.language, "format": person.format, "copy_of": person.copy_of_id}
    others = [(other.pk, other.email) for other in people if other.copy_of_id is None and other.pk != person.pk]
    return RecipientForm(request.POST if bound else None, prefix=f"r{person.pk}", initial=initial, others=others)


def _adding(request: ClientRequest, people: list[Recipient], *, bound: bool) -> AddressesForm:
    others = [(other.pk, other.email) for other in people if other.copy_of_id is None]
    return AddressesForm(request.POST if bound else None, initial={"language": request.client.language}, others=others)


def _carried_out(
    request: ClientRequest, kept: Schedule, people: list[Recipient], grid: list[RecipientForm], adding: AddressesForm, asked: str
) -> bool:
    """Whether what was asked was done; what is wrong with it stands beside its fields."""
    if asked == "save":
        return _save(request, kept, people, grid)
    if asked == "add":
        return _add(request, kept, adding)
    if asked == "restore":
        _restore(request, kept)
        return True
    act, _colon, number = asked.partition(":")
    person = next((person for person in people if str(person.pk) == number), None)
    if person:
        _act(request, kept, person, act)
    return True


def _save(request: ClientRequest, kept: Schedule, people: list[Recipient], grid: list[RecipientForm]) -> bool:
    if not all([form.is_valid() for form in grid]):  # noqa: C419 - each of them, so that all that is wrong is told
        return False
    known = {person.pk: person for person in people}
    changes: dict[int, dict[str, Any]] = {}
    for person, form in zip(people, grid, strict=True):
        said = form.cleaned_data
        changes[person.pk] = {"language": said["language"], "format": said["format"], "copy_of": known.get(said["copy_of"])}
        if said["copy_of"] and any(other.copy_of_id == person.pk for other in people):
            form.add_error("copy_of", _("A copy is of a recipient who is no copy, and not of itself."))
            return False
    schedules.change_recipients(kept, Actor.of(request), changes)
    messages.success(request, _("Saved."))
    return True


def _add(request: ClientRequest, kept: Schedule, adding: AddressesForm) -> bool:
    if not adding.is_valid():
        return False
    there = {email.lower() for email in kept.recipients.values_list("email", flat=True)}
    if twice := [row["email"] for row in adding.rows if row["email"].lower() in there]:
        adding.add_error("addresses", _("Recipients already: %(addresses)s") % {"addresses": ", ".join(twice[:5])})
        return False
    try:
        count = len(schedules.add(kept, Actor.of(request), adding.rows))
    except ValidationError as problem:
        adding.add_error("addresses", problem.messages[0])
        return False
    text = ngettext("%(count)d recipient added.", "%(count)d recipients added.", count)
    messages.success(request, text % {"count": count})
    return True


def _act(request: ClientRequest, kept: Schedule, person: Recipient, act: str) -> None:
    by = Actor.of(request)
    if act in ("pause", "resume"):
        schedules.change_recipients(kept, by, {person.pk: {"paused": act == "pause"}})
    elif act == "resubscribe":
        schedules.resubscribe(person, by)
    elif act == "remove":
        _remove(request, kept, person)


def _remove(request: ClientRequest, kept: Schedule, person: Recipient) -> None:
    try:
        schedules.remove_recipient(person, Actor.of(request))
    except schedules.Recorded:
        schedules.change_recipients(kept, Actor.of(request), {person.pk: {"paused": True}})
        text = _("%(address)s got reports or has copies, which are a record; it is paused instead.")
        messages.info(request, text % {"address": person.email})
    else:
        said = _("%(address)s is removed.") % {"address": person.email}
        taking_back.offer(request, person, said, reverse("schedule_recipients", args=[request.client.slug, kept.pk]))


def _restore(request: ClientRequest, kept: Schedule) -> None:
    """Take the last removal back, if it was from this list."""
    person = taking_back.take(request, Recipient)
    if person is None or person.schedule_id != kept.pk:
        return
    try:
        schedules.restore_recipient(person, Actor.of(request))
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, _("%(address)s is a recipient again.") % {"address": person.email})


def _line(person: Recipient, form: RecipientForm, spared: Suppression | None) -> dict[str, Any]:
    state = shown.State(_("Gets reports"), "ok")
    if person.unsubscribed_at:
        state = shown.State(_("Unsubscribed"), "lost")
    elif spared:
        state = shown.State(_("Not written to"), "lost")
    elif person.paused:
        state = shown.State(_("Paused"), "off")
    return {
        "person": person,
        "form": form,
        "state": state,
        "spared": spared,
        "reason": _(REASONS[spared.reason]) if spared and not person.unsubscribed_at else "",
        "format": _(shown.FORMATS[person.format]),
        "language": dict(settings.LANGUAGES)[person.language],
    }
