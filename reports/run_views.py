"""Pages of one report: what became of it for each recipient, and the draft that waits for a person's yes."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, brand
from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from reports import approval, dates, previewing, sending, shown, suppression
from reports.archive import reading
from reports.archive.models import Document, Snapshot
from reports.forms import DecisionForm
from reports.framing import FRAMED
from reports.models import Recipient, Run
from reports.presentation import present


@requires("schedule.view", "report.send")
@never_cache
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its views are typed without arguments
@require_http_methods(["GET", "HEAD", "POST"])
def report_run(request: ClientRequest, run_id: int) -> HttpResponse:
    """One report; what may be decided of it is decided here."""
    run = _run(request, run_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _decide(request, run, form.cleaned_data["note"])
        if request.POST.get("back") == "list":
            return redirect(f"{reverse('report_list', args=[request.client.slug])}#report-{run.pk}")
        return redirect("report_run", request.client.slug, run.pk)
    return render(request, "reports/report_run.html", {"form": form, **_context(request, run)})


@requires("schedule.view")
@never_cache
@csp_replace(FRAMED)  # type: ignore[arg-type]  # its views are typed without arguments
@xframe_options_sameorigin
@require_safe
def report_mail(request: ClientRequest, run_id: int, language: str) -> HttpResponse:
    """The mail as it is kept, on a page of its own; it loads nothing and runs nothing."""
    return HttpResponse(previewing.without_links(_kept(request, run_id, language, Document.Kind.HTML).decode()))


@requires("schedule.view")
@never_cache
@require_safe
def report_draft(request: ClientRequest, run_id: int, language: str) -> HttpResponse:
    """The PDF as it is kept."""
    return HttpResponse(_kept(request, run_id, language, Document.Kind.PDF), content_type="application/pdf")


def _run(request: ClientRequest, run_id: int) -> Run:
    runs = Run.objects.select_related("schedule__client", "decided_by").prefetch_related("deliveries__recipient")
    return get_object_or_404(runs, pk=run_id, schedule__client=request.client)


def _kept(request: ClientRequest, run_id: int, language: str, kind: str) -> bytes:
    run = _run(request, run_id)
    document = Document.objects.filter(snapshot__run_id=run.pk, language=language, kind=kind).first()
    if document is None:
        raise Http404
    return bytes(document.content)


def _decide(request: ClientRequest, run: Run, note: str) -> None:
    by, asked, sha256 = Actor.of(request), request.POST.get("do", ""), request.POST.get("sha256", "")
    try:
        if asked in set(approval.Decision):
            approval.decide(request.client, run, approval.Decision(asked), sha256, by, note)
        elif asked == "anew":
            approval.prepare_anew(request.client, run, by)
        elif asked == "send":
            sending.send_now(request.client, run.schedule, run.period, by)
        elif asked == "resend_failed":
            count = sending.resend_failed(request.client, run, by)
            messages.success(
                request, ngettext("%(count)d mail is sent again.", "%(count)d mails are sent again.", count) % {"count": count}
            )
        else:
            _settle(request, run, asked, by)
    except approval.Changed:
        messages.info(request, _("The draft was prepared anew since you looked at it. Look at it once more, then decide."))
    except (approval.NotOpen, sending.NotResent, sending.Sent):
        messages.info(request, _("Somebody decided this already."))


def _settle(request: ClientRequest, run: Run, asked: str, by: Actor) -> None:
    """What a person says of one delivery: send it again, or it did arrive."""
    delivery = run.deliveries.select_related("recipient", "run").filter(pk=_number(request.POST.get("delivery"))).first()
    acts = {"resend": sending.resend, "received": sending.mark_received}
    if delivery and asked in acts:
        acts[asked](request.client, delivery, by)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _context(request: ClientRequest, run: Run) -> dict[str, Any]:
    copies = [shown.sent(delivery) for delivery in sorted(run.deliveries.all(), key=lambda each: each.recipient.email)]
    is_draft = run.state == Run.State.APPROVAL
    return {
        "run": run,
        "period": dates.days(run.since, run.until, shown.language()),
        "schedule": shown.schedule_name(run.schedule),
        "state": shown.run_state(run, [copy.delivery for copy in copies]),
        "sha256": approval.fingerprint(run),
        "previews": _previews(run),
        "asked": _asked(request, run),
        "check": _check(request, run) if is_draft else None,
        "copies": copies,
        "failed": sum(copy.delivery.state == "failed" for copy in copies),
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


def _check(request: ClientRequest, run: Run) -> dict[str, Any] | None:
    """What whoever decides looks at beside the mail: its data, what it says first, what people wrote, and who would get it."""
    snapshot = Snapshot.objects.filter(run_id=run.pk).first()
    if snapshot is None:
        return None
    presentation = present(reading.report(snapshot), shown.language(), brand.of_organisation(request.client))
    spared = set(suppression.active(request.client).values_list("email", flat=True))
    readers = list(run.schedule.recipients.order_by("email"))
    reads = [person for person in readers if _is_written_to(person, spared)]
    return {
        "presentation": presentation,
        "lacking": [source for source in presentation.sources if source.state in ("lost", "incomplete")],
        "notes": presentation.notes,
        "readers": reads,
        "spared": [person for person in readers if person not in reads],
    }


def _is_written_to(person: Recipient, spared: set[str]) -> bool:
    return not (person.paused or person.unsubscribed_at or person.email.lower() in spared)


def _asked(request: ClientRequest, run: Run) -> list[str]:
    """Who was asked so far, as far as they may still decide."""
    ids = [run.schedule.approver_id, run.schedule.deputy_id][: run.escalation + 1]
    found = access.holders(request.client, approval.PERMISSION).filter(pk__in=[pk for pk in ids if pk])
    return [person.get_short_name() for person in found] if run.state == Run.State.APPROVAL else []
