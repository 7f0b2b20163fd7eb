"""What a person has sent beside the calendar: a period's report now, a copy to oneself as a test, and again what did not arrive."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts import audit, brand, hosts, mails
from accounts.audit import Actor
from accounts.models import Client
from jobs import queue
from kpis import recompute
from reports import approval, completeness, preparing, scheduling
from reports.archive.models import Document, Snapshot
from reports.cadence import ReportPeriod, named
from reports.content import Report
from reports.models import Delivery, Run, Schedule

TEST = "reports.test"
# What a person may have sent again: it certainly did not leave, or nobody knows.
RESENT = (Delivery.State.FAILED, Delivery.State.UNKNOWN)
# What catching up sends.
CAUGHT_UP = (Run.State.SKIPPED, Run.State.FAILED)
RECEIVED = gettext_noop("a person confirmed that it arrived")


class NotReported(ValueError):
    """The period is none of the schedule's that is over."""


class Sent(Exception):
    """The report was sent; what of it did not arrive can be sent again."""


class NotResent(Exception):
    """The delivery neither failed nor is unknown."""


def newest(schedule: Schedule) -> ReportPeriod:
    """The newest period of the schedule that is over."""
    rhythm = scheduling.plan_of(schedule).rhythm
    return rhythm.before(rhythm.holding(timezone.now().astimezone(schedule.client.zone).date()))


def send_now(client: Client, schedule: Schedule, key: str, by: Actor) -> Run:
    """Have the report of a period prepared and sent without waiting for its time or for missing data; for approval it does wait.

    Of the newest period that is over, or of one that came due before. Raises `NotReported` or `Sent`.
    """
    run = schedule.runs.filter(period=key).first()
    if run is None and key != newest(schedule).key:
        raise NotReported(key)
    if run and run.state == Run.State.READY:
        raise Sent(key)
    with transaction.atomic():
        if run and run.state == Run.State.DECLINED:
            approval.prepare_anew(client, run, by)
        run = scheduling.open_run(schedule, key, at_once=True)
        audit.record("report.asked_for", by, organisation=client, period=key)
    return run


def resend(client: Client, delivery: Delivery, by: Actor) -> None:
    """Queue again what failed or is unknown; it keeps its Message-ID. Raises `NotResent`."""
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, state__in=RESENT).update(state=Delivery.State.QUEUED, error=""):
            raise NotResent
        queue.enqueue(preparing.DELIVER, client_id=client.pk, key=str(delivery.pk), arguments={"delivery_id": delivery.pk})
        audit.record("report.resent", by, organisation=client, period=delivery.run.period, address=delivery.recipient.email)


def resend_failed(client: Client, run: Run, by: Actor) -> int:
    """Queue again what of a report certainly did not arrive, and nothing else; how many that are."""
    failed = run.deliveries.filter(state=Delivery.State.FAILED).select_related("recipient", "run")
    with transaction.atomic():
        for delivery in failed:
            resend(client, delivery, by)
    return len(failed)


def mark_received(client: Client, delivery: Delivery, by: Actor) -> None:
    """A person knows that what nobody knew of did arrive. Raises `NotResent`."""
    with transaction.atomic():
        unknown = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.UNKNOWN)
        if not unknown.update(state=Delivery.State.SENT, error=RECEIVED):
            raise NotResent
        audit.record("report.received", by, organisation=client, period=delivery.run.period, address=delivery.recipient.email)


def left_out(*schedules: Schedule) -> QuerySet[Run]:
    """What came due since the last report that was sent, and was not; the oldest first."""
    sent = Run.objects.filter(schedule=OuterRef("schedule"), state=Run.State.READY, until__gte=OuterRef("until"))
    return Run.objects.filter(~Exists(sent), schedule__in=schedules, state__in=CAUGHT_UP).order_by("until")


def catch_up(client: Client, schedule: Schedule, by: Actor) -> list[Run]:
    """Have everything sent that was left out since the last report that was sent, the oldest first."""
    with transaction.atomic():
        return [send_now(client, schedule, run.period, by) for run in left_out(schedule)]


def ask_for_test(client: Client, schedule: Schedule, key: str, email: str, language: str, by: Actor) -> None:
    """Have a report sent to one address as a test. Raises `NotReported`."""
    if key != newest(schedule).key and not schedule.runs.filter(period=key).exists():
        raise NotReported(key)
    with transaction.atomic():
        arguments = {"schedule_id": schedule.pk, "period": key, "email": email, "language": language}
        queue.enqueue(TEST, client_id=client.pk, key=f"{schedule.pk} {key} {email} {language}", arguments=arguments)
        audit.record("report.tested", by, organisation=client, period=key, address=email)


def send_test(client: Client, schedule: Schedule, key: str, email: str, language: str) -> None:
    """Mail a report that says in its subject that it is a test. No run, delivery or document is kept of it.

    Raises `OSError` or `smtplib.SMTPException` when the server does not take it.
    """
    kept = Snapshot.objects.filter(run_id__in=schedule.runs.filter(period=key).values("pk")).first()
    if kept is None:
        recompute.catch_up(client)
    report = preparing.restored(kept) if kept else completeness.marked(schedule, _gathered(client, schedule, key))
    documents = preparing.documents(client, report, language)
    page = f"{hosts.origin(client.agency)}/"
    html, text = (_body(documents[kind], page) for kind in (Document.Kind.HTML, Document.Kind.TEXT))
    with override(language):
        subject = _("[Test] %(subject)s") % {"subject": documents[Document.Kind.SUBJECT].decode().strip()}
    message = mails.note(email, subject=subject, body=text, brand=brand.of_organisation(client))
    message.attach_alternative(html, "text/html")
    message.attach(f"{client.slug}-{key}.pdf", documents[Document.Kind.PDF], "application/pdf")
    message.send()


def _gathered(client: Client, schedule: Schedule, key: str) -> Report:
    return preparing.gathered(client, schedule, named(key), timezone.now())


def _body(document: bytes, page: str) -> str:
    """Nobody unsubscribes by a test, and there is no link to what is not kept."""
    return document.decode().replace(preparing.UNSUBSCRIBE_PLACEHOLDER, page).replace(preparing.SHARE_PLACEHOLDER, page)
