"""Pulls to measure with: 28 days of an account, and the same 28 days again, in which 5 % changed, 0.5 % are gone, 0.5 % new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from django.db import models

from campaigns.connectors.base import Replaces
from campaigns.models import AdDay, LandingDay, Order
from campaigns.records import AdDay as AdRow
from campaigns.records import Gone, Origin, Record
from campaigns.records import LandingDay as LandingRow
from campaigns.records import Order as OrderRow
from campaigns.streams import Window

FIRST, DAYS = date(2026, 1, 1), 28
LAST = FIRST + timedelta(days=DAYS - 1)
ONE_IN_GONE, ONE_IN_CHANGED = 200, 20


@dataclass(frozen=True)
class Shape:
    """`row` makes row number n, as version 0 or 1 of it; `said` is SQL of what is stored, in the words of the records."""

    name: str
    source: str
    window: Window
    model: type[models.Model]
    row: Callable[[int, int], Record]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    said: str
    gone: str = ""

    def pull(self, count: int, version: int) -> Iterator[Record]:
        """`count` rows; of the two versions each lacks some rows of the other, and some rows differ."""
        for number in range(-(-count * ONE_IN_GONE // (ONE_IN_GONE - 1))):
            if number % ONE_IN_GONE != version:
                yield self.row(number, version if _scrambled(number) % ONE_IN_CHANGED == 0 else 0)
            elif self.gone:
                yield Gone(day=LAST, kind=self.gone, external_id=str(number))

    def flat(self, record: Record) -> dict[str, Any]:
        """A record as a row of one wide table, as a loader without our dimensions keeps it."""
        if isinstance(record, Gone):
            return {self.key[0]: record.external_id, "gone": True}
        cells: dict[str, Any] = msgspec.to_builtins(record)
        origin = cells.pop("origin", {})
        return {**cells, **origin, **({"gone": False} if self.gone else {})}


def _scrambled(number: int) -> int:
    return number * 2_654_435_761 % 2**32 >> 7


def _day(number: int) -> date:
    return FIRST + timedelta(days=number % DAYS)


def _ad(number: int, version: int) -> AdRow:
    campaign, some = str(10**9 + number // DAYS), _scrambled(number)
    return AdRow(
        day=_day(number), campaign_id=campaign, campaign=f"Campaign {campaign}", channel="paid_search",
        impressions=some % 90_000, clicks=some % 900 + version, all_clicks=some % 1000 + version, spend_nano=some * 1_000,
    )  # fmt: skip


def _landing(number: int, version: int) -> LandingRow:
    """Every page from forty origins on a day, as far as there are rows."""
    entity, some = number // DAYS, _scrambled(number)
    origin = Origin(group="Paid Search", source=f"source{entity % 8}", medium="cpc", campaign=f"campaign {entity % 40}")
    return LandingRow(
        day=_day(number), page=f"/collections/{entity // 40}", origin=origin, sessions=some % 400 + version,
        engaged_sessions=some % 300, pageviews=some % 2_000, engagement_seconds=some % 9_000,
        conversions_millionths=some % 9 * 1_000_000, revenue_nano=some * 1_000,
    )  # fmt: skip


def _order(number: int, version: int) -> OrderRow:
    """Two orders a customer; one customer in four is known by an address too."""
    some, customer = _scrambled(number), number // 2
    at = datetime.combine(_day(number), datetime.min.time(), UTC) + timedelta(seconds=some % 80_000)
    return OrderRow(
        day=_day(number), order_id=str(number), ordered_at=at, amount_nano=some * 1_000 + version, currency="EUR",
        customer_id=f"cus_{customer}", email_hash=f"{customer:064x}" if customer % 4 == 0 else "", product=f"product {some % 50}",
        origin=Origin(source="shop", medium="cpc", campaign=f"campaign {some % 30}"),
    )  # fmt: skip


ADS = Shape(
    "ads", "google_ads", Window("ads", FIRST, LAST), AdDay, _ad, ("day", "campaign_id"),
    ("day", "campaign_id", "impressions", "clicks", "all_clicks", "spend_nano"),
    """SELECT fact.day, campaign.external_id AS campaign_id, impressions, clicks, all_clicks, spend_nano
       FROM campaigns_adday AS fact JOIN campaigns_platformcampaign AS campaign ON campaign.id = fact.campaign_id""",
)  # fmt: skip
SITE = Shape(
    "site", "google_analytics", Window("site", FIRST, LAST), LandingDay, _landing, ("day", "page", "source", "campaign"),
    ("day", "page", "source", "campaign", "sessions", "engaged_sessions", "pageviews", "conversions_millionths", "revenue_nano"),
    """SELECT fact.day, path AS page, source, campaign_name AS campaign, sessions, engaged_sessions, pageviews,
           conversions_millionths, revenue_nano
       FROM campaigns_landingday AS fact JOIN campaigns_page AS page ON page.id = page_id
           JOIN campaigns_origin AS origin ON origin.id = origin_id""",
)  # fmt: skip
ORDERS = Shape(
    "orders", "stripe", Window("orders", FIRST, LAST, Replaces.KEYED), Order, _order, ("order_id",),
    ("order_id", "day", "amount_nano", "customer_id", "email_hash", "source", "campaign"),
    """SELECT external_id AS order_id, fact.day, amount_nano, customer_ref AS customer_id, email_hash, source,
           campaign_name AS campaign
       FROM campaigns_order AS fact JOIN campaigns_origin AS origin ON origin.id = origin_id""", gone="order",
)  # fmt: skip
SHAPES = {shape.name: shape for shape in (ADS, SITE, ORDERS)}
