"""How the API of DRF learns who asks."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.identity import SCHEME
from accounts.models import ApiToken


class TokenAuthentication(BaseAuthentication):
    """The token that `accounts.identity` found."""

    def authenticate(self, request: Request) -> tuple[ApiToken, ApiToken] | None:
        token: ApiToken | None = getattr(request._request, "token", None)
        return (token, token) if token else None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME
