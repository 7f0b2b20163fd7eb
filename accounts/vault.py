"""Secrets at rest, under MultiFernet: platform tokens as JSON, and what second factors are computed from.

The newest key encrypts, every listed key decrypts.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from accounts.models import Credential


class Unreadable(Exception):
    """Sealed under a key that is not, or no longer, configured."""


def seal(secret: dict[str, Any]) -> bytes:
    return _cipher(tuple(settings.CREDENTIAL_KEYS)).encrypt(json.dumps(secret).encode())


def unseal(credential: Credential) -> dict[str, Any]:
    try:
        return unsealed(bytes(credential.sealed))
    except Unreadable:
        raise Unreadable(f"credential {credential.pk} was encrypted with a key that CREDENTIAL_KEYS no longer holds") from None


def unsealed(sealed: bytes) -> dict[str, Any]:
    """What `seal` was given. Raises `Unreadable` for what this installation did not seal."""
    try:
        plain = _cipher(tuple(settings.CREDENTIAL_KEYS)).decrypt(sealed)
    except InvalidToken:
        raise Unreadable("not sealed under a key of CREDENTIAL_KEYS") from None
    secret: dict[str, Any] = json.loads(plain)
    return secret


def renewed(sealed: bytes) -> bytes:
    """The same under the newest key. Raises `Unreadable`."""
    try:
        return _cipher(tuple(settings.CREDENTIAL_KEYS)).rotate(sealed)
    except InvalidToken:
        raise Unreadable("not sealed under a key of CREDENTIAL_KEYS") from None


def seal_text(secret: str) -> str:
    return _cipher(tuple(settings.CREDENTIAL_KEYS)).encrypt(secret.encode()).decode()


def unseal_text(sealed: str) -> str:
    try:
        return _cipher(tuple(settings.CREDENTIAL_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("a second factor was encrypted with a key that CREDENTIAL_KEYS no longer holds") from None


@lru_cache(maxsize=4)
def _cipher(keys: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
