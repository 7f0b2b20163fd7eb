"""Who sends a request: a person with a session, a program with a token, or nobody."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from accounts import tokens
from accounts.access import Identity

API = "/api/"
SCHEME = "Bearer"


def identity(request: HttpRequest) -> Identity:
    """A token, where one was sent, is all that counts: a program does not borrow a browser's session."""
    return getattr(request, "token", None) or request.user


def unauthenticated(detail: str) -> JsonResponse:
    """What the API says to whoever it does not know."""
    return JsonResponse({"detail": detail}, status=401, headers={"WWW-Authenticate": SCHEME})


class TokenIdentity:
    """Finds the token of an API request. One that opens nothing is refused at once, whatever was asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(API) and (header := request.headers.get("Authorization")):
            scheme, _space, secret = header.partition(" ")
            token = tokens.find(secret.strip()) if scheme.lower() == SCHEME.lower() else None
            if token is None:
                return unauthenticated(_("This token is wrong, expired or revoked."))
            request.token = token  # type: ignore[attr-defined]  # ours; read by `identity`
        return self.get_response(request)
