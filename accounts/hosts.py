"""Host decides the brand. A host that is neither ours nor an agency's is told so before anything else runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound

from accounts.models import Agency, Client

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


# The admin is for the default host only.
ADMIN = "/admin/"


def serves(request: HttpRequest, client: Client) -> bool:
    """Whether the host of the request may show this client: an agency's own host serves only its clients."""
    agency: Agency | None = getattr(request, "host_agency", None)
    return agency is None or client.agency_id == agency.pk


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
        request.host_agency = agency  # type: ignore[attr-defined]
        return self.get_response(request)
