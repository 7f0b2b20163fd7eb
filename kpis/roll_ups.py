"""The roll-ups: which facts each one sums, and the statements that rebuild days of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db import models

from kpis import facts
from kpis.models import (
    AcquiredDayTotal,
    AcquiredRollup,
    AdDayTotal,
    AdRollup,
    CostDayTotal,
    CostRollup,
    EmailDayTotal,
    EmailRollup,
    LeadDayTotal,
    LeadRollup,
    OrderDayTotal,
    OrderRollup,
    PageDayTotal,
    SiteDayTotal,
    SiteRollup,
    SocialDayTotal,
)
from kpis.slices import Scope

# Days on which no rates are published, at most: a long week-end of holidays.
RATE_SERVES = 8
# Of how many parts a sum is unknown, or may still grow: always known themselves.
NOTED = ("unconverted", "unsettled")


def _per_euro(currency: str) -> str:
    """Units of a currency for one euro on the day of the row, by the last rates published; null where there are none."""
    return f"""CASE {currency} WHEN 'EUR' THEN 1 ELSE (
        SELECT per_euro FROM rates_exchangerate AS rate WHERE rate.currency = {currency}
        AND rate.day <= summed.day AND rate.day > summed.day - {RATE_SERVES} ORDER BY rate.day DESC LIMIT 1) END"""


# What is worth the same in the client's currency and in that of the row; null without a rate.
WORTH = f"""CROSS JOIN LATERAL (SELECT
    CASE WHEN summed.currency = %(currency)s THEN 1 ELSE {_per_euro("%(currency)s")} END AS ours,
    CASE WHEN summed.currency = %(currency)s THEN 1 ELSE {_per_euro("summed.currency")} END AS theirs) AS worth"""
NO_RATE = "(ours IS NULL OR theirs IS NULL)"
OURS = "summed.currency = %(currency)s"
# Columns that sum what is known of them: the rest has none.
KNOWN_ONLY = frozenset({"seed_sent", "seed_inbox"})


def converted(column: str) -> str:
    """Money of `summed` in the client's currency, by `WORTH`; null without a rate."""
    # Divided last, for a quotient of rates has too few digits; and nothing is nothing in any currency.
    return f"CASE WHEN {OURS} OR summed.{column} = 0 THEN summed.{column} ELSE summed.{column} * ours / theirs END"


def converted_sum(column: str) -> str:
    """A sum of `converted` money, one row for each currency, rounded once; null where a part is not reported or has no rate."""
    return f"CASE WHEN count({converted(column)}) = count(*) THEN round({_added(column, converted(column))}) END"


def _added(column: str, value: str) -> str:
    """A sum of one row for each currency. Mostly that is one row, which is taken as it is: it is sums of numerics that take time."""
    return f"coalesce(max(summed.{column}) FILTER (WHERE {OURS}), 0) + coalesce(sum({value}) FILTER (WHERE NOT {OURS}), 0)"


@dataclass(frozen=True)
class RollUp:
    """`name` is what measures call it, `facts` what it sums, `families` the facts whose changed days change it.

    `narrow` has campaigns, `totals` channels or, where nobody tells those, days alone.
    """

    name: str
    facts: str
    families: tuple[str, ...]
    totals: type[models.Model]
    narrow: type[models.Model] | None = None
    basis: str = ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        fields = (field.name for field in self.totals._meta.concrete_fields)
        return tuple(name for name in fields if name not in ("day", "channel", *NOTED))

    @cached_property
    def has_money(self) -> bool:
        return any(column.endswith("_nano") for column in self.columns)

    @cached_property
    def noted(self) -> tuple[str, ...]:
        """Of `NOTED`, what this one has."""
        names = {field.name for field in self.totals._meta.concrete_fields}
        return tuple(name for name in NOTED if name in names)

    @property
    def is_divisible(self) -> bool:
        """Whether it tells its measures by channel and campaign."""
        return self.narrow is not None

    @property
    def tables(self) -> list[str]:
        return [model._meta.db_table for model in (self.narrow, self.totals) if model]

    def table(self, scope: Scope) -> str:
        """The smaller of its tables that can be divided as asked."""
        model = self.narrow if self.narrow and scope.needs_campaigns else self.totals
        return model._meta.db_table

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """What rebuilds the asked days: the narrow table, and the totals from it."""
        if self.narrow is None:
            return (self._rewrite(self.totals, ("day",), self._summed(("day",))),)
        sums = [_sum(column) for column in self.columns] + [f"sum({column})" for column in self.noted]
        totals = f"SELECT day, channel, {', '.join(sums)} FROM {self.narrow._meta.db_table} WHERE day = ANY(%(days)s) GROUP BY 1, 2"
        keys = ("day", "channel", "campaign_id")
        return self._rewrite(self.narrow, keys, self._summed(keys)), self._rewrite(self.totals, keys[:2], totals)

    def _rewrite(self, model: type[models.Model], keys: tuple[str, ...], select: str) -> str:
        """Make the rows of the days those of a select; only differences are written, for most of a changed day stays as it is."""
        table, key, columns = model._meta.db_table, ", ".join(keys), (*self.columns, *self.noted)
        old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("old", "new"))
        # By the days too: to find rows by their places alone, the database would read the whole table.
        differs = "old.day = ANY(%(days)s) AND old.ctid = new.place"
        return f"""
            WITH new ({key}, {", ".join(columns)}) AS ({select}),
            differing AS MATERIALIZED (
                SELECT new.*, old.place FROM (SELECT ctid AS place, * FROM {table} WHERE day = ANY(%(days)s)) AS old
                FULL JOIN new ON {" AND ".join(f"old.{name} = new.{name}" for name in keys)}
                WHERE old.place IS NULL OR new.day IS NULL OR ({old}) IS DISTINCT FROM ({new})),
            gone AS (DELETE FROM {table} AS old USING differing AS new WHERE {differs} AND new.day IS NULL),
            moved AS (UPDATE {table} AS old SET {", ".join(f"{column} = new.{column}" for column in columns)}
                FROM differing AS new WHERE {differs} AND new.day IS NOT NULL)
            INSERT INTO {table} ({key}, {", ".join(columns)}) SELECT {key}, {new} FROM differing AS new WHERE place IS NULL"""

    def _summed(self, keys: tuple[str, ...]) -> str:
        """Facts summed by currency first, so that each sum is converted, and rounded, once."""
        grouped = ", ".join(f"fact.{key}" for key in keys)
        sums = {column: _sum(column, "fact.") for column in self.columns}
        if not self.has_money:
            return f"SELECT {grouped}, {', '.join(sums.values())} FROM ({self.facts}) AS fact GROUP BY {grouped}"
        if "unsettled" in self.noted:
            sums["unsettled"] = "sum(fact.unsettled)"
        inner = ", ".join(f"{value} AS {column}" for column, value in sums.items())
        outer = [converted_sum(column) if column.endswith("_nano") else _one_or_more(column) for column in self.columns]
        noted = {"unconverted": f"count(*) FILTER (WHERE {NO_RATE})", "unsettled": "sum(summed.unsettled)"}
        by = ", ".join(f"summed.{key}" for key in keys)
        return f"""
            WITH summed AS (SELECT {grouped}, fact.currency, {inner} FROM ({self.facts}) AS fact GROUP BY {grouped}, fact.currency)
            SELECT {by}, {", ".join((*outer, *(noted[name] for name in self.noted)))} FROM summed {WORTH} GROUP BY {by}"""


def _sum(column: str, of: str = "") -> str:
    """A sum of a column, which is null where a part is not reported, unless it sums what is known."""
    return f"sum({of}{column})" if column in KNOWN_ONLY else facts.whole(of + column)


def _one_or_more(column: str) -> str:
    """A sum of sums, as `_sum` makes it."""
    known = f"count(summed.{column}) > 0" if column in KNOWN_ONLY else f"count(summed.{column}) = count(*)"
    return f"CASE WHEN {known} THEN {_added(column, f'summed.{column}')} END"


ROLL_UPS = (
    RollUp("ads", facts.ADS, ("ads",), AdDayTotal, AdRollup, facts.ADS_BASIS),
    RollUp("costs", facts.COSTS, ("costs",), CostDayTotal, CostRollup),
    RollUp("leads", facts.LEADS, ("leads", "deals"), LeadDayTotal, LeadRollup),
    RollUp("orders", facts.ORDERS, ("orders", "deals"), OrderDayTotal, OrderRollup),
    RollUp("acquired", facts.ACQUIRED, ("acquired",), AcquiredDayTotal, AcquiredRollup),
    RollUp("site", facts.SITE, ("site",), SiteDayTotal, SiteRollup),
    RollUp("pages", facts.PAGES, ("pages",), PageDayTotal, basis=facts.PAGES_BASIS),
    RollUp("email", facts.EMAIL, ("email", "email_days"), EmailDayTotal, EmailRollup, facts.EMAIL_BASIS),
    RollUp("social", facts.SOCIAL, ("social",), SocialDayTotal),
)
BY_NAME = {roll_up.name: roll_up for roll_up in ROLL_UPS}
