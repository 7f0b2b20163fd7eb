from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from campaigns.imports import cells
from campaigns.imports.cells import Context
from campaigns.imports.kinds.base import ACCOUNT, CAMPAIGN, CHANNEL, CURRENCY, SAID, SOURCE, Column, Kind, Values, Wrong, not_before, origin
from campaigns.imports.reasons import Reason
from campaigns.records import Budget, Cost, Order, Record, SubscriptionSpan, Target


def _orders(values: Values, context: Context) -> Iterator[Record]:
    kind = values["kind"] or "order"
    # What is given back counts against what was sold, the tax and the shipping in it too.
    sign = -1 if kind == "refund" else 1
    yield Order(
        order_id=values["order_id"],
        ordered_at=values["ordered_at"],
        day=context.day_of(values["ordered_at"]),
        kind=kind,
        amount_nano=sign * values["amount"],
        tax_nano=_signed(sign, values["tax"]),
        shipping_nano=_signed(sign, values["shipping"]),
        margin_nano=values["margin"],
        currency=values["currency"] or "",
        customer_id=values["customer_id"] or "",
        email_hash=values["email"] or "",
        refund_of=values["refund_of"] or "",
        product=values["product"] or "",
        origin=origin(values),
    )


def _signed(sign: int, amount: int | None) -> int | None:
    return None if amount is None else sign * amount


def _subscriptions(values: Values, context: Context) -> Iterator[Record]:
    yield SubscriptionSpan(
        subscription_id=values["subscription_id"],
        customer_id=values["customer_id"],
        started_at=values["started_at"],
        day=context.day_of(values["started_at"]),
        ended_at=values["ended_at"],
        mrr_nano=values["mrr"],
        currency=values["currency"] or "",
    )


def _costs(values: Values, context: Context) -> Iterator[Record]:
    since = values["month"] or values["date"]
    yield Cost(
        name=values["name"],
        day=since,
        until=_last_day(since) if values["month"] else since,
        amount_nano=values["amount"],
        currency=values["currency"] or "",
        origin=origin(values),
    )


def _last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _budgets(values: Values, context: Context) -> Iterator[Record]:
    yield Budget(day=values["month"], amount_nano=values["amount"], currency=values["currency"] or "", origin=origin(values))


def _targets(values: Values, context: Context) -> Iterator[Record]:
    yield Target(
        day=values["month"], kpi=values["kpi"], value_nano=values["value"], currency=values["currency"] or "", origin=origin(values)
    )


def _refund_needs_kind(values: Values) -> Wrong | None:
    if values["refund_of"] and values["kind"] != "refund":
        return "kind", Reason.REFUND_WITHOUT_KIND, {}
    return None


def _month_or_day(values: Values) -> Wrong | None:
    if (values["month"] is None) == (values["date"] is None):
        return "month", Reason.MONTH_OR_DAY, {}
    return None


ORDERS = Kind(
    "orders",
    "orders",
    (
        Column("order_id", cells.TEXT, required=True),
        SOURCE,
        ACCOUNT,
        Column("customer_id", cells.TEXT),
        Column("ordered_at", cells.INSTANT, required=True),
        Column("amount", cells.MONEY, required=True),
        Column("tax", cells.MONEY),
        Column("shipping", cells.MONEY),
        Column("kind", cells.ORDER_KIND),
        Column("refund_of", cells.TEXT),
        Column("product", cells.TEXT),
        Column("margin", cells.SIGNED_MONEY),
        CURRENCY,
        CHANNEL,
        CAMPAIGN,
        *SAID,
        # Shop exports know who bought by the address alone.
        Column("email", cells.EMAIL, only_mapped=True),
    ),
    ("source", "account", "order_id"),
    _orders,
    {
        "order_id": "O-5001", "source": "", "account": "", "customer_id": "C-77", "ordered_at": "2026-01-20T16:40:00+01:00",
        "amount": "99.90", "tax": "19.98", "shipping": "4.90", "kind": "order", "refund_of": "", "product": "Lamp Lune",
        "margin": "41.00", "currency": "EUR", "channel": "email", "campaign": "January news",
    },
    (_refund_needs_kind,),
)  # fmt: skip
SUBSCRIPTIONS = Kind(
    "subscriptions",
    "subscriptions",
    (
        Column("subscription_id", cells.TEXT, required=True),
        SOURCE,
        ACCOUNT,
        Column("customer_id", cells.TEXT, required=True),
        Column("started_at", cells.INSTANT, required=True),
        Column("ended_at", cells.INSTANT),
        Column("mrr", cells.MONEY, required=True),
        CURRENCY,
    ),
    ("source", "account", "subscription_id", "started_at"),
    _subscriptions,
    {
        "subscription_id": "S-9", "source": "", "account": "", "customer_id": "C-77", "started_at": "2026-01-20", "ended_at": "",
        "mrr": "29.00", "currency": "EUR",
    },
    (not_before("ended_at", "started_at"),),
)  # fmt: skip
COSTS = Kind(
    "costs",
    "costs",
    (
        Column("month", cells.PAST_MONTH),
        Column("date", cells.DAY),
        ACCOUNT,
        Column("name", cells.TEXT, required=True),
        CHANNEL,
        CAMPAIGN,
        Column("amount", cells.MONEY, required=True),
        CURRENCY,
    ),
    ("account", "month", "date", "name"),
    _costs,
    {
        "month": "2026-01", "date": "", "account": "", "name": "Agency fee", "channel": "", "campaign": "", "amount": "1500.00",
        "currency": "EUR",
    },
    (_month_or_day,),
)  # fmt: skip
TARGETS = Kind(
    "targets",
    "targets",
    (
        Column("month", cells.MONTH, required=True),
        ACCOUNT,
        Column("kpi", cells.KPI, required=True),
        CHANNEL,
        CAMPAIGN,
        Column("value", cells.TARGET, required=True),
        CURRENCY,
    ),
    ("account", "month", "kpi", "channel", "campaign"),
    _targets,
    {
        "month": "2026-01", "account": "", "kpi": "leads", "channel": "", "campaign": "", "value": "120", "currency": "",
    },
)  # fmt: skip
BUDGETS = Kind(
    "budgets",
    "budgets",
    (
        Column("month", cells.MONTH, required=True),
        ACCOUNT,
        CHANNEL,
        CAMPAIGN,
        Column("amount", cells.MONEY, required=True),
        CURRENCY,
    ),
    ("account", "month", "channel", "campaign"),
    _budgets,
    {
        "month": "2026-01", "account": "", "channel": "paid_social", "campaign": "", "amount": "6000.00", "currency": "EUR",
    },
)  # fmt: skip
