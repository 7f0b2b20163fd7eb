"""Seeing a client's pages as its viewers see them, and leaving that."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import viewing
from accounts.gate import ClientRequest, requires, while_viewing


@requires("client.view_as", "client.view_as")
@require_POST
def begin(request: ClientRequest) -> HttpResponse:
    viewing.begin(request, request.client)
    return redirect("overview", client_slug=request.client.slug)


@while_viewing
@requires("client.view", "client.view")
@require_POST
def leave(request: ClientRequest) -> HttpResponse:
    viewing.end(request, request.client)
    return redirect("overview", client_slug=request.client.slug)
