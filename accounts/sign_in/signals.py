"""What follows from a change to a person's sign-in: one address everywhere, other sessions ended, a line in the record."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import User
from accounts.sign_in import sessions

Type = Authenticator.Type
ADDED = {Type.TOTP: "second_factor.added", Type.WEBAUTHN: "passkey.added", Type.RECOVERY_CODES: "recovery_codes.made"}
REMOVED = {Type.TOTP: "second_factor.removed", Type.WEBAUTHN: "passkey.removed"}


@receiver(post_save, sender=User)
def keep_one_address(instance: User, update_fields: Any = None, raw: bool = False, **kwargs: Any) -> None:
    """What a person signs in with is their one confirmed address: whoever wrote it there vouches for it."""
    if raw or (update_fields is not None and "email" not in update_fields):
        return
    email = instance.email.lower()
    with transaction.atomic():
        theirs = EmailAddress.objects.filter(user=instance)
        theirs.filter(Q(primary=True) | Q(verified=True)).exclude(email=email).delete()
        EmailAddress.objects.update_or_create(user=instance, email=email, defaults={"primary": True, "verified": True})


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("password.changed", request, user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("password.reset", request, user)


@receiver(account.email_changed)
def email_changed(request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **kwargs: Any) -> None:
    before = from_email_address.email if from_email_address else ""
    _record("email.changed", request, user, before=before, after=to_email_address.email)


@receiver(second_factor.authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record(ADDED[authenticator.type], request, user)
    if authenticator.type != Type.RECOVERY_CODES:
        sessions.end_other_sessions(request, user)


@receiver(second_factor.authenticator_reset)
def recovery_codes_made(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("recovery_codes.made", request, user)


@receiver(second_factor.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    if verb := REMOVED.get(authenticator.type):
        _record(verb, request, user)


def _record(verb: str, request: HttpRequest, user: User, **details: str) -> None:
    """Of the person whose sign-in it is, who may just now not be signed in: a link from their mailbox speaks for them."""
    by = audit.Actor(user.email, user, audit.Actor.of(request).address)
    audit.record(verb, by, organisation=None, **details)
