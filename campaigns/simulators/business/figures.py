"""What the platforms show: the rows of the ledger. Money is in the account's currency; instants carry the business's zone.

`Decimal` amounts are in units of the currency, `*_minor` in its smallest unit (cents; whole yen), `*_micros` in millionths.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from campaigns.simulators.business.story import Campaign, ConversionAction, Plan


@dataclass(frozen=True, slots=True)
class Touch:
    """Where a visit came from. `channel` is one of the product's channel slugs, `group` the default channel group of GA4.

    `campaign` is the advertisement's name or the utm_campaign of a newsletter. Only paid clicks have `campaign_id` and `click_id` (gclid).
    """

    channel: str
    group: str
    source: str
    medium: str
    campaign: str
    campaign_id: str = ""
    click_id: str = ""


@dataclass(frozen=True, slots=True)
class AdFigures:
    """One campaign on one day as Google Ads knows it on some later day. Conversions may be fractions.

    `conversions` and `value` count primary actions only, `all_conversions` and `all_value` every action.
    """

    day: date
    campaign: Campaign
    impressions: int
    clicks: int
    cost_micros: int
    conversions: Decimal
    value: Decimal
    all_conversions: Decimal
    all_value: Decimal


@dataclass(frozen=True, slots=True)
class AdConversionFigures:
    """One conversion action of one campaign on one day of clicks. `conversions` and `value` are 0 for secondary actions."""

    day: date
    campaign: Campaign
    action: ConversionAction
    conversions: Decimal
    value: Decimal
    all_conversions: Decimal
    all_value: Decimal


@dataclass(frozen=True, slots=True)
class Send:
    """A newsletter or promotion with its lifetime counters. `utm_campaign` is what its links carry."""

    id: str
    list_id: str
    list_name: str
    kind: str
    title: str
    subject: str
    utm_campaign: str
    sent_at: datetime
    emails_sent: int
    hard_bounces: int
    soft_bounces: int
    opens: int
    unique_opens: int
    clicks: int
    unique_clicks: int
    unique_subscriber_clicks: int
    unsubscribes: int
    abuse_reports: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class ListDay:
    """One mailing list on one day; `members` as the day ends. Opens and clicks are those that happened on the day."""

    day: date
    list_id: str
    emails_sent: int
    unique_opens: int
    recipient_clicks: int
    hard_bounces: int
    soft_bounces: int
    joined: int
    left: int
    members: int


@dataclass(frozen=True, slots=True)
class LandingDay:
    """Sessions that began on one page, from one origin, as GA4 shows them. `group` is the session default channel group."""

    day: date
    landing_page: str
    group: str
    source: str
    medium: str
    campaign: str
    sessions: int
    engaged_sessions: int
    engagement_seconds: int
    views: int
    key_events: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class PageDay:
    """Views of one page on one day."""

    day: date
    page: str
    views: int
    sessions: int
    engagement_seconds: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of HubSpot. `history` is every lifecycle stage it was given, oldest first, with backward moves.

    `merged_ids` are the ids of the two contacts that became this one. `number` joins it to the lead of the imported file (`L-<number>`).
    """

    id: str
    number: str
    email: str
    first_name: str
    last_name: str
    company: str
    created_at: datetime
    modified_at: datetime
    archived_at: datetime | None
    history: tuple[tuple[str, datetime], ...]
    merged_ids: tuple[str, ...]
    touch: Touch
    landing_page: str
    score: int
    is_unqualified: bool
    has_newsletter: bool

    @property
    def stage(self) -> str:
        return self.history[-1][0]

    def entered(self, stage: str) -> datetime | None:
        """When it first reached the stage, None if it never did."""
        return next((at for name, at in self.history if name == stage), None)


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal of HubSpot. `history` is every deal stage it was given, oldest first; `currency` in upper case."""

    id: str
    contact_id: str
    name: str
    amount: Decimal
    home_amount: Decimal
    currency: str
    created_at: datetime
    modified_at: datetime
    closes_at: datetime
    history: tuple[tuple[str, datetime], ...]
    touch: Touch

    @property
    def stage(self) -> str:
        return self.history[-1][0]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of Stripe, made with the first payment. `number` is the customer_id of imported orders and leads."""

    id: str
    number: str
    email: str
    name: str
    created_at: datetime
    touch: Touch


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment, as it stands. `order_id` is that of the imported orders; `invoice_id` and `subscription_id` may be empty.

    `currency` in lower case. `tax_minor` and `shipping_minor` are parts of the amount. A failed attempt ("failed") captured nothing.
    """

    id: str
    customer_id: str
    email: str
    created_at: datetime
    currency: str
    amount_minor: int
    tax_minor: int
    shipping_minor: int
    refunded_minor: int
    status: str
    order_id: str
    invoice_id: str
    subscription_id: str
    touch: Touch


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    charge_id: str
    created_at: datetime
    currency: str
    amount_minor: int
    order_id: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands. `cancelled_at` is when the customer said so, `ended_at` when it stopped; None when not yet.

    `cancels_at` is when a cancelled one will stop or did. The period is the one paid last.
    `unit_minor` is the price of one seat or box for each `plan.interval` ("month" or "year").
    """

    id: str
    customer_id: str
    plan: Plan
    currency: str
    unit_minor: int
    quantity: int
    started_at: datetime
    cancelled_at: datetime | None
    cancels_at: datetime | None
    ended_at: datetime | None
    period_started_at: datetime
    period_ends_at: datetime

    @property
    def status(self) -> str:
        return "canceled" if self.ended_at else "active"


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of a subscription's period or of a won deal (`subscription_id` empty). Paid when made, by the charge."""

    id: str
    charge_id: str
    customer_id: str
    subscription_id: str
    billing_reason: str
    created_at: datetime
    currency: str
    total_minor: int
    tax_minor: int
    quantity: int
    description: str
    period_ends_at: datetime
