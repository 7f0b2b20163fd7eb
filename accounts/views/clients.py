"""Lists of clients: all of a person's, and the few that a search finds."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access, hosts, palette, portfolio, search


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The clients a person may see; who sees only one, or those of one agency that they work in, goes straight there."""
    clients = list(hosts.served(request, access.clients_of(request.user)))
    closing, closed = ([client for client in part if hosts.serves(request, client)] for part in access.closing_clients_of(request.user))
    agencies = [agency for agency in access.agencies_of(request.user) if hosts.serves(request, agency)]
    of_agencies = {client.agency_id for client in (*clients, *closing)}
    if len(agencies) == 1 and not closed and "q" not in request.GET and of_agencies <= {agencies[0].pk}:
        return redirect("agency_overview", agency_slug=agencies[0].slug)
    if len(clients) == 1 and not closing and "q" not in request.GET:
        return redirect("overview", client_slug=clients[0].slug)
    asked = request.GET.get("q", "")[:100]
    context = {
        "clients": search.matching(clients, asked),
        "closing": portfolio.closing_lines(closing),
        "closed": closed,
        "agencies": agencies,
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
