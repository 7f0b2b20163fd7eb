"""The access and refresh tokens that a simulated platform gives its users."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

ACCESS_TOKEN = "simulated-access-token"


class UnknownTokenError(Exception):
    """No such token was ever given."""


class RevokedTokenError(Exception):
    """The person withdrew the permission."""


class ExpiredTokenError(Exception):
    """The access token is too old."""


def refresh_token(user: str) -> str:
    return f"simulated-refresh-token-{user}"


class Tokens:
    """`lifetime` is in seconds; without one, access tokens serve until they are revoked."""

    def __init__(self, users: tuple[str, ...], lifetime: float = inf) -> None:
        self.users = users
        self.lifetime = lifetime
        self.clock: Callable[[], float] = time.monotonic
        self.revoked: set[str] = set()
        self._given: dict[str, tuple[str, float]] = {}

    def refresh_token(self, user: str) -> str:
        """The one refresh token of this user, the same in every process."""
        return refresh_token(user)

    def lasting(self, user: str) -> str:
        """The access token of this user that needs no renewal, the same in every process."""
        return f"{ACCESS_TOKEN}-{user}"

    def renewing(self, refresh_token: str) -> str:
        """Whose refresh token it is. Raises `UnknownTokenError` or `RevokedTokenError`."""
        user = next((user for user in self.users if self.refresh_token(user) == refresh_token), None)
        if user is None:
            raise UnknownTokenError
        if user in self.revoked:
            raise RevokedTokenError
        return user

    def give(self, user: str) -> str:
        """A new access token."""
        token = f"{ACCESS_TOKEN}-{len(self._given) + 1}"
        self._given[token] = user, self.clock() + self.lifetime
        return token

    def holder(self, token: str) -> str:
        """Whose access token it is. Raises `UnknownTokenError`, `RevokedTokenError` or `ExpiredTokenError`."""
        lasting = {self.lasting(user): (user, inf) for user in self.users} if self.lifetime == inf else {}
        user, until = self._given.get(token) or lasting.get(token) or ("", inf)
        if not user:
            raise UnknownTokenError
        if user in self.revoked:
            raise RevokedTokenError
        if until <= self.clock():
            raise ExpiredTokenError
        return user

    def revoke(self, user: str = "") -> None:
        """The user, or everybody, withdraws the permission."""
        self.revoked |= {user} if user else set(self.users)

    def allow(self, user: str) -> None:
        """The user consents again."""
        self.revoked.discard(user)

    def expire(self) -> None:
        """Every access token given so far is too old."""
        self._given = {token: (user, self.clock()) for token, (user, _) in self._given.items()}


def bearer(authorization: str) -> str:
    """The token of an Authorization header, empty if it is no bearer token."""
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""
