"""The facts as they lie in the database, as plain objects, and what they refer to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from django.db.models import Model

from accounts.models import Client
from campaigns import models, systems
from campaigns.rates.models import ExchangeRate

ONE_DAY = timedelta(days=1)
# The European Central Bank publishes nothing for a long week-end of holidays at most.
RATE_SERVES = 7


class NoRate(Exception):
    """No rate of this currency was published close enough to the day."""


@dataclass(frozen=True)
class Place:
    """Where a fact counts: a channel, and a campaign's id or 0."""

    channel: str
    campaign: int


class Stored:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.zone = ZoneInfo(client.timezone)
        self.systems = systems.in_force()
        self.connections = {source.pk: source for source in models.Connection.objects.all()}
        self.origins = {origin.pk: origin for origin in models.Origin.objects.all()}
        self.campaigns = {campaign.pk: campaign for campaign in models.Campaign.objects.all()}
        self.platform_campaigns = {one.pk: one for one in models.PlatformCampaign.objects.all()}
        self._rows: dict[type[Model], list[SimpleNamespace]] = {}

    def rows(self, model: type[Model]) -> list[SimpleNamespace]:
        """All rows of a table."""
        if model not in self._rows:
            self._rows[model] = [SimpleNamespace(**row) for row in model._default_manager.values()]
        return self._rows[model]

    def of(self, model: type[Model], subject: str) -> list[SimpleNamespace]:
        """The rows told by the system of record of a subject."""
        return [row for row in self.rows(model) if self.source(row) == self.systems[subject]]

    def source(self, row: SimpleNamespace) -> str:
        return self.connections[row.connection_id].source

    def currency(self, row: SimpleNamespace) -> str:
        return getattr(row, "currency", "") or self.connections[row.connection_id].currency

    def place(self, row: SimpleNamespace) -> Place:
        """Where the origin of a row leads."""
        return self.place_of(row.origin_id)

    def place_of(self, origin_id: int) -> Place:
        origin = self.origins[origin_id]
        return Place(origin.channel, origin.campaign_id or 0)

    def day(self, instant: datetime | None) -> date | None:
        """The client's calendar day of an instant."""
        return instant.astimezone(self.zone).date() if instant else None

    # ----------------------------------------------------------------------------------------------------------- money
    def converted(self, nano: int, currency: str, day: date) -> Fraction:
        """Billionths of the client's currency at the day's rates, not rounded. Nothing is nothing in any currency."""
        if nano == 0 or currency == self.client.currency:
            return Fraction(nano)
        return nano * self._per_euro(self.client.currency, day) / self._per_euro(currency, day)

    def _per_euro(self, currency: str, day: date) -> Fraction:
        if currency == "EUR":
            return Fraction(1)
        for back in range(RATE_SERVES + 1):
            if rate := self._rates.get((currency, day - back * ONE_DAY)):
                return rate
        raise NoRate

    def has_rate(self, currency: str, day: date) -> bool:
        try:
            self.converted(1, currency, day)
        except NoRate:
            return False
        return True

    @cached_property
    def _rates(self) -> dict[tuple[str, date], Fraction]:
        return {(rate.currency, rate.day): Fraction(rate.per_euro) for rate in ExchangeRate.objects.all()}
