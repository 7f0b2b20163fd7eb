"""The page behind an invitation's link."""

from __future__ import annotations

from typing import cast

from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import brand, hosts, invitations
from accounts.audit import Actor
from accounts.forms import Confirmation, JoinForm, carried_out, posted
from accounts.models import Invitation, Organisation, Role, User
from accounts.navigation import landing
from accounts.permissions import MEANINGS


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing: programs that follow links in mails must not use the link up."""
    invitation = invitations.find(token)
    if invitation is None or not hosts.serves(request, invitation.organisation):
        return render(request, "accounts/join_gone.html", status=410)
    user = request.user if isinstance(request.user, User) else None
    if user:
        return _as_known(request, invitation, user)
    if invitations.account_of(invitation):
        return _page(request, "accounts/join_sign_in.html", invitation)
    return _as_new(request, invitation)


def _as_known(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if user.email.lower() != invitation.email.lower():
        return _page(request, "accounts/join_other.html", invitation)
    form = Confirmation(posted(request))
    if form.is_valid() and carried_out(form, lambda: invitations.accept(invitation, user, Actor.of(request))):
        return redirect(landing(invitation.organisation))
    return _page(request, "accounts/join_known.html", invitation, form)


def _as_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if request.method == "POST" and (limited := ratelimit.consume_or_429(request, action="signup")):
        return cast("HttpResponse", limited)
    form = JoinForm(posted(request), email=invitation.email)
    joined: list[User] = []
    if form.is_valid() and carried_out(form, lambda: joined.append(_joined(request, invitation, form))):
        return cast("HttpResponse", perform_login(request, joined[0], redirect_url=landing(invitation.organisation), signup=True))
    return _page(request, "accounts/join_new.html", invitation, form)


def _joined(request: HttpRequest, invitation: Invitation, form: JoinForm) -> User:
    return invitations.join(invitation, form.cleaned_data["name"], form.cleaned_data["password"], Actor.of(request))


def _page(request: HttpRequest, template: str, invitation: Invitation, form: Form | None = None) -> HttpResponse:
    organisation: Organisation = invitation.organisation
    context = {
        "form": form,
        "invitation": invitation,
        "inviting": organisation,
        "role": Role(invitation.role).label,
        "means": gettext(MEANINGS[invitation.role]),
        "brand": brand.of_organisation(organisation),
    }
    return render(request, template, context)
