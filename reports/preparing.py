"""From a due run to kept documents and queued deliveries, in one transaction."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import msgspec
from django.urls import reverse

from accounts import brand, hosts
from accounts.models import Client
from jobs import queue
from kpis import recompute
from reports import approval, completeness, gather, rendering, stopping
from reports.archive import reading
from reports.archive.models import Document, Snapshot
from reports.cadence import ReportPeriod
from reports.content import Length, Report
from reports.failing import attempt
from reports.models import Delivery, Recipient, Run, Schedule
from reports.presentation import Presentation, present

DELIVER = "reports.deliver"
# How much a report of each cadence tells.
LENGTHS: dict[Schedule.Cadence, Length] = {
    Schedule.Cadence.WEEKLY: "weekly",
    Schedule.Cadence.FORTNIGHTLY: "weekly",
    Schedule.Cadence.MONTHLY: "monthly",
    Schedule.Cadence.QUARTERLY: "monthly",
}
# Stands for the recipient's address of unsubscription in kept mails: a token there would outlive its use.
UNSUBSCRIBE_PLACEHOLDER = "https://unsubscribe.invalid/"
# Likewise for the address at which the report can be read, by whoever a reader passes it on to.
SHARE_PLACEHOLDER = "https://report.invalid/"


def prepare(client: Client, run: Run, effect: AbstractContextManager[None], now: datetime) -> None:
    """Bring an open run as far as it may go: it waits for data, or for a person, or it is kept and its deliveries are queued."""
    recompute.catch_up(client)
    kept = Snapshot.objects.filter(run_id=run.pk).first()
    # Before the effect, in a transaction of its own: its figures are all of one instant.
    report = restored(kept) if kept else gathered(client, run.schedule, ReportPeriod(run.period, run.since, run.until), now)
    with effect:
        run = Run.objects.select_for_update(of=("self",)).select_related("schedule").get(pk=run.pk)
        if run.state not in {Run.State.DUE, Run.State.HELD}:
            return
        if not kept and completeness.must_wait(run, report, now):
            completeness.hold(client, run, report, now)
            return
        snapshot = kept or _keep(completeness.marked(run.schedule, report), run)
        _keep_documents(client, report=restored(snapshot), snapshot=snapshot, recipients=_recipients(run))
        if not run.decided_at and (run.schedule.needs_approval or completeness.asks_a_person(run.schedule, report)):
            approval.ask(client, run, now)
        else:
            _release(client, run)


def gathered(client: Client, schedule: Schedule, period: ReportPeriod, now: datetime) -> Report:
    """What a schedule's report of a period says now."""
    length = LENGTHS[Schedule.Cadence(schedule.cadence)]
    return gather.report(client, period, now, length=length, cadence=schedule.cadence, schedule_id=schedule.pk)


def canonical(report: Report) -> str:
    """The report as JSON whose bytes depend on nothing but its figures: sorted keys, exact decimals as text."""
    return msgspec.json.encode(report, order="sorted").decode()


def restored(snapshot: Snapshot) -> Report:
    """The report that a snapshot keeps."""
    return reading.report(snapshot)


def documents(client: Client, report: Report, language: str) -> dict[str, bytes]:
    """Every rendering of a report in one language, by `Document.Kind`."""
    presentation = present(report, language, brand.of_organisation(client))
    return {Document.Kind.PDF: rendering.pdf(presentation), **_mail(client, report, presentation)}


def mail(client: Client, report: Report, language: str) -> dict[str, bytes]:
    """Those that a mail is made of."""
    return _mail(client, report, present(report, language, brand.of_organisation(client)))


def pdf(client: Client, report: Report, language: str) -> bytes:
    """For whoever waits for it. Raises `reports.failing.Failed` where it cannot be made."""
    return attempt("pdf", rendering.pdf, present(report, language, brand.of_organisation(client)))


def _mail(client: Client, report: Report, presentation: Presentation) -> dict[str, bytes]:
    subject, html, text = rendering.email_parts(presentation, links(client, report))
    return {
        Document.Kind.SUBJECT: subject.encode(),
        Document.Kind.HTML: html.encode(),
        Document.Kind.TEXT: text.encode(),
    }


def links(client: Client, report: Report) -> rendering.Links:
    """Where a kept mail leads: to every recipient's own addresses by placeholders."""
    origin = hosts.origin(client.agency)
    return rendering.Links(
        report=SHARE_PLACEHOLDER,
        pdf=f"{SHARE_PLACEHOLDER}pdf/",
        dashboard=f"{origin}{reverse('overview', args=[client.slug])}?period={report.period}",
        definitions=f"{origin}{reverse('glossary', args=[client.slug])}",
        unsubscribe=UNSUBSCRIBE_PLACEHOLDER,
    )


def _keep(report: Report, run: Run) -> Snapshot:
    figures = canonical(report)
    return Snapshot.objects.create(
        run_id=run.pk, period=report.period, figures=figures, sha256=hashlib.sha256(figures.encode()).hexdigest()
    )


def _release(client: Client, run: Run) -> None:
    for delivery in Delivery.objects.bulk_create(_delivery(run, recipient) for recipient in _recipients(run)):
        queue.enqueue(DELIVER, client_id=client.pk, key=str(delivery.pk), arguments={"delivery_id": delivery.pk})
    Run.objects.filter(pk=run.pk).update(state=Run.State.READY, problem="")
    stopping.run_succeeded(run)


def _recipients(run: Run) -> list[Recipient]:
    return list(run.schedule.recipients.filter(unsubscribed_at=None, paused=False))


def _keep_documents(client: Client, report: Report, snapshot: Snapshot, recipients: list[Recipient]) -> None:
    """In every language that somebody reads; those that are kept already stay as they are."""
    wanted = {recipient.language for recipient in recipients} or {client.language}
    for language in sorted(wanted - set(snapshot.documents.values_list("language", flat=True))):
        Document.objects.bulk_create(_documents(client, report, snapshot, language))


def _delivery(run: Run, recipient: Recipient) -> Delivery:
    return Delivery(run=run, recipient=recipient, language=recipient.language, format=recipient.format)


def _documents(client: Client, report: Report, snapshot: Snapshot, language: str) -> list[Any]:
    rendered = documents(client, report, language)
    return [Document(snapshot=snapshot, language=language, kind=kind, content=content) for kind, content in rendered.items()]
