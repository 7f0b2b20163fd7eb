"""Pages of a client, and the one page a stranger may use: unsubscribing."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts import brand
from accounts.gate import ClientRequest, requires
from kpis import periods
from reports import gather, preparing
from reports.archive.models import Document, Snapshot
from reports.cadence import named
from reports.models import Recipient, Run


@requires("report.download")
@require_safe
def report_pdf(request: ClientRequest, period: str) -> HttpResponse:
    """The PDF of a period: as it was sent, if it was; else, of a week, as the figures stand now. A draft is nobody's yet."""
    language = _language()
    sent = Run.objects.filter(schedule__client=request.client, period=period, state=Run.State.READY).values_list("pk", flat=True)
    kept = Snapshot.objects.filter(run_id__in=list(sent)).order_by("-created_at").first()
    if kept:
        content = _kept_pdf(request, kept, language)
    else:
        content = preparing.pdf(request.client, gather.report(request.client, named(_week(period)), timezone.now()), language)
    headers = {"Content-Disposition": f'attachment; filename="{request.client.slug}-{period}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A person confirms here by a button; a mail program unsubscribes by one POST (RFC 8058), without a session."""
    recipient = get_object_or_404(Recipient.objects.select_related("schedule__client__agency"), token=token)
    if request.method == "POST":
        Recipient.objects.filter(pk=recipient.pk, unsubscribed_at=None).update(unsubscribed_at=timezone.now())
        recipient.refresh_from_db()
    context = {
        "address": recipient.email,
        "done": recipient.unsubscribed_at is not None,
        "brand": brand.of_organisation(recipient.schedule.client),
    }
    return render(request, "reports/unsubscribe.html", context)


def _kept_pdf(request: ClientRequest, kept: Snapshot, language: str) -> bytes:
    """The document as it was sent; in a language nobody was sent, the figures that were."""
    document = kept.documents.filter(kind=Document.Kind.PDF, language=language).first()
    return bytes(document.content) if document else preparing.pdf(request.client, preparing.restored(kept), language)


def _week(key: str) -> str:
    try:
        period = periods.week(key)
    except ValueError:
        raise Http404 from None
    if not 1970 < period.since.year < 9999 or period.since > timezone.now().date() + timedelta(days=1):
        raise Http404
    return key


def _language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"
