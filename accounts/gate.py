"""The one gate: every URL that names a client passes here before its schema is entered.

A route with the parameter `client_slug` is a client's; its view is called as `view(request, …)` with `request.client`
set and the connection inside that client's schema until the response is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from accounts import access, hosts
from accounts.models import Client, User
from accounts.tenancy import inside

View = TypeVar("View", bound=Callable[..., Any])
DEFAULT_PERMISSION = "client.view"


class ClientRequest(HttpRequest):
    """A request that has passed the gate."""

    client: Client
    user: User


def requires(permission: str) -> Callable[[View], View]:
    """Name the permission a client's view needs; without it, `client.view`."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


class ClientGate:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with ExitStack() as entered:
            request._entered = entered  # type: ignore[attr-defined]
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> HttpResponse | None:
        if "client_slug" not in kwargs:
            return None
        user: User | AnonymousUser = request.user
        if not user.is_authenticated:
            return _sign_in_first(request)
        permission = getattr(view, "permission", DEFAULT_PERMISSION)
        client = access.client_for(user, kwargs.pop("client_slug"), permission)
        if not hosts.serves(request, client):
            raise Http404
        request.client = client  # type: ignore[attr-defined]
        request._entered.enter_context(inside(client))  # type: ignore[attr-defined]
        return None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "Authentication credentials were not provided."}, status=401)
    return redirect_to_login(request.get_full_path())
