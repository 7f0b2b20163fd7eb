"""The logos of agencies, each at an address that is made of its content: what was fetched once is never asked for again."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import hosts
from accounts.models import Agency, Logo

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """For everybody, for mails show it too; an agency's host shows its own only."""
    agency = hosts.host_agency(request)
    worn = Agency.objects.filter(logo_digest=digest)
    kept = Logo.objects.filter(digest=digest).first()
    if kept is None or (agency is not None and not worn.filter(pk=agency.pk).exists()):
        raise Http404
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(bytes(kept.content), content_type="image/png", headers=headers)
