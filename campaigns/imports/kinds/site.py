from __future__ import annotations

from collections.abc import Iterator

from campaigns.imports import cells
from campaigns.imports.cells import Context
from campaigns.imports.kinds.base import ACCOUNT, CAMPAIGN, CHANNEL, REQUIRED_SOURCE, SAID, Column, Kind, Values, at_most, counts, origin
from campaigns.records import LandingDay, PageDay, Record

GA4 = "ga4"


def _landings(values: Values, context: Context) -> Iterator[Record]:
    yield LandingDay(
        day=values["date"],
        page=values["landing_page"] or "",
        origin=origin(values),
        sessions=values["sessions"],
        engaged_sessions=values["engaged_sessions"],
        bounces=values["bounces"],
        pageviews=values["pageviews"],
        session_seconds=values["session_seconds"],
        engagement_seconds=values["engagement_seconds"],
        conversions_millionths=values["conversions"],
        revenue_nano=values["revenue"],
        users=values["users"],
    )


def _pages(values: Values, context: Context) -> Iterator[Record]:
    yield PageDay(
        day=values["date"],
        page=values["page"],
        views=values["views"],
        exits=values["exits"],
        seconds=values["seconds"],
        # GA4 counts seconds of attention, everybody else the time until the next page.
        basis=GA4 if values["source"] == GA4 else "classic",
    )


WEB = Kind(
    "web",
    "site",
    (
        Column("date", cells.DAY, required=True),
        REQUIRED_SOURCE,
        ACCOUNT,
        Column("landing_page", cells.URL),
        CHANNEL,
        CAMPAIGN,
        *SAID,
        Column("sessions", cells.COUNT, required=True),
        *counts("bounces", "engaged_sessions", "pageviews", "session_seconds", "engagement_seconds"),
        Column("conversions", cells.CONVERSIONS),
        Column("revenue", cells.MONEY),
        Column("users", cells.DISTINCT),
    ),
    ("date", "source", "account", "landing_page", "channel", "campaign"),
    _landings,
    {
        "date": "2026-01-31", "source": "ga4", "account": "properties/1234", "landing_page": "/offers", "channel": "organic_search",
        "campaign": "", "sessions": "410", "bounces": "", "engaged_sessions": "265", "pageviews": "1190", "session_seconds": "",
        "engagement_seconds": "21400", "conversions": "7", "revenue": "512.40", "users": "371",
    },
    (at_most("bounces", "sessions"),),
)  # fmt: skip
PAGES = Kind(
    "pages",
    "pages",
    (
        Column("date", cells.DAY, required=True),
        REQUIRED_SOURCE,
        ACCOUNT,
        Column("page", cells.URL, required=True),
        Column("views", cells.COUNT, required=True),
        *counts("exits", "seconds"),
    ),
    ("date", "source", "account", "page"),
    _pages,
    {
        "date": "2026-01-31", "source": "ga4", "account": "properties/1234", "page": "/offers", "views": "1190", "exits": "240",
        "seconds": "21400",
    },
    (at_most("exits", "views"),),
)  # fmt: skip
