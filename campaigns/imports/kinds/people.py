from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

import msgspec

from campaigns.imports import cells
from campaigns.imports.cells import Context
from campaigns.imports.kinds.base import ACCOUNT, CAMPAIGN, CHANNEL, SAID, SOURCE, Column, Kind, Values, Wrong, not_before, origin
from campaigns.imports.reasons import Reason
from campaigns.records import Customer, Lead, Record, Touch


def _leads(values: Values, context: Context) -> Iterator[Record]:
    yield Lead(
        lead_id=values["lead_id"],
        created_at=values["created_at"],
        day=context.day_of(values["created_at"]),
        origin=origin(values),
        landing_page=values["landing_page"] or "",
        score=values["score"],
        mql_at=values["mql_at"],
        sql_at=values["sql_at"],
        won_at=values["won_at"],
        lost_at=values["lost_at"],
        customer_id=values["customer_id"] or "",
        value_nano=values["value"],
        email_hash=values["email"] or "",
    )


def _customers(values: Values, context: Context) -> Iterator[Record]:
    # Somebody of whom no day is known is dated on the day they became known to us.
    known: datetime = values["acquired_at"] or values["cancelled_at"] or context.now
    yield Customer(
        customer_id=values["customer_id"],
        day=context.day_of(known),
        acquired_at=values["acquired_at"],
        cancelled_at=values["cancelled_at"],
        origin=origin(values),
        email_hash=values["email"] or "",
    )


def _touches(values: Values, context: Context) -> Iterator[Record]:
    yield Touch(
        touch_id=_touch_id(values),
        at=values["at"],
        day=context.day_of(values["at"]),
        lead_id=values["lead_id"] or "",
        customer_id=values["customer_id"] or "",
        origin=origin(values),
        kind=values["kind"] or "",
        asset=values["asset"] or "",
        converted_at=values["converted_at"],
        value_nano=values["value"],
    )


def _touch_id(values: Values) -> str:
    """The whole row, but for the account it belongs to, in whatever order and style its file has it."""
    said = {name: value for name, value in values.items() if value is not None and name not in {"source", "account"}}
    return sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def _somebody(values: Values) -> Wrong | None:
    if not values["lead_id"] and not values["customer_id"]:
        return "lead_id", Reason.NOBODY, {}
    return None


def _some_channel(values: Values) -> Wrong | None:
    """A platform's own word will do: the rules make it a channel."""
    if not any(values[said] for said in ("channel", "channel_group", "traffic_source", "traffic_medium", "source_medium")):
        return "channel", Reason.REQUIRED, {}
    return None


LEADS = Kind(
    "leads",
    "leads",
    (
        Column("lead_id", cells.TEXT, required=True),
        SOURCE,
        ACCOUNT,
        Column("created_at", cells.INSTANT, required=True),
        CHANNEL,
        CAMPAIGN,
        *SAID,
        Column("landing_page", cells.URL),
        Column("score", cells.SCORE),
        Column("mql_at", cells.INSTANT),
        Column("sql_at", cells.INSTANT),
        Column("won_at", cells.INSTANT),
        Column("lost_at", cells.INSTANT),
        Column("customer_id", cells.TEXT),
        Column("value", cells.MONEY),
        Column("email", cells.EMAIL),
    ),
    ("source", "account", "lead_id"),
    _leads,
    {
        "lead_id": "L-1001", "source": "", "account": "", "created_at": "2026-01-12T10:15:00+01:00", "channel": "paid_social",
        "campaign": "Spring sale", "landing_page": "/offers", "score": "40", "mql_at": "2026-01-15T08:00:00+01:00", "sql_at": "",
        "won_at": "", "lost_at": "", "customer_id": "", "value": "1200.00", "email": "ana@example.com",
    },
)  # fmt: skip
CUSTOMERS = Kind(
    "customers",
    "customers",
    (
        Column("customer_id", cells.TEXT, required=True),
        SOURCE,
        ACCOUNT,
        Column("acquired_at", cells.INSTANT),
        CHANNEL,
        CAMPAIGN,
        *SAID,
        Column("cancelled_at", cells.INSTANT),
        Column("email", cells.EMAIL, only_mapped=True),
    ),
    ("source", "account", "customer_id"),
    _customers,
    {
        "customer_id": "C-77", "source": "", "account": "", "acquired_at": "2026-01-20", "channel": "email", "campaign": "January news",
        "cancelled_at": "",
    },
    (not_before("cancelled_at", "acquired_at"),),
)  # fmt: skip
TOUCHPOINTS = Kind(
    "touchpoints",
    "touches",
    (
        Column("lead_id", cells.TEXT),
        Column("customer_id", cells.TEXT),
        SOURCE,
        ACCOUNT,
        Column("at", cells.INSTANT, required=True),
        CHANNEL,
        CAMPAIGN,
        *SAID,
        Column("kind", cells.TOUCH_KIND),
        Column("asset", cells.TEXT),
        Column("converted_at", cells.INSTANT),
        Column("value", cells.MONEY),
    ),
    (
        "lead_id", "customer_id", "source", "account", "at", "channel", "campaign", "kind", "asset", "converted_at", "value",
    ),
    _touches,
    {
        "lead_id": "L-1001", "customer_id": "", "source": "", "account": "", "at": "2026-01-14T18:02:00+01:00", "channel": "email",
        "campaign": "January news", "kind": "download", "asset": "White paper", "converted_at": "", "value": "",
    },
    (_somebody, _some_channel),
)  # fmt: skip
