"""A person's own page: their name and language, and the state of their sign-in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_http_methods

from accounts import hosts, team
from accounts.models import Role, User
from accounts.navigation import address, landing
from accounts.sign_in.forms import ProfileForm
from accounts.sign_in.language import LANGUAGES

Type = Authenticator.Type


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    # The form writes into the person it is given; a refused name must not show in the page's frame.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        with translation.override(saved.language or translation.get_language()):
            messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return render(
        request, "accounts/profile.html", {"form": form, "belongings": _belongings(request, user), **_sign_in_state(request, user)}
    )


def _belongings(request: HttpRequest, user: User) -> list[dict[str, str]]:
    """The organisations of this host that the person is a member of, with the way in and the way out."""
    return [
        {
            "name": row.organisation.name,
            "role": str(Role(row.role).label),
            "url": landing(row.organisation),
            "leave_url": address(row.organisation, "team_leave"),
        }
        for row in team.belongings(user)
        if hosts.serves(request, row.organisation)
    ]


def _sign_in_state(request: HttpRequest, user: User) -> dict[str, Any]:
    factors = list(Authenticator.objects.filter(user_id=user.pk))
    codes = next((factor for factor in factors if factor.type == Type.RECOVERY_CODES), None)
    passkeys = [factor for factor in factors if factor.type == Type.WEBAUTHN]
    has_app = any(factor.type == Type.TOTP for factor in factors)
    return {
        "pending": EmailAddress.objects.filter(user=user, verified=False).last(),
        "two_steps": has_app or bool(passkeys),
        "has_app": has_app,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "passkeys": len(passkeys),
        "passkeys_here": hosts.is_default(request),
        "sessions": UserSession.objects.filter(user=user).count(),
    }


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's switch, which remembers in a cookie; who is signed in finds their language on every machine."""
    language = request.POST.get("language", "")
    if request.method == "POST" and isinstance(request.user, User) and language in LANGUAGES:
        User.objects.filter(pk=request.user.pk).update(language=language)
    return i18n.set_language(request)
