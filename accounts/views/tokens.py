"""API tokens of a client company or of an agency."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import tokens
from accounts.audit import Actor
from accounts.forms import Confirmation, TokenForm, carried_out, posted
from accounts.gate import OrganisationRequest, requires
from accounts.models import ApiToken, Client, Scope
from accounts.navigation import address


@requires("token.manage", "token.manage")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: OrganisationRequest) -> HttpResponse:
    """All tokens, and the form for a new one.

    The new one is shown in the answer itself: keeping it for the page after a redirect would mean to store what only a hash is kept of.
    """
    form = TokenForm(posted(request))
    made: list[tuple[ApiToken, str]] = []
    if form.is_valid() and carried_out(form, lambda: made.append(_made(request, form))):
        token, secret = made[0]
        return render(request, "accounts/token_made.html", {"token": token, "secret": secret, "example": _example(request)})
    lines = tokens.listed(request.organisation)
    context = {"form": form, "usable": [line for line in lines if line.is_usable], "past": [line for line in lines if not line.is_usable]}
    return render(request, "accounts/tokens.html", context)


@requires("token.manage", "token.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: OrganisationRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(tokens.of(request.organisation), pk=token_id)
    form = Confirmation(posted(request))
    if form.is_valid() and carried_out(form, lambda: tokens.revoke(token, Actor.of(request))):
        messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
        return redirect(address(request.organisation, "tokens"))
    return render(request, "accounts/token_revoke.html", {"form": form, "token": token})


def _made(request: OrganisationRequest, form: TokenForm) -> tuple[ApiToken, str]:
    wish = form.cleaned_data
    return tokens.make(request.organisation, name=wish["name"], scope=Scope(wish["scope"]), days=int(wish["days"]), by=Actor.of(request))


def _example(request: OrganisationRequest) -> str:
    """An address that answers this organisation's token, on the host that shows it."""
    if not isinstance(request.organisation, Client):
        return request.build_absolute_uri(reverse("api_clients"))
    today = timezone.now().astimezone(request.organisation.zone).date()
    days = f"from={today - timedelta(days=7)}&to={today - timedelta(days=1)}"
    return request.build_absolute_uri(f"{reverse('api_kpis', args=[request.organisation.slug])}?{days}")
