"""How a report of any period of a schedule looks: as it was made, if it was; else from the figures as they are now. Keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Client
from reports import completeness, preparing, scheduling, sending
from reports.archive.models import Document, Snapshot
from reports.cadence import ReportPeriod, named
from reports.content import Report
from reports.models import Run, Schedule

# Before it, no client has figures.
EARLIEST = 1970


@dataclass(frozen=True)
class Around:
    """A period and its neighbours. `following` is None after the one that is under way. `is_over`: it may be sent."""

    period: ReportPeriod
    previous: ReportPeriod
    following: ReportPeriod | None
    is_over: bool


def around(schedule: Schedule, key: str) -> Around:
    """`key` "": the newest period that is over. Raises `sending.NotReported` for what is no period of the schedule, or not yet."""
    rhythm = scheduling.plan_of(schedule).rhythm
    today = timezone.now().astimezone(schedule.client.zone).date()
    current = rhythm.holding(today)
    try:
        period = named(key) if key else rhythm.before(current)
        previous, following = rhythm.before(period), rhythm.after(period)
    except (ValueError, OverflowError):
        raise sending.NotReported(key) from None
    if rhythm.holding(period.since) != period and not schedule.runs.filter(period=key).exists():
        raise sending.NotReported(key)
    if period.since > current.since or period.since.year <= EARLIEST:
        raise sending.NotReported(key)
    return Around(period, previous, following if following.since <= current.since else None, period.until < today)


def report(client: Client, schedule: Schedule, period: ReportPeriod) -> Report:
    """As it was made, or as it would be now."""
    kept = Snapshot.objects.filter(run_id__in=_made(schedule, period)).first()
    return preparing.restored(kept) if kept else completeness.marked(schedule, preparing.gathered(client, schedule, period, timezone.now()))


def run_of(schedule: Schedule, period: ReportPeriod) -> Run | None:
    return schedule.runs.filter(period=period.key).first()


def mail(client: Client, schedule: Schedule, period: ReportPeriod, language: str) -> str:
    """The HTML of the mail; its links lead nowhere."""
    html = preparing.mail(client, report(client, schedule, period), language)[Document.Kind.HTML].decode()
    return without_links(html)


def pdf(client: Client, schedule: Schedule, period: ReportPeriod, language: str) -> bytes:
    return preparing.pdf(client, report(client, schedule, period), language)


def without_links(html: str) -> str:
    """A mail as it is kept, without what is each recipient's own."""
    return html.replace(preparing.UNSUBSCRIBE_PLACEHOLDER, "#").replace(preparing.SHARE_PLACEHOLDER, "#")


def _made(schedule: Schedule, period: ReportPeriod) -> list[int]:
    made = schedule.runs.filter(period=period.key, state__in=[Run.State.READY, Run.State.APPROVAL])
    return list(made.values_list("pk", flat=True))
