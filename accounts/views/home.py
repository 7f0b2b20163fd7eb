from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import hosts
from accounts.access import clients_of


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The clients a person may see; who sees only one goes straight there."""
    clients = [client for client in clients_of(request.user) if hosts.serves(request, client)]
    if len(clients) == 1:
        return redirect("overview", client_slug=clients[0].slug)
    return render(request, "accounts/home.html", {"clients": clients})
