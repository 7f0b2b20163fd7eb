"""Metrics in the text format of Prometheus, read from the database at every scrape: any number of processes tell the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts import hosts
from config.operations import state
from jobs.models import Heartbeat, Job
from reports.models import Delivery, Run

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Reports and mails of this long ago are history.
COUNTED = timedelta(days=30)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever shows METRICS_TOKEN; where none is set, for a program on this machine that no proxy stands before."""
    if not hosts.is_default(request) or not (settings.METRICS_TOKEN or _is_from_here(request)):
        return HttpResponseNotFound()
    if settings.METRICS_TOKEN and not _shows_token(request):
        return HttpResponse("Show METRICS_TOKEN as a bearer token.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    registry.register(FromDatabase(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _is_from_here(request: HttpRequest) -> bool:
    """Behind a proxy of this machine every request comes from here."""
    is_proxied = settings.BEHIND_PROXY or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"} and not is_proxied


def _shows_token(request: HttpRequest) -> bool:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(secret.strip().encode(), settings.METRICS_TOKEN.encode())


class FromDatabase(Collector):
    """Everything as of one moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._processes()
        yield from self._jobs()
        yield from self._reports()
        yield from self._pulls()
        yield _one("vigie_clients_lagging", "Clients whose tables are not those of this version.", state.lagging_clients().count())

    def _processes(self) -> Iterator[Metric]:
        rows = list(Heartbeat.objects.order_by("kind", "name"))
        ages = {(row.kind, row.name): (self.now - row.seen_at).total_seconds() for row in rows}
        yield _labelled("vigie_heartbeat_age_seconds", "Since a beat or worker was last seen at work.", ["kind", "name"], ages)
        no_beat, unattended = state.missing_processes(rows, self.now)
        attended = {(queue,): float(queue not in unattended) for queue in settings.CELERY_TASK_QUEUES}
        yield _labelled("vigie_queue_attended", "1 where a worker that takes jobs from the queue was seen of late.", ["queue"], attended)
        yield _one("vigie_beat_alive", "1 where a beat was seen of late.", float(not no_beat))

    def _jobs(self) -> Iterator[Metric]:
        rows = Job.objects.values_list("kind", "state").annotate(count=Count("pk")).order_by("kind", "state")
        counts = {(kind, at): float(count) for kind, at, count in rows}
        yield _labelled(
            "vigie_jobs", "Jobs that are kept: open ones, two weeks of done ones, a quarter of failed ones.", ["kind", "state"], counts
        )
        waiting = state.due_jobs(self.now)
        oldest = max(((self.now - line.oldest).total_seconds() for line in waiting), default=0.0)
        yield _one("vigie_jobs_oldest_due_seconds", "For how long the oldest job has been due that nobody has begun.", oldest)
        by_kind = {(line.kind,): (self.now - line.oldest).total_seconds() for line in waiting}
        yield _labelled("vigie_jobs_oldest_due_by_kind_seconds", "The same by kind of job.", ["kind"], by_kind)
        yield _one("vigie_jobs_abandoned", "Jobs whose worker died, and that nobody takes up.", state.abandoned_jobs(self.now))

    def _reports(self) -> Iterator[Metric]:
        lists = {
            "late": state.late_schedules(self.now),
            "broken": state.broken_schedules(),
            "stopped": state.stopped_schedules(),
            "held": state.overheld_runs(self.now),
            "awaiting_approval": state.unapproved_runs(self.now),
        }
        found = {(trouble,): float(rows.count()) for trouble, rows in lists.items()}
        yield _labelled(
            "vigie_schedules_trouble", "Schedules that are late, broken or stopped, or have a report past its deadline.", ["trouble"], found
        )
        since = self.now - COUNTED
        runs = Run.objects.filter(created_at__gt=since).values_list("state").annotate(count=Count("pk"))
        yield _labelled("vigie_runs", "Reports of the last 30 days.", ["state"], _every(Run.State.values, runs))
        mails = Delivery.objects.filter(run__created_at__gt=since).values_list("state").annotate(count=Count("pk"))
        yield _labelled("vigie_deliveries", "Mails of the last 30 days' reports.", ["state"], _every(Delivery.State.values, mails))
        yield _one("vigie_deliveries_stuck", "Mails that should have left and have not.", state.stuck_deliveries(self.now).count())

    def _pulls(self) -> Iterator[Metric]:
        pulls = CounterMetricFamily("vigie_pulls", "Readings of accounts, by how they ended.", labels=["platform", "outcome"])
        trouble = GaugeMetricFamily("vigie_connections_trouble", "Accounts that cannot be read, or look wrong.", labels=["platform"])
        accounts = GaugeMetricFamily("vigie_connections", "Accounts that are read.", labels=["platform"])
        for line in state.readings():
            accounts.add_metric([line.platform], line.accounts)
            trouble.add_metric([line.platform], line.trouble)
            for outcome, count in line.outcomes.items():
                pulls.add_metric([line.platform, outcome], count)
        yield from (pulls, trouble, accounts)
        yield _one(
            "vigie_connections_unread", "Accounts that nobody read for more than 36 hours.", state.unread_connections(self.now).count()
        )


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, labels: list[str], values: Mapping[Any, float]) -> GaugeMetricFamily:
    """`values` by tuples of the labels' values."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


def _every(states: Iterable[str], rows: Iterable[tuple[str, int]]) -> dict[tuple[str, ...], float]:
    """A count for every state, so that an alert finds a zero and not nothing."""
    found = dict(rows)
    return {(state,): float(found.get(state, 0)) for state in states}
