"""The set-up checklist on the pages of a client, for an agency's people."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from accounts.models import AGENCY_ROLES, Client
from reports.agency import checklist
from reports.agency.checklist import Checklist


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `set_up`, the checklist of the client at hand while it is to be shown to whoever looks."""
    return {"set_up": cache(lambda: _shown(request))}


def _shown(request: HttpRequest) -> Checklist | None:
    client = getattr(request, "client", None)
    if not isinstance(client, Client) or not access.roles_in(client) & AGENCY_ROLES:
        return None
    found = checklist.of(client, getattr(request, "permissions", frozenset()))
    return found if found.is_open else None


@requires("connection.view", "client.change")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: ClientRequest) -> HttpResponse:
    """The whole list, also once it is put away; and what is decided of it."""
    client = request.client
    if not access.roles_in(client) & AGENCY_ROLES:
        raise PermissionDenied
    if request.method != "POST":
        return render(request, "reports/set_up.html", {"set_up": checklist.of(client, request.permissions)})
    asked, _space, step = request.POST.get("do", "").partition(" ")
    if asked in ("settle", "unsettle") and step in checklist.STEPS:
        checklist.settle(client, step, is_right=asked == "settle")
    elif asked in ("dismiss", "show"):
        checklist.dismiss(client, Actor.of(request), is_over=asked == "dismiss")
        if asked == "dismiss":
            way_back = (reverse("set_up", args=[client.slug]), _("See the list"))
            messages.success(
                request, format_html('{} <a class="button small" href="{}">{}</a>', _("The set-up list is put away."), *way_back)
            )
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return redirect(back if is_ours else reverse("overview", args=[client.slug]))
