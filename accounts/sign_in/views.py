"""The doors of sign-in that differ from allauth's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account import views as account
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access, audit, hosts
from accounts.sign_in import second_factor, sessions

View = Callable[..., HttpResponseBase]


def default_host_only(view: View) -> View:
    """A passkey is bound to one host: an agency's own has nothing to do with it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not hosts.is_default(request):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """People are invited. allauth asks for the address of a page that we do not have."""
    raise Http404


def sign_out(request: HttpRequest) -> HttpResponse:
    """Whatever the browser still holds of pages, so that its back button can show them, goes too. Only https is heard in this."""
    response: HttpResponse = account.logout(request)
    if request.method == "POST" and request.is_secure():
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


class RemovePasskey(RemoveWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        if reason := second_factor.why_kept(self.object):
            form.add_error(None, reason)
            return cast("HttpResponse", self.form_invalid(form))
        return cast("HttpResponse", super().form_valid(form))


class Sessions(ListUserSessionsView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        found: list[UserSession] = sorted(context["sessions"], key=lambda session: session.last_seen_at, reverse=True)
        found.sort(key=UserSession.is_current, reverse=True)
        context["sessions"] = [(session, sessions.device(session.user_agent)) for session in found]
        context["zone"] = access.zone_of(self.request.user)
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        audit.record("session.others_ended", audit.Actor.of(self.request))
        return cast("HttpResponse", super().form_valid(form))


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions; the present one is what signing out is for."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if not session.is_current():
        session.end()
        audit.record("session.ended", audit.Actor.of(request))
        messages.success(request, _("That session is signed out."))
    return redirect("usersessions_list")
