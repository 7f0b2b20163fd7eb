"""What a stranger with a link may see: one report as it was sent. Whatever is wrong with the link, the page is the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts import brand, hosts
from accounts.tenancy import visit
from reports import dates, sharing
from reports.archive.models import Document
from reports.framing import FRAMED
from reports.models import ShareLink
from reports.preparing import SHARE_PLACEHOLDER, UNSUBSCRIBE_PLACEHOLDER

Shown = Callable[[HttpRequest, ShareLink], HttpResponse]
# After its password, a link is open to the browser for half a day.
OPEN_FOR = 43_200
# A link of the kept mail that leads a recipient away from it: nobody else's business.
_PERSONAL = re.compile(rf'<a\b[^>]*href="{re.escape(UNSUBSCRIBE_PLACEHOLDER)}[^>]*>.*?</a>', re.DOTALL)


def opened(view: Shown) -> Any:
    """Call the view with the link, inside its client; or show that there is nothing, or ask for the password."""

    @wraps(view)
    def enter(request: HttpRequest, token: str) -> HttpResponse:
        link = sharing.found(token)
        if link is None or not hosts.serves(request, link.client):
            response = render(request, "reports/share_gone.html", status=404)
        elif link.password and not _is_unlocked(request, link):
            response = _ask(request, link)
        else:
            with visit(link.client, of_one_state=True):
                response = view(request, link)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return enter


@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"frame-src": [SELF]})
@opened
def share(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The page around the report: whose it is, of which days, and its PDF."""
    _note(request, link, "page")
    told = sharing.token(link)
    with override(link.language):
        context = {
            "brand": brand.of_organisation(link.client),
            "client_name": link.client.name,
            "period": dates.days(link.run.since, link.run.until, link.language),
            "document_url": reverse("share_document", args=[told]),
            "pdf_url": reverse("share_pdf", args=[told]),
        }
        return render(request, "reports/share.html", context)


@require_safe
@csp_replace(FRAMED)
@xframe_options_sameorigin
@opened
def share_document(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The mail as it was sent, without its reader's own links, for a frame in which nothing but reading happens."""
    html = _PERSONAL.sub("", _kept(link, Document.Kind.HTML).decode())
    html = html.replace(SHARE_PLACEHOLDER, sharing.address(link)).replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(html)


@require_safe
@opened
def share_pdf(request: HttpRequest, link: ShareLink) -> HttpResponse:
    _note(request, link, "pdf")
    headers = {"Content-Disposition": f'inline; filename="{link.client.slug}-{link.run.period}.pdf"'}
    return HttpResponse(_kept(link, Document.Kind.PDF), content_type="application/pdf", headers=headers)


def _kept(link: ShareLink, kind: str) -> bytes:
    return bytes(get_object_or_404(Document, snapshot__run_id=link.run_id, language=link.language, kind=kind).content)


def _note(request: HttpRequest, link: ShareLink, what: str) -> None:
    sharing.note(link, what, get_adapter().get_client_ip(request), request.headers.get("User-Agent", ""))


def _ask(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The password's page; tries are counted over all processes."""
    problem, status = "", 200
    if request.method == "POST" and not ratelimit.consume(request, action="share_password", key=str(link.pk)):
        problem, status = _("Too many attempts. Wait a few minutes, then try again."), 429
    elif request.method == "POST" and check_password(request.POST.get("password", ""), link.password):
        response = redirect("share", sharing.token(link))
        terms: dict[str, Any] = {"httponly": True, "secure": settings.IS_HTTPS, "samesite": "Lax", "path": "/r/"}
        response.set_signed_cookie(_cookie(link), link.nonce, salt=_cookie(link), max_age=OPEN_FOR, **terms)
        return response
    elif request.method == "POST":
        problem, status = _("This is not the password of this report."), 403
    return render(request, "reports/share_password.html", {"brand": brand.of_organisation(link.client), "problem": problem}, status=status)


def _is_unlocked(request: HttpRequest, link: ShareLink) -> bool:
    return request.get_signed_cookie(_cookie(link), default="", salt=_cookie(link), max_age=OPEN_FOR) == link.nonce


def _cookie(link: ShareLink) -> str:
    return f"vigie_share_{link.pk}"
