"""Platform-neutral rows: what a connector yields and what a file is read into. No Django here.

Units: days are calendar days of the account or, for instants, of the client's zone. Money is an integer of billionths
(`nano`) of the currency the record names, else of the account's; conversions are millionths. Both are exact for
everything platforms and files are known to report. `None` means "not reported" and is never the same as 0.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec

NANO = 1_000_000_000
MILLION = 1_000_000
# The source of what clients tell by files of their own.
FILE_SOURCE = "file"
# What a Postgres bigint holds.
LARGEST = 2**63 - 1


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a visit or a person came from, in the words of whoever reports it. Rules turn it into a channel and a campaign.

    `channel` is a slug of the fixed list, stated outright ("": the rules decide); `group` the platform's own grouping, such
    as GA4's "Paid Search" or HubSpot's "PAID_SEARCH"; `campaign` a name or `utm_campaign`, `campaign_id` a platform's id.
    """

    channel: str = ""
    group: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    campaign_id: str = ""


NOWHERE = Origin()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Every record has the day it counts on."""

    day: date


# ------------------------------------------------------------------------------------------------------------------- ads
class AdDay(Record, frozen=True, kw_only=True):
    """One campaign on one day. `clicks` are link clicks, `all_clicks` whatever else the platform counts as one."""

    campaign_id: str
    campaign: str
    channel: str
    impressions: int | None = None
    clicks: int | None = None
    all_clicks: int | None = None
    spend_nano: int | None = None


class AdConversion(Record, frozen=True, kw_only=True):
    """Conversions of one campaign on one day by one action; `action` "" is the platform's own total of those it counts.

    `basis` names the attribution setting, where the platform has several: figures of two are never summed.
    """

    campaign_id: str
    action: str = ""
    conversions_millionths: int | None = None
    value_nano: int | None = None
    basis: str = ""


class ConversionAction(Record, frozen=True, kw_only=True):
    """What an account counts as a conversion. `counts`: whether the platform puts it into its own total."""

    action: str
    name: str
    category: str = ""
    counts: bool = True


# ---------------------------------------------------------------------------------------------------------------- e-mail
class EmailCounts(Record, frozen=True, kw_only=True):
    """`basis` says whether opens by machines are in: "machine_opens" or "without_machine_opens", "" unknown."""

    sent: int | None = None
    hard_bounces: int | None = None
    soft_bounces: int | None = None
    opens: int | None = None
    unique_opens: int | None = None
    clicks: int | None = None
    unique_clicks: int | None = None
    unsubscribes: int | None = None
    spam_complaints: int | None = None
    basis: str = ""


class EmailSend(EmailCounts, frozen=True, kw_only=True):
    """One mailing and its lifetime counters as of `observed_at`, on the day it was sent."""

    send_id: str
    sent_at: datetime
    observed_at: datetime
    campaign: str
    origin: Origin = NOWHERE
    subject: str = ""
    list_name: str = ""
    seed_sent: int | None = None
    seed_inbox: int | None = None
    revenue_nano: int | None = None
    currency: str = ""


class EmailDay(EmailCounts, frozen=True, kw_only=True):
    """Everything that happened on one day on one list or stream of mail, where a platform has totals by day of the event."""

    list_name: str


# ------------------------------------------------------------------------------------------------------------------ site
class LandingDay(Record, frozen=True, kw_only=True):
    """Sessions that entered on one page from one origin on one day. `bounces` are single-page sessions (classic).

    `engaged_sessions` are GA4's. `users` are distinct on that day and page alone: never add them.
    """

    page: str
    origin: Origin = NOWHERE
    sessions: int | None = None
    engaged_sessions: int | None = None
    bounces: int | None = None
    pageviews: int | None = None
    session_seconds: int | None = None
    engagement_seconds: int | None = None
    conversions_millionths: int | None = None
    revenue_nano: int | None = None
    users: int | None = None


class PageDay(Record, frozen=True, kw_only=True):
    """One page on one day, however people came to it. `basis` of the seconds: "ga4" (engagement) or "classic"."""

    page: str
    views: int | None = None
    exits: int | None = None
    seconds: int | None = None
    basis: str = ""


# ---------------------------------------------------------------------------------------------------- social and audience
class SocialCounts(Record, frozen=True, kw_only=True):
    """`reach` is of distinct people: never add it."""

    impressions: int | None = None
    reach: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    messages: int | None = None
    replies: int | None = None
    link_clicks: int | None = None
    video_views: int | None = None
    video_seconds: int | None = None


class SocialDay(SocialCounts, frozen=True, kw_only=True):
    """One post on one day; `post_id` "" is the account as a whole. `title`: its title or the first line of its text."""

    post_id: str = ""
    title: str = ""
    url: str = ""


class SocialPost(SocialCounts, frozen=True, kw_only=True):
    """A post's lifetime counters as of `observed_at`, by platforms that have no days; `day` is the day it was published."""

    post_id: str
    title: str = ""
    url: str = ""
    observed_at: datetime
    observed_on: date


class AudienceDay(Record, frozen=True, kw_only=True):
    """Subscribers of a mailing list, or followers of a social account, at the end of a day."""

    list_name: str
    subscribers: int | None = None
    joined: int | None = None
    left: int | None = None


# ---------------------------------------------------------------------------------------------------------------- people
class Lead(Record, frozen=True, kw_only=True):
    """One lead and the instants at which it moved. `email_hash` is a keyed HMAC; the address itself is not kept."""

    lead_id: str
    created_at: datetime
    origin: Origin = NOWHERE
    landing_page: str = ""
    score: int | None = None
    mql_at: datetime | None = None
    sql_at: datetime | None = None
    won_at: datetime | None = None
    lost_at: datetime | None = None
    customer_id: str = ""
    value_nano: int | None = None
    currency: str = ""
    email_hash: str = ""


class Deal(Record, frozen=True, kw_only=True):
    """One sale in the making, of one lead. `stages`: the instant each stage was first entered, by the platform's name for it."""

    deal_id: str
    lead_id: str = ""
    name: str = ""
    created_at: datetime
    stage: str = ""
    stages: dict[str, datetime] = {}
    won_at: datetime | None = None
    lost_at: datetime | None = None
    amount_nano: int | None = None
    currency: str = ""


class Touch(Record, frozen=True, kw_only=True):
    """One contact of a person with our marketing. `touch_id` identifies it within its account."""

    touch_id: str
    at: datetime
    lead_id: str = ""
    customer_id: str = ""
    origin: Origin = NOWHERE
    kind: str = ""
    asset: str = ""
    converted_at: datetime | None = None
    value_nano: int | None = None
    currency: str = ""


class Customer(Record, frozen=True, kw_only=True):
    """One customer, on the day of acquisition where that is known, else of the record's creation."""

    customer_id: str
    acquired_at: datetime | None = None
    cancelled_at: datetime | None = None
    origin: Origin = NOWHERE
    email_hash: str = ""


class Gone(Record, frozen=True, kw_only=True):
    """A keyed record that its platform deleted, on the day we learned it; `merged_into` names the one it became part of."""

    kind: str
    external_id: str
    merged_into: str = ""


# ----------------------------------------------------------------------------------------------------------------- money
class Order(Record, frozen=True, kw_only=True):
    """One order, or one refund (`amount_nano` negative) dated on the day it was refunded. Amounts are net of tax."""

    order_id: str
    ordered_at: datetime
    kind: str = "order"
    amount_nano: int
    tax_nano: int | None = None
    shipping_nano: int | None = None
    margin_nano: int | None = None
    currency: str = ""
    customer_id: str = ""
    email_hash: str = ""
    refund_of: str = ""
    product: str = ""
    origin: Origin = NOWHERE


class SubscriptionSpan(Record, frozen=True, kw_only=True):
    """A customer paying `mrr_nano` a month from `started_at` until `ended_at` (None: still)."""

    subscription_id: str
    customer_id: str
    started_at: datetime
    ended_at: datetime | None = None
    mrr_nano: int
    currency: str = ""


class Cost(Record, frozen=True, kw_only=True):
    """What marketing or sales cost besides the ads, spread evenly over the days `day` to `until`, the remainder first."""

    name: str
    until: date
    amount_nano: int
    currency: str = ""
    origin: Origin = NOWHERE


class Budget(Record, frozen=True, kw_only=True):
    """What may be spent in the month that begins on `day`; by channel and campaign where the origin names them."""

    amount_nano: int
    currency: str = ""
    origin: Origin = NOWHERE


class Target(Record, frozen=True, kw_only=True):
    """What a KPI should be in the month that begins on `day`, in billionths of the KPI's unit."""

    kpi: str
    value_nano: int
    currency: str = ""
    origin: Origin = NOWHERE


def nano(amount: Decimal) -> int:
    """Money as billionths; raises `OverflowError` beyond what a bigint holds (some nine billion units)."""
    return _scaled(amount, NANO)


def millionths(count: Decimal) -> int:
    return _scaled(count, MILLION)


def _scaled(value: Decimal, scale: int) -> int:
    scaled = int((value * scale).to_integral_value(ROUND_HALF_UP))
    if abs(scaled) > LARGEST:
        raise OverflowError("the amount is too large")
    return scaled
