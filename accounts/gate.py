"""The one gate: every URL that names a client passes here before its schema is entered.

A route with the parameter `client_slug` is a client's; its view is called as `view(request, …)` with `request.client`
set and the connection inside that client's schema until the response is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from accounts import access, hosts
from accounts.models import Client, User
from accounts.tenancy import inside

View = TypeVar("View", bound=Callable[..., Any])
# The attribute of a view that names its permission.
PERMISSION = "permission"
DEFAULT_PERMISSION = "client.view"


class ClientRequest(HttpRequest):
    """A request that has passed the gate."""

    client: Client
    user: User
    # What is entered for the client is left when the response is complete.
    entered: ExitStack


def requires(permission: str) -> Callable[[View], View]:
    """Name the permission a client's view needs; without it, `client.view`."""

    def mark(view: View) -> View:
        setattr(view, PERMISSION, permission)
        return view

    return mark


class ClientGate:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with ExitStack() as entered:
            cast("ClientRequest", request).entered = entered
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> HttpResponse | None:
        if "client_slug" not in kwargs:
            return None
        user: User | AnonymousUser = request.user
        if not user.is_authenticated:
            return _sign_in_first(request)
        permission = getattr(view, PERMISSION, DEFAULT_PERMISSION)
        client = access.client_for(user, kwargs.pop("client_slug"), permission)
        if not hosts.serves(request, client):
            raise Http404
        passed = cast("ClientRequest", request)
        passed.client = client
        passed.entered.enter_context(inside(client))
        return None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "Authentication credentials were not provided."}, status=401)
    return redirect_to_login(request.get_full_path())
