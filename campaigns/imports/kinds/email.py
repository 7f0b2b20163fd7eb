from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from campaigns.imports import cells
from campaigns.imports.cells import LONGEST_TEXT, Context
from campaigns.imports.kinds.base import ACCOUNT, REQUIRED_SOURCE, Column, Kind, Values, Wrong, at_most, counts
from campaigns.imports.reasons import Reason
from campaigns.records import EmailSend, Origin, Record


def _records(values: Values, context: Context) -> Iterator[Record]:
    yield EmailSend(
        send_id=values["campaign_id"] or _send_id(values["campaign"], values["sent_at"]),
        day=context.day_of(values["sent_at"]),
        sent_at=values["sent_at"],
        observed_at=context.now,
        campaign=values["campaign"],
        origin=Origin(channel="email", campaign=values["campaign"]),
        sent=values["sent"],
        hard_bounces=values["hard_bounces"],
        soft_bounces=values["soft_bounces"],
        opens=values["opens"],
        unique_opens=values["unique_opens"],
        clicks=values["clicks"],
        unique_clicks=values["unique_clicks"],
        unsubscribes=values["unsubscribes"],
        spam_complaints=values["spam_complaints"],
        seed_sent=values["seed_sent"],
        seed_inbox=values["seed_inbox"],
    )


def _send_id(campaign: str, sent_at: datetime) -> str:
    told = f"{campaign} {sent_at.isoformat()}"
    return told if len(told) <= LONGEST_TEXT else sha256(told.encode()).hexdigest()


def _bounces(values: Values) -> Wrong | None:
    if (values["hard_bounces"] or 0) + (values["soft_bounces"] or 0) > values["sent"]:
        return "hard_bounces" if values["hard_bounces"] else "soft_bounces", Reason.BOUNCES, {}
    return None


EMAIL = Kind(
    "email",
    "email",
    (
        Column("sent_at", cells.INSTANT, required=True),
        REQUIRED_SOURCE,
        ACCOUNT,
        Column("campaign_id", cells.TEXT),
        Column("campaign", cells.CAMPAIGN, required=True),
        Column("sent", cells.COUNT, required=True),
        *counts(
            "hard_bounces", "soft_bounces", "opens", "unique_opens", "clicks", "unique_clicks", "unsubscribes", "spam_complaints",
            "seed_sent", "seed_inbox",
        ),
    ),
    ("source", "account", "campaign_id"),
    _records,
    {
        "sent_at": "2026-01-31T09:00:00+01:00", "source": "mailchimp", "account": "newsletter", "campaign_id": "c7e1a9",
        "campaign": "January news", "sent": "5200", "hard_bounces": "12", "soft_bounces": "31", "opens": "2710",
        "unique_opens": "1804", "clicks": "402", "unique_clicks": "287", "unsubscribes": "9", "spam_complaints": "1",
        "seed_sent": "50", "seed_inbox": "46",
    },
    (_bounces, at_most("unique_opens", "opens"), at_most("unique_clicks", "clicks"), at_most("seed_inbox", "seed_sent")),
)  # fmt: skip
