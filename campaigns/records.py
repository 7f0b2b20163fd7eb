"""Platform-neutral rows: what a connector yields and what a file is read into. No Django here.

Units: days are calendar days of the ad account or, for instants, of the client's zone. Money is an integer of
billionths of the account's currency (`nano`), conversions are millionths; both are exact for everything platforms and
files are known to report. `None` means "not reported" and is never the same as 0.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec

NANO = 1_000_000_000
MILLION = 1_000_000
# What a Postgres bigint holds.
LARGEST = 2**63 - 1


class AdDay(msgspec.Struct, frozen=True, kw_only=True, tag="ad_day"):
    """One campaign on one day. `clicks` are link clicks, `all_clicks` whatever else the platform counts as one."""

    day: date
    campaign_id: str
    campaign: str
    channel: str
    impressions: int | None = None
    clicks: int | None = None
    all_clicks: int | None = None
    spend_nano: int | None = None


class AdConversion(msgspec.Struct, frozen=True, kw_only=True, tag="ad_conversion"):
    """Conversions of one campaign on one day by one action; `action` "" is the platform's own total of those it counts."""

    day: date
    campaign_id: str
    action: str = ""
    conversions_millionths: int | None = None
    value_nano: int | None = None


class Lead(msgspec.Struct, frozen=True, kw_only=True, tag="lead"):
    """One lead and the instants at which it moved. `email_hash` is a keyed HMAC; the address itself is not kept."""

    lead_id: str
    created_at: datetime
    day: date
    channel: str = ""
    campaign: str = ""
    landing_page: str = ""
    score: int | None = None
    mql_at: datetime | None = None
    sql_at: datetime | None = None
    won_at: datetime | None = None
    lost_at: datetime | None = None
    customer_id: str = ""
    value_nano: int | None = None
    email_hash: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True, tag="order"):
    """One order, or one refund (`amount_nano` negative) dated on the day it was refunded. Amounts are net of tax."""

    order_id: str
    ordered_at: datetime
    day: date
    kind: str = "order"
    amount_nano: int
    tax_nano: int | None = None
    shipping_nano: int | None = None
    margin_nano: int | None = None
    customer_id: str = ""
    refund_of: str = ""
    product: str = ""
    channel: str = ""
    campaign: str = ""


Record = AdDay | AdConversion | Lead | Order


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
