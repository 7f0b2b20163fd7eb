"""A person's way to a platform's consent page and back (OAuth 2 with PKCE): begun, answered, used once, each within a quarter of an hour.

The platform sends the person to one address on the default host, where they may not be signed in. There the answer is only kept,
sealed; what it is worth is asked on the host the person came from, by a session of the same person.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from hashlib import sha256

from django.utils import timezone

from accounts import vault
from accounts.models import Client, Credential, OAuthAttempt, User

LIFETIME = timedelta(minutes=15)
LONGEST_CODE = 4_000


class Fault(Enum):
    """Why an answer is worth nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    FOREIGN = "foreign"
    DENIED = "denied"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Unusable(Exception):
    """The attempt leads nowhere; the person must begin anew. Carries no secret."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class Begun:
    """What the consent page is asked with; only the attempt is kept."""

    attempt: OAuthAttempt
    state: str
    verifier: str


@dataclass(frozen=True)
class Answer:
    """What the token endpoint is asked with."""

    code: str
    verifier: str


def begin(
    user: User,
    client: Client,
    platform: str,
    origin: str,
    *,
    for_agency: bool,
    renews: Credential | None = None,
    connection_id: int | None = None,
) -> Begun:
    """Open an attempt of `user`, who is on a page of `origin`."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    attempt = OAuthAttempt.objects.create(
        user=user,
        client=client,
        platform=platform,
        origin=origin,
        state_digest=_digest(state),
        verifier=vault.seal({"verifier": verifier}),
        for_agency=for_agency,
        renews=renews,
        connection_id=connection_id,
        expires_at=timezone.now() + LIFETIME,
    )
    return Begun(attempt, state, verifier)


def keep_answer(state: str, code: str, refusal: str) -> OAuthAttempt:
    """Keep what the platform sent with `state`: a code, or why it gave none. Raises `Unusable`.

    Whoever comes may be signed out, or somebody else: nothing is read, told or exchanged here.
    """
    attempt = OAuthAttempt.objects.select_related("client").filter(state_digest=_digest(state)).first()
    if attempt is None:
        raise Unusable(Fault.UNKNOWN)
    if attempt.answered_at is not None:
        raise Unusable(Fault.USED)
    if attempt.expires_at < timezone.now():
        raise Unusable(Fault.EXPIRED)
    if len(code) > LONGEST_CODE:
        raise Unusable(Fault.REFUSED)
    sealed = vault.seal({"code": code}) if code and not refusal else None
    said = "".join(letter for letter in refusal if letter.isprintable())[:100]
    kept = OAuthAttempt.objects.filter(pk=attempt.pk, answered_at=None).update(
        answered_at=timezone.now(), code=sealed, refusal=said or ("" if sealed else "invalid_request")
    )
    if not kept:
        raise Unusable(Fault.USED)
    return attempt


def use(attempt: OAuthAttempt, user: User) -> Answer:
    """The platform's answer, handed out once, to the person who asked for it. Raises `Unusable`."""
    if attempt.user_id != user.pk:
        raise Unusable(Fault.FOREIGN)
    if attempt.used_at is not None:
        raise Unusable(Fault.USED)
    if attempt.answered_at is None:
        raise Unusable(Fault.EXPIRED if attempt.expires_at < timezone.now() else Fault.UNANSWERED)
    used = OAuthAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=timezone.now(), code=None, verifier=b"")
    if not used:
        raise Unusable(Fault.USED)
    if attempt.code is None:
        raise Unusable(Fault.DENIED if attempt.refusal == "access_denied" else Fault.REFUSED)
    if attempt.expires_at < timezone.now():
        raise Unusable(Fault.EXPIRED)
    return Answer(vault.unsealed(bytes(attempt.code))["code"], vault.unsealed(bytes(attempt.verifier))["verifier"])


def forget_expired() -> None:
    """Delete attempts that were left open, a day after nothing can come of them any more."""
    OAuthAttempt.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


def _digest(state: str) -> str:
    return sha256(state.encode(errors="surrogatepass")).hexdigest()
