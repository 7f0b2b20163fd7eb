"""Everything a client may choose about its figures: one entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kpis import rules
from kpis.checks import Wrong, fraction, gettext_noop, integer, patterns, word, words
from kpis.facts import SOURCE

_ = gettext_noop
ENGAGEMENTS = ("likes", "comments", "shares", "saves", "messages", "replies", "link_clicks")
RETENTION_MODES = ("automatic", "contractual", "activity", "overlap")
REPEATS = ("before_period", "non_first", "lifetime")
TAX_BASES = ("net", "gross")
WEEK_STARTS = ("monday", "sunday", "saturday")
MOST_DAYS = 3_650
MOST_MONTHS = 600
# The days for which the value in force is another than before.
MOVED = "unnest(%(sinces)s::date[], %(untils)s::date[]) AS moved (since, until) ON {day} BETWEEN moved.since AND moved.until"


@dataclass(frozen=True)
class Dirties:
    """Which days of `family` are summed otherwise after a choice: a query that gives `day`.

    Asked with the parameters of `kpis.facts`, but for `days`; with `sinces` and `untils`, the days for which the value moved;
    and, of patterns, `before` and `after`.
    """

    family: str
    days: str


@dataclass(frozen=True)
class Entry:
    """`read` turns what was said into the value as it is kept, by the name of the field, or raises `Wrong`.

    `is_dated`: it may be chosen from a day on. What `dirties` nothing is asked when figures are read.
    """

    name: str
    title: str
    help: str
    read: Callable[[str, object], Any]
    default: Any
    dirties: tuple[Dirties, ...] = ()
    is_dated: bool = False


def _joined(value: list[str]) -> str:
    return ", ".join(value)


def _or_none(read: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    return lambda field, said: None if said is None else read(field, said)


def _whole(least: int, most: int) -> Callable[[str, object], int]:
    return lambda field, said: integer(field, said, least, most)


def _one_of(*known: str) -> Callable[[str, object], str]:
    return lambda field, said: word(field, said, known)


_LEADS = Dirties(
    "leads",
    f"""SELECT fact.day FROM campaigns_lead AS fact {SOURCE} AND source.source = %(leads)s
        JOIN {MOVED.format(day="fact.day")}""",
)
_WON = "(fact.won_at AT TIME ZONE %(zone)s)::date"
# Orders whose margin nobody tells, and the deals that count in their place.
_MARGIN = Dirties(
    "orders",
    f"""SELECT fact.day FROM campaigns_order AS fact {SOURCE} AND source.source = %(revenue)s
        JOIN {MOVED.format(day="fact.day")} WHERE fact.margin_nano IS NULL
        UNION ALL
        SELECT {_WON} FROM campaigns_deal AS fact {SOURCE} AND source.source = %(revenue)s JOIN {MOVED.format(day=_WON)}""",
)
_TAXED = Dirties(
    "orders",
    f"""SELECT fact.day FROM campaigns_order AS fact {SOURCE} AND source.source = %(revenue)s
        WHERE fact.tax_nano IS DISTINCT FROM 0""",
)
_COSTS = Dirties(
    "costs",
    """SELECT generate_series(fact.day, fact.until, '1 day')::date AS day FROM campaigns_cost AS fact
        WHERE fact.name ILIKE ANY(%(before)s::text[]) <> fact.name ILIKE ANY(%(after)s::text[])""",
)
_SOCIAL = Dirties("social", "SELECT fact.day FROM campaigns_socialday AS fact")

_ALL = (
    Entry(
        "mql_rule", _("Rule for marketing-qualified leads"),
        'When a lead is marketing-qualified: {"kind": "reported"}, {"kind": "score", "at_least": 50} or {"kind": "events", "all": '
        '[{"kind": "visit", "times": 10}, {"kind": "download", "asset": "white paper*", "times": 1}]}.',
        rules.read, {"kind": rules.REPORTED}, (_LEADS,), is_dated=True,
    ),
    Entry(
        "sql_rule", _("Rule for sales-qualified leads"), "When a lead is sales-qualified: as `mql_rule`.",
        rules.read, {"kind": rules.REPORTED}, (_LEADS,), is_dated=True,
    ),
    Entry(
        "margin", _("Margin"), "The share of revenue that is left after the goods, from 0 to 1, where orders do not tell theirs; or null.",
        _or_none(fraction), None, (_MARGIN,), is_dated=True,
    ),
    Entry(
        "tax_basis", _("Tax in revenue"), "`net`: revenue without tax; `gross`: with it.", _one_of(*TAX_BASES), "net", (_TAXED,),
    ),
    Entry(
        "sales_costs", _("Costs of sales"), "Names of costs that are of sales and not of marketing; * stands for any characters.",
        patterns, [], (_COSTS,),
    ),
    Entry(
        "ignored_costs", _("Costs that do not count"), "Names of costs that are in no figure; * stands for any characters.",
        patterns, [], (_COSTS,),
    ),
    Entry(
        "engagement_parts", _("What counts as an engagement"), f"Some of {_joined(list(ENGAGEMENTS))}.",
        lambda field, said: words(field, said, ENGAGEMENTS), ["likes", "comments", "shares"], (_SOCIAL,),
    ),
    Entry(
        "activity_window", _("Days without an order after which a customer is lost"),
        "Whoever ordered in so many days is a customer, where there are no subscriptions.", _whole(1, MOST_DAYS), 90,
    ),
    Entry(
        "retention_mode", _("How retention is counted"),
        "`contractual`: by subscriptions; `activity`: by orders within `activity_window`; `overlap`: by orders in both periods; "
        "`automatic`: by subscriptions where there are any, else by activity.", _one_of(*RETENTION_MODES), "automatic",
    ),
    Entry(
        "repeat_revenue", _("What counts as revenue of recurring customers"),
        "`before_period`: of customers whose first order is before the period; `non_first`: of all orders but the first; `lifetime`: of "
        "customers with two orders or more, whenever.", _one_of(*REPEATS), "before_period",
    ),
    Entry(
        "lifetime_months", _("Months that a customer stays"), "For the customer lifetime value; null: as the churn rate says.",
        _or_none(_whole(1, MOST_MONTHS)), None,
    ),
    Entry("week_start", _("First day of the week"), f"One of {_joined(list(WEEK_STARTS))}.", _one_of(*WEEK_STARTS), "monday"),
    Entry(
        "fiscal_start", _("First month of the fiscal year"), "From 1 to 12; the year begins on its first day.", _whole(1, 12), 1,
    ),
)  # fmt: skip
ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _ALL}


def entry_of(name: str) -> Entry:
    """Raises `Wrong`."""
    if name not in ENTRIES:
        raise Wrong(name, _("is not known here; there are %(known)s"), known=_joined(list(ENTRIES)))
    return ENTRIES[name]
