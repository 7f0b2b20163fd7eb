"""Pages of a client, and the one page a stranger may use: unsubscribing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts import brand, moments
from accounts.gate import ClientRequest, requires
from kpis import periods
from reports import dates, gather, preparing, rendering, scheduling
from reports.archive.models import Document, Snapshot
from reports.cadence import named
from reports.content import Report
from reports.models import Recipient, Run, Schedule
from reports.presentation import present
from reports.presentation.words import cadence_name, run_state


@require_safe
def report_list(request: ClientRequest) -> HttpResponse:
    runs = (
        Run.objects.filter(schedule__client=request.client)
        .select_related("schedule")
        .prefetch_related("deliveries__recipient")
        .order_by("-until", "-pk")
    )
    context = {"runs": [_run_line(request, run) for run in runs[:60]], "schedules": _schedules(request)}
    return render(request, "reports/report_list.html", context)


@requires("report.download")
@require_safe
def report_pdf(request: ClientRequest, period: str) -> HttpResponse:
    """The PDF of a period: as it was sent, if it was; else, of a week, as the figures stand now."""
    language = _language()
    kept = Snapshot.objects.filter(period=period).order_by("-created_at").first()
    if kept:
        content = _kept_pdf(request, kept, language)
    else:
        content = _pdf(request, gather.report(request.client, named(_week(period)), timezone.now()), language)
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
    return bytes(document.content) if document else _pdf(request, preparing.restored(kept), language)


def _pdf(request: ClientRequest, report: Report, language: str) -> bytes:
    return rendering.pdf(present(report, language, brand.of_organisation(request.client)))


def _run_line(request: ClientRequest, run: Run) -> dict[str, Any]:
    language = _language()
    deliveries = list(run.deliveries.all())
    sent = [delivery.sent_at for delivery in deliveries if delivery.sent_at]
    return {
        "week_label": _period_label(run, language),
        "sent_at_label": moments.instant(max(sent), request.client.zone, language) if sent else "",
        "state_label": run_state(run.state, [delivery.state for delivery in deliveries], run.problem),
        "url": reverse("report_run", args=[request.client.slug, run.pk]) if "schedule.view" in request.permissions else "",
        "pdf_url": reverse("report_pdf", args=[request.client.slug, run.period]) if run.state == Run.State.READY else "",
        "recipients": [delivery.recipient.email for delivery in deliveries],
    }


def _schedules(request: ClientRequest) -> list[dict[str, Any]]:
    """What comes next, for those who look after the reports."""
    if "schedule.view" not in request.permissions:
        return []
    found = Schedule.objects.filter(client=request.client).select_related("client").order_by("pk")
    return [_schedule_line(schedule, _language()) for schedule in found]


def _schedule_line(schedule: Schedule, language: str) -> dict[str, Any]:
    sends = scheduling.upcoming(schedule)
    return {
        "name": schedule.name or cadence_name(schedule.cadence),
        "rests": schedule.paused or schedule.stopped_at is not None,
        "sends": [
            (moments.instant(send.at, schedule.client.zone, language), dates.days(send.period.since, send.period.until, language))
            for send in sends
        ],
    }


def _period_label(run: Run, language: str) -> str:
    is_week = run.schedule.cadence == Schedule.Cadence.WEEKLY and run.since.isoweekday() == 1
    return dates.week(run.since, run.until, language) if is_week else dates.days(run.since, run.until, language)


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
