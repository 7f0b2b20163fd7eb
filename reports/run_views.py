"""Pages of one report: what became of it for each recipient, and the draft that waits for a person's yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.constants import NONE
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from reports import approval, dates, preparing, sending
from reports.archive.models import Document, Snapshot
from reports.models import Delivery, Run
from reports.presentation.words import run_state

# A mail has its styles in its elements.
OF_MAIL = {"default-src": [NONE], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "script-src": [NONE]}
DELIVERY_STATES: dict[str, Callable[[], str]] = {
    Delivery.State.QUEUED: lambda: _("Waiting"),
    Delivery.State.SENDING: lambda: _("Being sent"),
    Delivery.State.DEFERRED: lambda: _("Tried again later"),
    Delivery.State.SENT: lambda: _("Sent"),
    Delivery.State.FAILED: lambda: _("Failed"),
    Delivery.State.BOUNCED: lambda: _("Came back"),
    Delivery.State.SUPPRESSED: lambda: _("Not sent to this address"),
    Delivery.State.UNKNOWN: lambda: _("Not known"),
}


@requires("schedule.view", "report.send")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_run(request: ClientRequest, run_id: int) -> HttpResponse:
    """One report; what may be decided of it is decided here."""
    run = _run(request, run_id)
    if request.method == "POST":
        _decide(request, run)
        return redirect("report_run", request.client.slug, run.pk)
    return render(request, "reports/report_run.html", _context(request, run))


@requires("schedule.view")
@never_cache
@csp_replace(OF_MAIL)  # type: ignore[arg-type]  # its views are typed without arguments
@require_safe
def report_mail(request: ClientRequest, run_id: int, language: str) -> HttpResponse:
    """The mail as it is kept, on a page of its own; it loads nothing and runs nothing."""
    html = _kept(request, run_id, language, Document.Kind.HTML).decode()
    return HttpResponse(html.replace(preparing.UNSUBSCRIBE_PLACEHOLDER, "#").replace(preparing.SHARE_PLACEHOLDER, "#"))


@requires("schedule.view")
@never_cache
@require_safe
def report_draft(request: ClientRequest, run_id: int, language: str) -> HttpResponse:
    """The PDF as it is kept."""
    return HttpResponse(_kept(request, run_id, language, Document.Kind.PDF), content_type="application/pdf")


def _run(request: ClientRequest, run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("schedule", "decided_by"), pk=run_id, schedule__client=request.client)


def _kept(request: ClientRequest, run_id: int, language: str, kind: str) -> bytes:
    run = _run(request, run_id)
    document = Document.objects.filter(snapshot__run_id=run.pk, language=language, kind=kind).first()
    if document is None:
        raise Http404
    return bytes(document.content)


def _decide(request: ClientRequest, run: Run) -> None:
    by, asked, sha256 = Actor.of(request), request.POST.get("do", ""), request.POST.get("sha256", "")
    try:
        if asked in set(approval.Decision):
            approval.decide(request.client, run, approval.Decision(asked), sha256, by)
        elif asked == "anew":
            approval.prepare_anew(request.client, run, by)
        elif asked == "resend":
            delivery = run.deliveries.filter(pk=_number(request.POST.get("delivery"))).first()
            if delivery:
                sending.resend(request.client, delivery, by)
        elif asked == "send":
            sending.send_now(request.client, run.schedule, run.period, by)
    except approval.Changed:
        messages.info(request, _("The draft was prepared anew since you looked at it. Look at it once more, then decide."))
    except (approval.NotOpen, sending.NotResent, sending.Sent):
        messages.info(request, _("Somebody decided this already."))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _context(request: ClientRequest, run: Run) -> dict[str, Any]:
    language = "fr" if (get_language() or "en").startswith("fr") else "en"
    deliveries = list(run.deliveries.select_related("recipient").order_by("recipient__email"))
    states = [delivery.state for delivery in deliveries]
    return {
        "run": run,
        "period": dates.days(run.since, run.until, language),
        "state_label": run_state(run.state, states, run.problem),
        "sha256": approval.fingerprint(run),
        "previews": _previews(run),
        "asked": _asked(request, run),
        "deliveries": [_line(delivery) for delivery in deliveries],
        "may_send": "report.send" in request.permissions,
        "may_start": run.state in {Run.State.HELD, Run.State.SKIPPED, Run.State.FAILED},
    }


def _previews(run: Run) -> list[dict[str, str]]:
    """The mail in each language it is kept in, as text."""
    snapshot = Snapshot.objects.filter(run_id=run.pk).first()
    kept: dict[str, dict[str, str]] = {}
    wanted = [Document.Kind.SUBJECT, Document.Kind.TEXT]
    for document in snapshot.documents.filter(kind__in=wanted).order_by("language") if snapshot else []:
        kept.setdefault(document.language, {"language": document.language})[document.kind] = bytes(document.content).decode().strip()
    return list(kept.values())


def _asked(request: ClientRequest, run: Run) -> list[str]:
    """Who was asked so far, as far as they may still decide."""
    ids = [run.schedule.approver_id, run.schedule.deputy_id][: run.escalation + 1]
    found = access.holders(request.client, approval.PERMISSION).filter(pk__in=[pk for pk in ids if pk])
    return [person.get_short_name() for person in found] if run.state == Run.State.APPROVAL else []


def _line(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "email": delivery.recipient.email,
        "state": DELIVERY_STATES[delivery.state](),
        "error": delivery.error,
        "sent_at": delivery.sent_at,
        "may_be_resent": delivery.state in sending.RESENT,
        "is_unknown": delivery.state == Delivery.State.UNKNOWN,
    }
