"""How allauth behaves here: nobody signs up, mails wear the host's brand, secrets are sealed, words are ours."""

from __future__ import annotations

import logging
import smtplib
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from accounts import brand, hosts, mails, vault
from accounts.models import User
from accounts.sign_in import second_factor, sessions

logger = logging.getLogger(__name__)

# Mails with a link: what allauth calls them, what we call them, and where their link is in allauth's context.
LINKS = {
    "account/email/password_reset_key": ("password_reset", "password_reset_url"),
    "account/email/unknown_account": ("password_reset_unknown", ""),
    "account/email/email_confirmation": ("email_confirm", "activate_url"),
}
# Notices: what happened.
NOTICES = {
    "account/email/password_changed": gettext_lazy("Your password was changed"),
    "account/email/password_reset": gettext_lazy("Your password was changed"),
    "account/email/password_set": gettext_lazy("Your password was set"),
    "account/email/email_changed": gettext_lazy("Your e-mail address was changed"),
    "mfa/email/totp_activated": gettext_lazy("Two-step verification was turned on"),
    "mfa/email/totp_deactivated": gettext_lazy("Your authenticator app was removed"),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made"),
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added"),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was removed"),
}


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation: nobody signs up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account is closed."),
        "duplicate_email": gettext_lazy("This is already the address of your account."),
        "email_password_mismatch": gettext_lazy("This e-mail address and password do not belong together."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_code": gettext_lazy("This code is wrong or was used already."),
        "incorrect_password": gettext_lazy("This password is wrong."),
        "invalid_password_reset": gettext_lazy("This link was used already or is too old."),
        "rate_limited": gettext_lazy("Too many attempts. Wait a few minutes, then try again."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of a moment ago counts: nobody is asked for the same password twice in a row."""
        return bool(super().is_reauthentication_required(app=app, **kwargs)) and not _signed_in_lately(current.request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """By the confirmed address alone: one that still waits for its link opens nothing."""
        user = super().authenticate(request, **credentials)
        return user if user and user.email == credentials.get("email") else None

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method for method in methods if hosts.is_default(current.request) or not method["id"].endswith(":webauthn")]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        return reverse("profile" if self.request.user.is_authenticated else "account_login")

    def get_reset_password_from_key_url(self, key: str) -> str:
        person, _dash, token = key.partition("-")
        return _here(reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": token}))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _here(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the person's language, under the brand that they meet. That it failed is said to them, and is no error page."""
        user: User | None = context.get("user")
        language = (user.language if user else "") or get_language() or settings.LANGUAGE_CODE
        if template_prefix in LINKS:
            name, link = LINKS[template_prefix]
            words = {"url": context.get(link, ""), "address": email, "account": user.email if user else ""}
        elif template_prefix in NOTICES:
            with override(language):
                name, words = "security_notice", self._notice(template_prefix, email, context)
        else:
            return
        try:
            mails.send(name, email, language=language, brand=brand.met_by(current.request, user), context=words)
        except (OSError, smtplib.SMTPException):
            logger.exception("the mail %s could not be sent", name)
            if template_prefix in LINKS:
                messages.error(current.request, _("The mail could not be sent. Please try again in a few minutes."))

    def _notice(self, template_prefix: str, email: str, context: dict[str, Any]) -> dict[str, Any]:
        return {
            "what": NOTICES[template_prefix],
            "address": email,
            "at": timezone.now(),
            "ip": context["ip"],
            "device": sessions.device(context["user_agent"]),
            "before": context.get("from_email", ""),
            "after": context.get("to_email", ""),
            # The old address resets nothing any more.
            "url": "" if context.get("from_email") else _here(reverse("account_reset_password")),
        }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One limit for an address, whatever the host: agencies' hosts are not as many tries."""
        return str(credentials.get("email", "")).lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes need two-step verification: turn it on first."),
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def get_totp_issuer(self) -> str:
        return brand.met_by(current.request, current.request.user).name

    def build_totp_svg(self, url: str) -> str:
        """The picture alone, to stand inside a page: without an XML declaration."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]

    def encrypt(self, text: str) -> str:
        return vault.seal_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal_text(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Raises `ValidationError` with the reason, which allauth's own answer would not give."""
        if reason := second_factor.why_kept(authenticator):
            raise ValidationError(reason)
        return True

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        agent = current.request.META.get("HTTP_USER_AGENT", "")
        return sessions.device(agent)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the default host, whichever of its names a person used."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": brand.PRODUCT}


def _signed_in_lately(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)


def _here(path: str) -> str:
    """The address of `path` on the host that the person is on."""
    return hosts.origin(hosts.host_agency(current.request)) + path
