from __future__ import annotations

from collections.abc import Iterator

from campaigns.imports import cells
from campaigns.imports.cells import Context
from campaigns.imports.kinds.base import ACCOUNT, REQUIRED_SOURCE, Column, Kind, Values, counts
from campaigns.records import AudienceDay, Record, SocialDay

COUNTS = (
    "impressions", "reach", "likes", "comments", "shares", "saves", "messages", "replies", "link_clicks", "video_views", "video_seconds",
)  # fmt: skip


def _posts(values: Values, context: Context) -> Iterator[Record]:
    yield SocialDay(
        day=values["date"],
        post_id=values["post_id"] or "",
        title=values["title"] or "",
        url=values["url"] or "",
        **{name: values[name] for name in COUNTS},
    )


def _audience(values: Values, context: Context) -> Iterator[Record]:
    yield AudienceDay(
        day=values["date"], list_name=values["list"], subscribers=values["subscribers"], joined=values["joined"], left=values["left"]
    )


SOCIAL = Kind(
    "social",
    "social",
    (
        Column("date", cells.DAY, required=True),
        REQUIRED_SOURCE,
        ACCOUNT,
        Column("post_id", cells.TEXT),
        Column("title", cells.TITLE),
        Column("url", cells.WEB_ADDRESS),
        *(Column(name, cells.DISTINCT if name == "reach" else cells.COUNT) for name in COUNTS),
    ),
    ("date", "source", "account", "post_id"),
    _posts,
    {
        "date": "2026-01-31", "source": "instagram", "account": "maison.lumen", "post_id": "17900",
        "title": "Our lamps for autumn", "url": "https://www.instagram.com/p/17900/", "impressions": "5400", "reach": "4100",
        "likes": "312", "comments": "18", "shares": "25", "saves": "40", "messages": "", "replies": "", "link_clicks": "61",
        "video_views": "900", "video_seconds": "7200",
    },
)  # fmt: skip
AUDIENCE = Kind(
    "audience",
    "audience",
    (
        Column("date", cells.DAY, required=True),
        REQUIRED_SOURCE,
        ACCOUNT,
        Column("list", cells.TEXT, required=True),
        Column("subscribers", cells.DISTINCT, required=True),
        *counts("joined", "left"),
    ),
    ("date", "source", "account", "list"),
    _audience,
    {
        "date": "2026-01-31", "source": "mailchimp", "account": "newsletter", "list": "Customers", "subscribers": "5210", "joined": "31",
        "left": "9",
    },
)  # fmt: skip
