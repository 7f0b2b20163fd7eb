"""What a business is made of, and its seeded chance: the ground on which campaigns, people and payments are told.

Only `Random.random()` and the four operations are used, so that every machine and Python version tells the same story.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from hashlib import sha256
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
# Currencies without a smaller unit.
WHOLE = frozenset({"jpy"})
T = TypeVar("T")


@dataclass(frozen=True)
class ConversionAction:
    """An action that Google Ads counts. Secondary ones are counted in all_conversions only."""

    id: str
    name: str
    category: str
    is_primary: bool
    window_days: int = 30


@dataclass(frozen=True)
class Campaign:
    """A Google Ads campaign and what it yields on an average day at the anchor. `cost_per_click` is in the account's currency.

    `order_share` of its conversions are orders, the others enquiries. `launched` and `paused` are in days before the anchor.
    """

    id: str
    name: str
    kind: str
    channel: str
    impressions: int
    click_rate: float
    cost_per_click: float
    conversion_rate: float
    order_share: float
    launched: int
    paused: range = range(0)
    weekdays: frozenset[int] = frozenset(range(7))
    account: str = ""


@dataclass(frozen=True)
class AdAccount:
    id: str
    name: str
    currency: str
    zone: str


@dataclass(frozen=True)
class Origin:
    """Where visits come from that no advertisement brought, with sessions, orders and enquiries on an average day."""

    channel: str
    group: str
    source: str
    medium: str
    campaign: str
    sessions: float
    orders: float
    leads: float


@dataclass(frozen=True)
class Plan:
    """What is subscribed to. `price` is in units of the business's currency for each `interval`, "month" or "year"."""

    id: str
    name: str
    price: int
    interval: str
    weight: float
    seats: int = 1


@dataclass(frozen=True)
class MailingList:
    id: str
    name: str
    members: int
    joined: float


@dataclass(frozen=True)
class Currencies:
    """A currency some customers pay in: the share of payments, and units of it for one unit of the business's own."""

    code: str
    share: float
    rate: Decimal


@dataclass(frozen=True)
class Accounts:
    """The business's identities on the platforms."""

    google_ads: tuple[AdAccount, ...]
    google_analytics: str
    google_analytics_account: str
    mailchimp: str
    mailchimp_centre: str
    hubspot: str
    stripe: str


@dataclass(frozen=True)
class Business:
    """The parameters of an invented company. Ages are in days before the story's anchor."""

    slug: str
    name: str
    currency: str
    zone: str
    domain: str
    opened: int
    growth_a_day: float
    week: tuple[float, ...]
    year: tuple[float, ...]
    shortage: range
    outage: int
    tracking_outage: range
    accounts: Accounts
    campaigns: tuple[Campaign, ...]
    actions: dict[str, ConversionAction]
    origins: tuple[Origin, ...]
    lists: tuple[MailingList, ...]
    newsletter: tuple[str, str, int]
    promotions: tuple[tuple[str, str], ...]
    basket: tuple[int, int]
    tax_percent: int
    shipping: Decimal
    free_shipping_from: int
    order_prefix: str
    products: tuple[str, ...]
    landing_pages: tuple[str, ...]
    lead_pages: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    mail_domains: tuple[str, ...]
    companies: tuple[str, ...]
    stage_rates: tuple[float, float, float]
    deal_amount: tuple[int, int]
    foreign: tuple[Currencies, ...] = ()
    plans: tuple[Plan, ...] = ()
    plan_share: float = 0.0
    churn_a_month: float = 0.05
    is_sold_by_subscription: bool = False
    return_share: float = 0.28

    @property
    def main_ad_account(self) -> AdAccount:
        return self.accounts.google_ads[0]

    def ad_account(self, campaign: Campaign) -> AdAccount:
        return next((account for account in self.accounts.google_ads if account.id == campaign.account), self.main_ad_account)


class Story:
    """A business, a seed and the day around which everything is told."""

    def __init__(self, business: Business, seed: str, anchor: date) -> None:
        self.business = business
        self.seed = seed
        self.anchor = anchor
        self._demand: dict[date, float] = {}

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business.zone)

    @property
    def opened_on(self) -> date:
        return self.anchor - timedelta(days=self.business.opened)

    def age(self, day: date) -> int:
        """In days before the anchor, negative after it."""
        return (self.anchor - day).days

    def random(self, *key: object) -> Random:
        return Random("|".join([self.business.slug, self.seed, *map(str, key)]))

    def identifier(self, kind: str, *key: object, length: int = 16) -> str:
        """Hexadecimal digits that are always the same for this thing."""
        return sha256("|".join([self.business.slug, self.seed, kind, *map(str, key)]).encode()).hexdigest()[:length]

    def chance(self, kind: str, *key: object) -> float:
        """From 0 to 1; a fiftieth of the cost of `random` for whoever needs one number."""
        return int(self.identifier(kind, *key, length=13), 16) / 16**13

    def demand(self, day: date) -> float:
        """The day's demand, 1 being an average day at the anchor; 0 before the business opened."""
        if day not in self._demand:
            self._demand[day] = self._reckoned(day)
        return self._demand[day]

    def _reckoned(self, day: date) -> float:
        business, age = self.business, self.age(day)
        if age > business.opened:
            return 0.0
        this_month, next_month = business.year[day.month - 1], business.year[day.month % 12]
        season = this_month + (next_month - this_month) * (day.day - 1) / 31
        return business.week[day.weekday()] * season * (1 - business.growth_a_day * age) * (0.6 if age in business.shortage else 1.0)

    def runs(self, campaign: Campaign, day: date) -> bool:
        age = self.age(day)
        is_on = age <= campaign.launched and age not in campaign.paused
        return is_on and age != self.business.outage and day.weekday() in campaign.weekdays

    def instant(self, random: Random, day: date) -> datetime:
        """Some time between 8 and 22 o'clock, when no clock is ever changed."""
        second = 8 * 3600 + int(random.random() * 14 * 3600)
        return self.at(day, second)

    def at(self, day: date, second: int) -> datetime:
        return datetime(day.year, day.month, day.day, second // 3600, second // 60 % 60, second % 60, tzinfo=self.zone)

    def later(self, random: Random, at: datetime, fewest: int, most: int) -> datetime:
        """`fewest` to `most` days later and never before `at`."""
        day = at.date() + timedelta(days=fewest + int(random.random() * (most - fewest + 1)))
        return max(at, self.instant(random, day))


def days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=n) for n in range((until - since).days + 1))


def noise(random: Random, width: float) -> float:
    return 1 + width * (random.random() + random.random() - 1)


def pick(random: Random, among: Sequence[T]) -> T:
    return among[int(random.random() * len(among))]


def several(random: Random, mean: float) -> int:
    """A count with this mean: twenty chances, so that quiet and busy days occur."""
    chance = mean / 20
    return sum(random.random() < chance for _ in range(20))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def hundredths(random: Random, low: int, high: int) -> Decimal:
    """Between `low` and `high`, in hundredths."""
    return Decimal(low * 100 + int(random.random() * (high - low) * 100)) / 100


def minor(amount: Decimal, currency: str) -> int:
    """An amount in the currency's smallest unit."""
    return int((amount * (1 if currency.lower() in WHOLE else 100)).quantize(Decimal(1), ROUND_HALF_UP))
