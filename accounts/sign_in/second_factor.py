"""An agency may oblige its people to sign in in two steps: whoever has not set that up is led there from every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.identity import API
from accounts.models import Agency, User

# What counts. Recovery codes only stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# Written out, for every request asks it.
OWED = """
    SELECT agency.* FROM accounts_agency AS agency JOIN accounts_membership AS membership ON membership.agency_id = agency.id
    WHERE membership.user_id = %s AND agency.requires_second_factor
        AND NOT EXISTS (SELECT FROM mfa_authenticator WHERE user_id = %s AND type = ANY(%s))
    ORDER BY agency.name LIMIT 1
"""
SET_UP = "mfa_index"
# What stays open to those who still have to set it up, by the names of the addresses.
OPEN = frozenset(
    {
        SET_UP,
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_view_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_generate_recovery_codes",
        "account_reauthenticate",
        "account_login",
        "account_logout",
        "set_language",
        "unsubscribe",
        "healthz",
        "logo",
        "metrics",
    }
)
# The open pages that say why one is there.
EXPLAINED = frozenset({SET_UP, "mfa_activate_totp", "mfa_add_webauthn"})


def has(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def requiring(user: User) -> Agency | None:
    """An agency the person works for that requires a second factor."""
    return Agency.objects.filter(memberships__user=user, requires_second_factor=True).order_by("name").first()


def missing_for(user: User) -> Agency | None:
    """The agency that requires a second factor of somebody who has none. One query."""
    return next(iter(Agency.objects.raw(OWED, [user.pk, user.pk, list(FACTORS)])), None)


def why_kept(authenticator: Authenticator) -> str:
    """Why this factor cannot be removed; empty if it can."""
    others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS).exclude(pk=authenticator.pk)
    if authenticator.type not in FACTORS or others.exists() or not (agency := requiring(authenticator.user)):
        return ""
    return _("%(agency)s requires a second step at sign-in, and this is your last one. Add another before you remove it.") % {
        "agency": agency.name
    }


class RequireSecondFactor:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if (name in OPEN and name not in EXPLAINED) or getattr(request, "token", None) or not isinstance(request.user, User):
            return None
        agency = missing_for(request.user)
        if agency is None:
            return None
        if name in OPEN:
            request.second_factor_required_by = agency  # type: ignore[attr-defined]  # ours; read by the page
            return None
        if request.path.startswith(API):
            detail = _("%(agency)s requires a second step at sign-in. Set one up in your profile first.") % {"agency": agency.name}
            return JsonResponse({"detail": detail}, status=403)
        return redirect(SET_UP)
