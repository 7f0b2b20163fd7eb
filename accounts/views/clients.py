"""Lists of clients: all of a person's, and the few that a search finds."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access, hosts, navigation, portfolio, search
from accounts.models import Client

# What a search by keyboard shows; who wants more types another letter.
HITS = 20


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
    """What the client switcher shows: name, agency and address of a few clients; `page` is the page one comes from."""
    clients = list(hosts.served(request, access.clients_of(request.user)))
    found = search.matching(clients, request.GET.get("q", "")[:100])
    page = request.GET.get("page", "")
    return JsonResponse({"clients": [_hit(client, page) for client in found[:HITS]], "more": max(0, len(found) - HITS)})


def _hit(client: Client, page: str) -> dict[str, str]:
    return {"name": client.name, "note": client.agency.name if client.agency else "", "url": navigation.same_page(client, page)}
