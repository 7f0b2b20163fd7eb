from __future__ import annotations

from collections.abc import Iterator

from campaigns.channels import BY_SOURCE
from campaigns.imports import cells
from campaigns.imports.cells import Context
from campaigns.imports.kinds.base import CHANNEL, CURRENCY, REQUIRED_SOURCE, Column, Kind, Values, counts
from campaigns.imports.reasons import Reason
from campaigns.records import AdConversion, AdDay, Record


def _records(values: Values, context: Context) -> Iterator[Record]:
    campaign_id = values["campaign_id"] or values["campaign"]
    yield AdDay(
        day=values["date"],
        campaign_id=campaign_id,
        campaign=values["campaign"],
        channel=values["channel"] or BY_SOURCE.get(values["source"], "other"),
        impressions=values["impressions"],
        clicks=values["clicks"],
        spend_nano=values["spend"],
    )
    # Also where both are unknown: a row that no longer knows them restates them to unknown.
    yield AdConversion(
        day=values["date"],
        campaign_id=campaign_id,
        conversions_millionths=values["conversions"],
        value_nano=values["conversion_value"],
    )


ADS = Kind(
    "ads",
    "ads",
    (
        Column("date", cells.DAY, required=True),
        REQUIRED_SOURCE,
        Column("account", cells.ACCOUNT, required=True),
        Column("campaign_id", cells.TEXT),
        Column("campaign", cells.CAMPAIGN, required=True, missing=Reason.NO_CAMPAIGN),
        CHANNEL,
        *counts("impressions", "clicks"),
        Column("spend", cells.MONEY),
        Column("conversions", cells.CONVERSIONS),
        Column("conversion_value", cells.MONEY),
        CURRENCY,
    ),
    ("date", "source", "account", "campaign_id"),
    _records,
    {
        "date": "2026-01-31", "source": "meta_ads", "account": "1234567890", "campaign_id": "238400", "campaign": "Spring sale",
        "channel": "paid_social", "impressions": "12000", "clicks": "340", "spend": "181.20", "conversions": "12.5",
        "conversion_value": "940.00", "currency": "EUR",
    },
    one_currency=True,
)  # fmt: skip
