"""API tokens: made once, shown once, kept as a hash; each expires and can be revoked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access, audit
from accounts.audit import Actor
from accounts.models import Agency, ApiToken, Organisation, Scope, User, owner_fields
from accounts.permissions import SCOPE_MEANINGS

# Lets people, and scanners of published code, see what was lost.
PREFIX = "vigie_"
PERMISSION = "token.manage"
LONGEST_DAYS = 366
# How exact `last_used_at` is: a program that asks all day does not write a row for each request.
USE_NOTED_EVERY = timedelta(minutes=1)


class State(Enum):
    USABLE = "usable"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ORPHANED = "orphaned"  # whoever made it may no longer make one, or no longer sign in


@dataclass(frozen=True)
class Line:
    token: ApiToken
    scope: str
    meaning: str
    state: State

    @property
    def is_usable(self) -> bool:
        return self.state is State.USABLE


def make(organisation: Organisation, *, name: str, scope: Scope, days: int, by: Actor) -> tuple[ApiToken, str]:
    """Make a token for the organisation; the row, and the token itself, which can never be read again.

    Raises `ValidationError` naming the field at fault.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise ValidationError({"days": _("A token lives between 1 and %(days)d days.") % {"days": LONGEST_DAYS}})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        **owner_fields(organisation),
        name=name.strip(),
        scope=scope,
        digest=_digest(secret),
        ending=secret[-4:],
        created_by=by.user,
        expires_at=timezone.now() + timedelta(days=days),
    )
    token.clean_fields(exclude=["digest", "last_used_at", "revoked_at"])
    with transaction.atomic():
        token.save()
        audit.record("token.made", by, organisation=organisation, name=token.name, ending=token.ending, scope=scope)
    return token, secret


def revoke(token: ApiToken, by: Actor) -> None:
    """From the next request on the token opens nothing. Revoking it again changes nothing."""
    with transaction.atomic():
        if usable().filter(pk=token.pk).update(revoked_at=timezone.now()):
            audit.record("token.revoked", by, organisation=token.organisation, name=token.name, ending=token.ending)


def revoke_all_by(user: User, organisation: Organisation, by: Actor) -> None:
    """Revoke what a person made for an organisation they leave."""
    for token in _of_maker(user, organisation).select_related("agency", "client"):
        revoke(token, by)


def count_by(user: User, organisation: Organisation) -> int:
    """How many tokens stop working if a person leaves an organisation."""
    return _of_maker(user, organisation).count()


def _of_maker(user: User, organisation: Organisation) -> QuerySet[ApiToken]:
    """What a person made for an organisation; for an agency, also for its clients."""
    owned = Q(**owner_fields(organisation))
    if isinstance(organisation, Agency):
        owned |= Q(client__agency=organisation)
    return usable().filter(owned, created_by=user)


def of(organisation: Organisation) -> QuerySet[ApiToken]:
    """Every token an organisation ever had, the newest first."""
    rows = ApiToken.objects.filter(**owner_fields(organisation)).select_related("agency", "client", "created_by")
    return rows.order_by("-created_at", "-pk")


def listed(organisation: Organisation) -> list[Line]:
    """Every token with what it opens now."""
    in_charge = set(access.holders(organisation, PERMISSION).values_list("pk", flat=True))
    return [
        Line(token, str(Scope(token.scope).label), _(SCOPE_MEANINGS[token.scope]), _state(token, token.created_by_id in in_charge))
        for token in of(organisation)
    ]


def _state(token: ApiToken, maker_is_in_charge: bool) -> State:
    if token.revoked_at:
        return State.REVOKED
    if token.expires_at <= timezone.now():
        return State.EXPIRED
    return State.USABLE if maker_is_in_charge else State.ORPHANED


def usable() -> QuerySet[ApiToken]:
    """Tokens that open something now. One whose maker was locked out opens nothing."""
    return ApiToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), created_by__is_active=True)


def find(secret: str) -> ApiToken | None:
    """The usable token that this is, its use noted; or None. Its maker must still be one who may make it."""
    if not secret.startswith(PREFIX):
        return None
    token = usable().filter(digest=_digest(secret)).select_related("agency", "client").first()
    if token is None or not access.holders(token.organisation, PERMISSION).filter(pk=token.created_by_id or 0).exists():
        return None
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    noted = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(noted, pk=token.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
