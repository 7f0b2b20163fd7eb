"""The invented companies as clients of ours: young, so that their whole story is told in a moment, and connected through the real door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import create_client, keep_credential
from accounts.tenancy import inside
from campaigns import connections, pulls
from campaigns.models import Connection, Pull
from campaigns.simulators.business import BUSINESSES, FERNHILL, HARBOR, MAISON_LUMEN, Business, Ledger
from campaigns.simulators.server import Simulator

# In these weeks both Paris and New York put their clocks forward.
TODAY = date(2026, 4, 20)
# Days of history, of which one had no advertisement.
OPENED, OUTAGE = 70, 20
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Company:
    """A client of ours and the business whose accounts are its."""

    slug: str
    business: Business
    currency: str
    timezone: str


COMPANIES = {
    company.slug: company
    for company in (
        Company("paris", MAISON_LUMEN, "EUR", "Europe/Paris"),
        Company("london", FERNHILL, "GBP", "Europe/London"),
        Company("new-york", HARBOR, "USD", "America/New_York"),
        # Owned from afar: the afternoon in London is the next day there, and the money is another.
        Company("sydney", FERNHILL, "AUD", "Australia/Sydney"),
    )
}


class Clock:
    """The day the platforms think it is."""

    def __init__(self) -> None:
        self.today = TODAY

    def __call__(self) -> date:
        return self.today


@lru_cache
def ledger_of(slug: str, anchor: date) -> Ledger:
    return Ledger(replace(BUSINESSES[slug], opened=OPENED, outage=OUTAGE), "truth", anchor)


@contextmanager
def platforms(clock: Callable[[], date], settings: Any, anchor: date = TODAY) -> Iterator[Simulator]:
    """Every platform of the young companies, with whom this installation speaks."""
    with Simulator(anchor=anchor, as_of=clock) as running:
        running.ledgers = {slug: ledger_of(slug, anchor) for slug in BUSINESSES}
        running.platforms = {source: type(platform)(running.ledgers, platform.as_of) for source, platform in running.platforms.items()}
        settings.PLATFORMS = {source: running.settings(source) for source in running.platforms}
        yield running


@contextmanager
def client_of(company: Company) -> Iterator[Client]:
    """A new client, with its schema open."""
    client = create_client(company.slug, name=company.business.name, currency=company.currency, timezone=company.timezone)
    with inside(client):
        yield client


def connect(client: Client, simulator: Simulator, source: str, business: Business) -> list[Connection]:
    """All accounts of the business on a platform, as a person would choose them. Files tell what was long before."""
    credential = keep_credential(source, simulator.secret(source, business.slug), client=client)
    found = [connections.connect(client, credential, account, OPERATOR) for account in connections.reachable(credential)]
    before = simulator.ledgers[business.slug].story.opened_on - 10 * ONE_DAY
    Connection.objects.filter(pk__in=[connection.pk for connection in found]).update(files_until=before)
    return list(Connection.objects.filter(pk__in=[connection.pk for connection in found]).order_by("pk"))


def evening(day: date) -> datetime:
    """When the companies close, and what the platforms know of a day is all of it. In Sydney the next one has begun."""
    return datetime(day.year, day.month, day.day, 21, 30, tzinfo=UTC)


def pull(client: Client, source: Connection, day: date) -> list[Pull]:
    """One turn in the evening, for as long as it takes, even where that day was read before; what it stored or refused."""
    newest = source.pulls.order_by("-pk").values_list("pk", flat=True).first() or 0
    asked_at = timezone.now() + ONE_DAY
    assert not pulls.pull(client, source, transaction.atomic, asked_at=asked_at, now=evening(day), seconds=600)
    return list(source.pulls.filter(pk__gt=newest).order_by("pk"))


def since(source: Connection) -> date:
    """The first day that the platform tells."""
    assert source.files_until
    return source.files_until + ONE_DAY
