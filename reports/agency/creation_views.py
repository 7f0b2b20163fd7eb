"""The pages where an agency makes clients: one by a form, several from a file that is looked at before anything is written."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import portfolio, spreadsheets
from accounts.audit import Actor
from accounts.forms import carried_out, posted
from accounts.gate import AgencyRequest, requires
from reports.agency import clients_file
from reports.agency.creation import Refused, create, create_all
from reports.agency.forms import CreationForm, FileForm


@requires("client.create", "client.create")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AgencyRequest) -> HttpResponse:
    initial = portfolio.usual(request.agency) or {"language": (get_language() or "en")[:2]}
    form = CreationForm(posted(request), initial=initial)
    if form.is_valid() and carried_out(form, lambda: create(request.agency, form.wanted(), Actor.of(request))):
        messages.success(request, _("%(name)s is there. What is left to set up is listed below.") % {"name": form.cleaned_data["name"]})
        return redirect("overview", client_slug=form.cleaned_data["slug"])
    return render(request, "reports/client_new.html", {"form": form, "zones": zones()})


@requires("client.create", "client.create")
@require_http_methods(["GET", "HEAD", "POST"])
def new_from_file(request: AgencyRequest) -> HttpResponse:
    """First the file is shown with what is wrong with it; confirmed, the same text is read again, and all of it is made or nothing."""
    form = FileForm(None)
    reading = None
    if request.method == "POST" and "text" in request.POST:
        reading = _carried_out(request, request.POST["text"].replace("\r\n", "\n")[: clients_file.MOST_BYTES])
        if not reading.faults:
            return redirect("agency_overview", agency_slug=request.agency.slug)
    elif request.method == "POST":
        form = FileForm(request.POST, request.FILES)
        reading = _uploaded(form, request)
    context: dict[str, Any] = {"form": form, "reading": reading, "columns": clients_file.COLUMNS, "most": clients_file.MOST_CLIENTS}
    if reading:
        wrong = {(fault.line, fault.column) for fault in reading.faults}
        context["rows"] = [
            (line, [(cells.get(column, ""), (line, column) in wrong) for column in clients_file.COLUMNS]) for line, cells in reading.lines
        ]
        context["confirm"] = ngettext("Create %(n)d client", "Create %(n)d clients", len(reading.wanted)) % {"n": len(reading.wanted)}
    return render(request, "reports/clients_file.html", context)


@requires("client.create")
@require_safe
def template(request: AgencyRequest) -> HttpResponse:
    content = spreadsheets.csv_text([clients_file.COLUMNS, clients_file.EXAMPLE])
    headers = {"Content-Disposition": 'attachment; filename="clients.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _uploaded(form: FileForm, request: AgencyRequest) -> clients_file.Reading | None:
    if not form.is_valid():
        return None
    try:
        text = clients_file.decoded(form.cleaned_data["file"].read(clients_file.MOST_BYTES + 1))
    except ValidationError as error:
        form.add_error("file", error)
        return None
    return clients_file.read(text, request.agency)


def _carried_out(request: AgencyRequest, text: str) -> clients_file.Reading:
    """What the file says; without a fault, its clients are there. Pressed twice, the second press finds what the first has made."""
    reading = clients_file.read(text, request.agency)
    if not reading.faults:
        try:
            made = len(create_all(request.agency, reading.wanted, Actor.of(request)))
        except Refused as refusal:
            reading.refused(refusal)
        else:
            messages.success(request, ngettext("%(n)d client was created.", "%(n)d clients were created.", made) % {"n": made})
            return reading
    now = clients_file.read(text, request.agency)
    if not now.is_made:
        return reading
    messages.info(request, _("The clients of this file are there already; none was created twice."))
    return clients_file.Reading(text)


@cache
def zones() -> list[str]:
    """Time zones by place; the others are there for old files."""
    places = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(places))
