"""The columns of every kind of file, and how a row becomes records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from campaigns.channels import BY_SOURCE
from campaigns.imports import cells
from campaigns.imports.cells import Context, Reader
from campaigns.records import AdConversion, AdDay, Lead, Order, Origin, Record

FILE_SOURCE = "file"
DEFAULT_ACCOUNT = "import"
# (source, account) of the connection a row belongs to.
Owner = tuple[str, str]
Values = dict[str, Any]


@dataclass(frozen=True)
class Column:
    name: str
    read: Reader
    required: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of file. `records` turns the values of one row into records; `key` names the columns that identify a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    records: Callable[[Values, Context], Iterator[Record]]
    # Says what is wrong with a row as a whole, as (column, reason).
    check: Callable[[Values], tuple[str, str] | None] | None = None

    def owner(self, values: Values) -> Owner:
        return values.get("source") or FILE_SOURCE, values.get("account") or DEFAULT_ACCOUNT


def _ads(values: Values, context: Context) -> Iterator[Record]:
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


def _leads(values: Values, context: Context) -> Iterator[Record]:
    yield Lead(
        lead_id=values["lead_id"],
        created_at=values["created_at"],
        day=values["created_at"].astimezone(context.zone).date(),
        origin=Origin(channel=values["channel"] or "", campaign=values["campaign"] or ""),
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


def _orders(values: Values, context: Context) -> Iterator[Record]:
    kind = values["kind"] or "order"
    yield Order(
        order_id=values["order_id"],
        ordered_at=values["ordered_at"],
        day=values["ordered_at"].astimezone(context.zone).date(),
        kind=kind,
        amount_nano=-values["amount"] if kind == "refund" else values["amount"],
        tax_nano=values["tax"],
        shipping_nano=values["shipping"],
        margin_nano=values["margin"],
        customer_id=values["customer_id"] or "",
        refund_of=values["refund_of"] or "",
        product=values["product"] or "",
        origin=Origin(channel=values["channel"] or "", campaign=values["campaign"] or ""),
    )


def _refund_needs_kind(values: Values) -> tuple[str, str] | None:
    if values["refund_of"] and values["kind"] != "refund":
        return "kind", "refund_of is given but kind is not refund"
    return None


_ALL = (
    Kind(
        "ads",
        (
            Column("date", cells.day, required=True),
            Column("source", cells.source, required=True),
            Column("account", cells.account, required=True),
            Column("campaign_id", cells.text),
            Column("campaign", cells.campaign, required=True),
            Column("channel", cells.channel),
            Column("impressions", cells.count),
            Column("clicks", cells.count),
            Column("spend", cells.money),
            Column("conversions", cells.conversions),
            Column("conversion_value", cells.money),
            Column("currency", cells.currency),
        ),
        ("date", "source", "account", "campaign_id"),
        _ads,
    ),
    Kind(
        "leads",
        (
            Column("lead_id", cells.text, required=True),
            Column("account", cells.account),
            Column("created_at", cells.instant, required=True),
            Column("channel", cells.channel),
            Column("campaign", cells.campaign),
            Column("landing_page", cells.url),
            Column("score", cells.score),
            Column("mql_at", cells.instant),
            Column("sql_at", cells.instant),
            Column("won_at", cells.instant),
            Column("lost_at", cells.instant),
            Column("customer_id", cells.text),
            Column("value", cells.money),
            Column("email", cells.email),
        ),
        ("lead_id",),
        _leads,
    ),
    Kind(
        "orders",
        (
            Column("order_id", cells.text, required=True),
            Column("account", cells.account),
            Column("customer_id", cells.text),
            Column("ordered_at", cells.instant, required=True),
            Column("amount", cells.money, required=True),
            Column("tax", cells.money),
            Column("shipping", cells.money),
            Column("kind", cells.order_kind),
            Column("refund_of", cells.text),
            Column("product", cells.text),
            Column("margin", cells.margin),
            Column("currency", cells.currency),
            Column("channel", cells.channel),
            Column("campaign", cells.campaign),
        ),
        ("order_id",),
        _orders,
        _refund_needs_kind,
    ),
)
KINDS = {kind.name: kind for kind in _ALL}
