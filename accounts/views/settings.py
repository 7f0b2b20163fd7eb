"""Settings of a client company and of an agency; the end of a client, and its return."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import brand, brand_preview, closing, services
from accounts.audit import Actor
from accounts.forms import AgencyForm, ClientForm, CloseForm, carried_out, posted
from accounts.gate import AgencyRequest, ClientRequest, requires
from accounts.models import Agency, Client
from accounts.navigation import address

page = require_http_methods(["GET", "HEAD", "POST"])


@requires("client.change", "client.change")
@page
def client_settings(request: ClientRequest) -> HttpResponse:
    client = request.client
    form = ClientForm(posted(request), initial=_values(client, services.CLIENT_FIELDS))
    if form.is_valid() and carried_out(form, lambda: services.change_client(client, Actor.of(request), **form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("settings", client_slug=client.slug)
    client.refresh_from_db(fields=list(services.CLIENT_FIELDS))  # what was refused is not what it is called
    return render(request, "accounts/client_settings.html", {"form": form})


@requires("client.close", "client.close")
@page
def close(request: ClientRequest) -> HttpResponse:
    client = request.client
    if client.closed_at:
        return redirect("home")
    form = CloseForm(posted(request), slug=client.slug)
    if form.is_valid() and carried_out(form, lambda: closing.close(client, Actor.of(request))):
        messages.success(request, _("%(name)s is closed. It can be reopened below.") % {"name": client.name})
        return redirect("home")
    return render(request, "accounts/client_close.html", {"form": form, "until": timezone.now() + closing.GRACE})


@requires("client.close", "client.close")
@require_POST
def reopen(request: ClientRequest) -> HttpResponse:
    closing.reopen(request.client, Actor.of(request))
    messages.success(request, _("%(name)s is open again; what waited is done now.") % {"name": request.client.name})
    return redirect("overview", client_slug=request.client.slug)


@requires("agency.change", "agency.change")
@page
def agency_settings(request: AgencyRequest) -> HttpResponse:
    agency = request.agency
    form = AgencyForm(
        posted(request),
        request.FILES if request.method == "POST" else None,
        initial=_values(agency, services.AGENCY_FIELDS),
        has_logo=bool(agency.logo_digest),
    )
    is_look = "look" in request.POST
    if not is_look and form.is_valid() and carried_out(form, lambda: _change_agency(agency, form, Actor.of(request))):
        messages.success(request, _("Saved."))
        if agency.sender_address and not brand.may_send_as(agency):
            told = {"address": agency.sender_address, "domain": agency.sender_address.rpartition("@")[2]}
            messages.warning(request, _("%(address)s is not used to send yet: ask whoever runs this service to allow %(domain)s.") % told)
        return redirect(address(agency, "settings"))
    agency.refresh_from_db(fields=list(services.AGENCY_FIELDS))
    said = request.POST if request.method == "POST" else request.GET
    return render(request, "accounts/agency_settings.html", {"form": form, "preview": brand_preview.of(agency, said.dict())})


@transaction.atomic
def _change_agency(agency: Agency, form: AgencyForm, by: Actor) -> None:
    services.change_agency(agency, by, **form.fields_of_agency)
    if picture := form.cleaned_data["logo"]:
        services.wear_logo(agency, picture, by)
    elif form.cleaned_data.get("remove_logo"):
        services.wear_logo(agency, None, by)


def _values(row: Client | Agency, fields: tuple[str, ...]) -> dict[str, object]:
    return {field: getattr(row, field) for field in fields}
