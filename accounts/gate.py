"""The one gate: every URL that names a client or an agency passes here before anything of theirs is read.

A route with the parameter `client_slug` is a client's; its view is called as `view(request, …)` with `request.client`
set and the connection inside that client's schema until the response is complete. One with `agency_slug` is an agency's,
and sets `request.agency`. Both set `request.organisation` and `request.permissions`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.views.defaults import permission_denied

from accounts import access, hosts, viewing
from accounts.identity import API, identity, unauthenticated
from accounts.models import Agency, Client, Organisation, User
from accounts.tenancy import undo, visit

View = TypeVar("View", bound=Callable[..., Any])
SAFE = ("GET", "HEAD", "OPTIONS")
# The attribute of a view that names its permissions: for reading, and for all else (None: it only reads).
PERMISSIONS = "gate_permissions"
# The attribute of a view that changes nothing of the client, so that it is answered while one sees its pages as its viewers do.
WHILE_VIEWING = "gate_while_viewing"
DEFAULT = ("client.view", None)


class OrganisationRequest(HttpRequest):
    """A request that has passed the gate. A person's, unless the view is of the API: there a token may stand in their place."""

    organisation: Organisation
    permissions: frozenset[str]
    user: User
    # Whether an agency's person sees the client's pages as its viewers do.
    is_viewed_as: bool
    # What is entered for the client is left when the response is complete.
    entered: ExitStack


class ClientRequest(OrganisationRequest):
    """A request for a client, inside its schema."""

    client: Client
    organisation: Client


class AgencyRequest(OrganisationRequest):
    """A request for an agency."""

    agency: Agency
    organisation: Agency


def requires(reading: str, writing: str | None = None) -> Callable[[View], View]:
    """Name the permission a view needs to read and, if it changes anything, the one for that.

    Without it a view needs `client.view` and only reads: any other method is answered 405 before the view is called.
    """

    def mark(view: View) -> View:
        setattr(view, PERMISSIONS, (reading, writing))
        return view

    return mark


def while_viewing(view: View) -> View:
    """Let a view change something although whoever asks sees the client's pages as its viewers do, who only read."""
    setattr(view, WHILE_VIEWING, True)
    return view


class Gate:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with ExitStack() as entered:
            cast("OrganisationRequest", request).entered = entered
            response = self.get_response(request)
            if getattr(response, "exception", False):  # the API's answer to what its view raised
                undo()
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Leave the client as the view was left: behind a transaction pooler, what it wrote is undone."""
        cast("OrganisationRequest", request).entered.__exit__(type(exception), exception, exception.__traceback__)
        return _forbidden(request, exception) if isinstance(exception, PermissionDenied) else None

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> HttpResponse | None:
        if not kwargs.keys() & {"client_slug", "agency_slug"}:
            return None
        if not identity(request).is_authenticated:
            return _sign_in_first(request)
        permission = _permission(request, view)
        try:
            if "agency_slug" in kwargs:
                return _enter_agency(cast("AgencyRequest", request), kwargs.pop("agency_slug"), permission)
            may_write = getattr(view, WHILE_VIEWING, False)
            return _enter_client(cast("ClientRequest", request), kwargs.pop("client_slug"), permission, may_write=may_write)
        except PermissionDenied as refusal:
            return _forbidden(request, refusal)


def _enter_client(request: ClientRequest, slug: str, permission: str | None, *, may_write: bool) -> HttpResponse | None:
    try:
        grant = access.client_for(identity(request), slug, permission or "client.view")
    except Http404:
        return _moved(request, slug)
    request.is_viewed_as = viewing.is_on(request, grant.organisation)
    if request.is_viewed_as:
        grant = _as_viewer(request, grant, permission, may_write=may_write)
    if refusal := _admit(request, grant, permission):
        return refusal
    request.client = grant.organisation
    request.entered.enter_context(visit(request.client, of_one_state=request.method in {"GET", "HEAD"}))
    return None


def _as_viewer(request: ClientRequest, grant: access.Grant[Client], permission: str | None, *, may_write: bool) -> access.Grant[Client]:
    """What a viewer has of the grant. Raises `PermissionDenied` for the rest, and to whoever would change anything."""
    narrow = access.as_viewer(grant)
    if (permission or "client.view") not in narrow.permissions or not (may_write or request.method in SAFE):
        raise PermissionDenied
    return narrow


def _enter_agency(request: AgencyRequest, slug: str, permission: str | None) -> HttpResponse | None:
    grant = access.agency_for(identity(request), slug, permission or "agency.view")
    if refusal := _admit(request, grant, permission):
        return refusal
    request.agency = grant.organisation
    return None


def _admit(request: OrganisationRequest, grant: access.Grant[access.Held], permission: str | None) -> HttpResponse | None:
    """Put the organisation on the request; or the answer that it cannot be asked for this on this host or by this method."""
    if not hosts.serves(request, grant.organisation):
        raise Http404
    if permission is None:
        return HttpResponseNotAllowed(SAFE)
    request.organisation, request.permissions = grant.organisation, grant.permissions
    return None


def _permission(request: HttpRequest, view: Callable[..., Any]) -> str | None:
    """The permission this request needs; None where the view offers nothing of the kind."""
    reading, writing = getattr(getattr(view, "cls", view), PERMISSIONS, DEFAULT)
    return reading if request.method in SAFE else writing


def _moved(request: HttpRequest, former: str) -> HttpResponse:
    """Lead those who may see the client from a name it had to the one it has; for the time being, for it may be renamed back."""
    slug = access.present_slug(identity(request), former)
    if slug is None:
        raise Http404
    match: ResolverMatch = cast("ResolverMatch", request.resolver_match)
    address = reverse(match.view_name, args=match.args, kwargs=match.kwargs | {"client_slug": slug})
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address, preserve_request=True)


def _forbidden(request: HttpRequest, refusal: PermissionDenied) -> HttpResponse:
    """Answered here, for what Django makes of the exception itself goes to the log with its traceback, like an error of ours."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "You do not have permission to perform this action."}, status=403)
    return permission_denied(request, refusal)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return unauthenticated("Authentication credentials were not provided.")
    return redirect_to_login(request.get_full_path())
