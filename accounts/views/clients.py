"""Lists of clients: all of a person's, those of one agency, and the few that a search finds."""

from __future__ import annotations

import zoneinfo
from functools import cache

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, hosts, palette, portfolio, search, services
from accounts.audit import Actor
from accounts.forms import NewClientForm, carried_out, posted
from accounts.gate import AgencyRequest, requires


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The clients a person may see; who sees only one goes straight there."""
    clients = list(hosts.served(request, access.clients_of(request.user)))
    closing, closed = ([client for client in part if hosts.serves(request, client)] for part in access.closing_clients_of(request.user))
    if len(clients) == 1 and not closing and "q" not in request.GET:
        return redirect("overview", client_slug=clients[0].slug)
    asked = request.GET.get("q", "")[:100]
    context = {
        "clients": search.matching(clients, asked),
        "closing": portfolio.closing_lines(closing),
        "closed": closed,
        "agencies": [agency for agency in access.agencies_of(request.user) if hosts.serves(request, agency)],
        "asked": asked,
        "total": len(clients),
    }
    return render(request, "accounts/home.html", context)


@never_cache
@require_safe
@login_required
def hits(request: HttpRequest) -> JsonResponse:
    """What is found by keyboard where no client is at hand: clients and the agency's pages. `page` is the page one comes from."""
    found = hosts.served(request, access.clients_of(request.user))
    agencies = [agency for agency in access.agencies_of(request.user) if hosts.serves(request, agency)]
    groups = [
        palette.clients(found, request.GET.get("page", "")),
        palette.Group(_("Pages"), palette.agency_pages(agencies)),
    ]
    return JsonResponse(palette.as_json(palette.found(groups, request.GET.get("q", ""))))


@requires("agency.view")
@require_safe
def client_list(request: AgencyRequest) -> HttpResponse:
    """The agency's clients that a person may see."""
    asked = request.GET.get("q", "")[:100]
    lines = portfolio.lines(request.agency, request.user)
    by_client = {line.client: line for line in lines}
    closing, _others = access.closing_clients_of(request.user)
    context = {
        "lines": [by_client[client] for client in search.matching(by_client, asked)],
        "closing": portfolio.closing_lines([client for client in closing if client.agency_id == request.agency.pk]),
        "asked": asked,
        "total": len(lines),
    }
    return render(request, "accounts/client_list.html", context)


@requires("client.create", "client.create")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AgencyRequest) -> HttpResponse:
    initial = portfolio.usual(request.agency) or {"language": (get_language() or "en")[:2]}
    form = NewClientForm(posted(request), initial=initial)
    if form.is_valid() and carried_out(form, lambda: _create(request, form)):
        messages.success(
            request, _("%(name)s is there. Next: invite its people, connect its accounts.") % {"name": form.cleaned_data["name"]}
        )
        return redirect("overview", client_slug=form.cleaned_data["slug"])
    return render(request, "accounts/client_new.html", {"form": form, "zones": zones()})


def _create(request: AgencyRequest, form: NewClientForm) -> None:
    services.create_client(**form.cleaned_data, agency=request.agency, by=Actor.of(request))


@cache
def zones() -> list[str]:
    """Time zones by place; the others are there for old files."""
    places = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(places))
