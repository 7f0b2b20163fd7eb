"""Host decides the brand. A host that is neither ours nor an agency's is told so before anything else runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound

from accounts.models import Agency, Client, Organisation, agency_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# The admin is for the default host only.
ADMIN = "/admin/"
HSTS = "Strict-Transport-Security"


def host_agency(request: HttpRequest) -> Agency | None:
    """Whose own host the request came to; None on the default host."""
    return getattr(request, "host_agency", None)


def serves(request: HttpRequest, organisation: Organisation) -> bool:
    """Whether the request's host may show this client or agency: an agency's own host serves only itself and its clients."""
    agency = host_agency(request)
    return agency is None or agency_of(organisation) == agency


def is_default(request: HttpRequest) -> bool:
    return host_agency(request) is None


def served(request: HttpRequest, clients: QuerySet[Client]) -> QuerySet[Client]:
    """Those of the clients that the request's host may show."""
    agency = host_agency(request)
    return clients if agency is None else clients.filter(agency=agency)


def origin(agency: Agency | None) -> str:
    """Where links for an agency's people and clients lead, such as `https://reports.example.com`."""
    if agency is None or not agency.host:
        return str(settings.SITE_URL)
    site = urlsplit(settings.SITE_URL)
    port = f":{site.port}" if site.port else ""
    return f"{site.scheme}://{agency.host}{port}"


class KnownHosts:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        own = urlsplit(settings.SITE_URL).hostname or ""
        self.own = LOOPBACK | {own} if own in LOOPBACK else {own}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
        host = host.lower()
        agency = None if host in self.own else Agency.objects.filter(host=host).first()
        if agency is None and host not in self.own:
            return HttpResponse("This address serves nothing here.\n", status=421, content_type="text/plain")
        if agency is not None and request.path.startswith(ADMIN):
            return HttpResponseNotFound()
        request.host_agency = agency  # type: ignore[attr-defined]  # ours; read by `host_agency`
        response = self.get_response(request)
        if agency is not None and HSTS in response.headers:
            # What holds for other names below an agency's domain is not ours to promise.
            response.headers[HSTS] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        return response
