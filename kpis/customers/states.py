"""The tables of customers follow the facts of the people whose facts or keys changed, and of nobody else.

A customer's rows are a function of all that is told of one person, so that what was mended is what one would make anew.
Of people whose first order is before all days on which sales changed, only these days are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models

from kpis.customers import cohort_sums
from kpis.facts import CURRENCY, SALES_OF_PEOPLE, SOURCE, SPACE, whole
from kpis.models import CohortMonth, CustomerDay, CustomerSpan, CustomerState
from kpis.roll_ups import NO_RATE, WORTH, converted, converted_sum

# By family: what names a person in its facts, as (table, kind of key, column).
NAMES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "orders": (("campaigns_order", "customer", "customer_ref"), ("campaigns_order", "email", "email_hash")),
    "deals": (("campaigns_deal", "lead", "lead_ref"),),
    "subscriptions": (("campaigns_subscriptionspan", "customer", "customer_ref"),),
    "customers": (("campaigns_customer", "customer", "external_id"),),
    "touches": (("campaigns_touch", "lead", "lead_ref"), ("campaigns_touch", "customer", "customer_ref")),
    "leads": (("campaigns_lead", "lead", "external_id"),),
}
# What makes nobody a customer, but tells where who is one came from.
CREDITS = ("touches", "leads")
# By family: whose rows follow from facts of these days, as they were found last.
_ON_DAYS = "{} = ANY(%(days_of_{{}})s)"
_TOLD_ON_DAYS = "EXISTS (SELECT 1 FROM unnest(%(days_of_{})s::date[]) AS day WHERE day BETWEEN told_since AND told_until)"
KNOWN = {
    "orders": ("kpis_customerday", _ON_DAYS.format("day")),
    "deals": ("kpis_customerday", _ON_DAYS.format("day")),
    "subscriptions": ("kpis_customerspan", _ON_DAYS.format("since")),
    "customers": ("kpis_customerstate", _TOLD_ON_DAYS),
    "touches": ("kpis_customerstate", "basis = 'touch' AND " + _ON_DAYS.format("basis_day")),
    "leads": ("kpis_customerstate", "basis = 'lead' AND " + _ON_DAYS.format("basis_day")),
}  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """What follows for others: days of new customers to sum again; people whose keys moved, who became customers or no longer are."""

    days: set[date]
    people: set[int]


def refresh(changed: dict[str, set[date]], asked: dict[str, Any]) -> Moved:
    """Bring up to date the customers of changed days and those who are marked; the marks are taken."""
    families = sorted(NAMES.keys() & changed.keys())
    who = ["SELECT unnest(%(marked)s::bigint[]) AS person_id", *_affected_by(families)]
    asked = {**asked, **{f"days_of_{family}": sorted(changed[family]) for family in families}}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM campaigns_dirtyperson RETURNING person_id")
        marked = {person for (person,) in cursor.fetchall()}
        days = sorted(changed.get("orders", set()) | changed.get("deals", set()))
        moved = _bring_up_to_date(cursor, " UNION ".join(who), asked, days, marked)
        return Moved(moved.days, moved.people | marked)


def rebuild(asked: dict[str, Any]) -> None:
    """All customers from the facts alone."""
    with connection.cursor() as cursor:
        for model in (CustomerState, CustomerDay, CustomerSpan, CohortMonth):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        _bring_up_to_date(cursor, "SELECT DISTINCT person_id FROM campaigns_personkey", asked, [], set())


def _affected_by(families: Sequence[str]) -> Iterator[str]:
    """Of whom the facts of the days are now, and whose they were."""
    told = " UNION ALL ".join(_told(family, *name) for family in families for name in NAMES[family])
    if told:
        # One by one, by their index: read through, the keys are those of all people there ever were.
        yield f"""SELECT named.person_id FROM (
                SELECT kind, space, value, bool_or(makes) AS makes FROM ({told}) AS told GROUP BY kind, space, value) AS told
            CROSS JOIN LATERAL (
                SELECT key.person_id FROM campaigns_personkey AS key
                WHERE key.kind = told.kind AND key.space = told.space AND key.value = told.value OFFSET 0) AS named
            WHERE told.makes OR EXISTS (SELECT FROM kpis_customerstate AS state WHERE state.person_id = named.person_id)"""
    for family in families:
        table, condition = KNOWN[family]
        yield f"SELECT person_id FROM {table} WHERE {condition.format(family)}"


def _told(family: str, table: str, kind: str, column: str) -> str:
    """The keys by which the facts of the days name people, and whether these may become customers by them."""
    space = "0" if kind == "email" else SPACE
    return f"""SELECT '{kind}' AS kind, {space} AS space, fact.{column} AS value, {family not in CREDITS} AS makes
        FROM {table} AS fact {SOURCE} WHERE fact.day = ANY(%(days_of_{family})s)"""


def _bring_up_to_date(cursor: Any, who: str, asked: dict[str, Any], sale_days: list[date], marked: set[int]) -> Moved:
    asked = {
        **asked,
        "sale_days": sale_days,
        "first_sale_day": min(sale_days, default=None),
        "sale_months": sorted({day.replace(day=1) for day in sale_days}),
        "marked": list(marked),
    }
    cursor.execute("DROP TABLE IF EXISTS pg_temp.affected")
    cursor.execute(_FIND_AFFECTED.format(who), asked)
    if not cursor.rowcount:
        return Moved(set(), set())
    cursor.execute("ANALYZE affected")
    for name, query in FOUND.items():
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {query}", asked)
        if name in COUNTED:
            cursor.execute(f"ANALYZE {name}")
    cursor.execute(_MOVED)
    rows = cursor.fetchall()
    if not _leave_alone_who_is_as_before(cursor, asked):
        return Moved(set(), set())
    cohort_sums.take_out(cursor, asked)
    for found in _FOUND_ROWS:
        _replace(cursor, found, asked)
    cursor.execute(_FIND_NEXT, asked)
    cohort_sums.put_in(cursor, asked)
    return Moved({day for _, was, now in rows for day in (was, now) if day}, {who for who, was, now in rows if not (was and now)})


@dataclass(frozen=True)
class _Found:
    """What is found of a table's rows: those of affected people, where `condition` holds of `old`."""

    model: type[models.Model]
    name: str
    condition: str = "TRUE"

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> list[str]:
        return [field.name for field in self.model._meta.concrete_fields if field.column]

    @property
    def same_key(self) -> str:
        # By equality: only that finds rows without comparing each with each.
        return " AND ".join(f"old.{field.name} = new.{field.name}" for field in self.model._meta.pk_fields)

    @property
    def is_other(self) -> str:
        """Whether they differ, or there is but one of the two; the day of the next order follows from the rest."""
        old, new = (", ".join(f"{side}.{column}" for column in self.columns if column != "next_order_day") for side in ("old", "new"))
        return f"({old}) IS DISTINCT FROM ({new})"


def _leave_alone_who_is_as_before(cursor: Any, asked: dict[str, Any]) -> bool:
    """Of all whose facts are of changed days few have changed themselves: the others' rows and sums stand. False if nobody has."""
    differing = " UNION ".join(
        f"""SELECT coalesce(old.person_id, new.person_id) AS person_id
            FROM (SELECT old.* FROM {found.table} AS old JOIN affected USING (person_id) WHERE {found.condition}) AS old
            FULL JOIN {found.name} AS new ON {found.same_key} AND old.person_id = new.person_id WHERE {found.is_other}"""
        for found in _FOUND_ROWS
    )
    cursor.execute(f"CREATE TEMPORARY TABLE differing ON COMMIT DROP AS {differing}", asked)
    cursor.execute("DELETE FROM affected WHERE person_id NOT IN (SELECT person_id FROM differing)")
    cursor.execute("DROP TABLE differing")
    cursor.execute("ANALYZE affected")
    cursor.execute("SELECT EXISTS (SELECT FROM affected)")
    return bool(cursor.fetchone()[0])


def _replace(cursor: Any, found: _Found, asked: dict[str, Any]) -> None:
    """Make the rows of affected people those that were found; only differences are written."""
    cursor.execute(
        f"""DELETE FROM {found.table} AS old USING affected WHERE old.person_id = affected.person_id AND {found.condition}
            AND NOT EXISTS (SELECT 1 FROM {found.name} AS new WHERE {found.same_key} AND NOT {found.is_other})""",
        asked,
    )
    columns = ", ".join(found.columns)
    cursor.execute(
        f"""INSERT INTO {found.table} ({columns}) SELECT {columns} FROM {found.name} AS new JOIN affected USING (person_id)
            ON CONFLICT DO NOTHING"""
    )


_ON_SALE_DAYS = "{}.day = ANY(%(sale_days)s::date[])"
_FOUND_ROWS = (
    _Found(CustomerDay, "new_day", f"(affected.is_whole OR {_ON_SALE_DAYS.format('old')})"),
    _Found(CustomerSpan, "new_span"),
    _Found(CustomerState, "new_state"),
)
# Of those whose first order may be another than before, all is read again.
_FIND_AFFECTED = """
    CREATE TEMPORARY TABLE affected ON COMMIT DROP AS
    SELECT who.person_id, who.person_id = ANY(%(marked)s::bigint[]) OR state.person_id IS NULL AS is_whole
    FROM ({}) AS who LEFT JOIN LATERAL (
        SELECT person_id FROM kpis_customerstate AS known WHERE known.person_id = who.person_id
        AND known.first_order_day < coalesce(%(first_sale_day)s::date, 'infinity') OFFSET 0) AS state ON TRUE
"""
# As it is found of the days that are read, it may be another day's, and that of the last order before them is not read.
_FIND_NEXT = """
    UPDATE kpis_customerday AS day SET next_order_day = found.next_order_day FROM (
        SELECT person_id, day, min(CASE WHEN orders > 0 THEN day END) OVER (
            PARTITION BY person_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_order_day
        FROM (SELECT person_id, CASE WHEN is_whole THEN '-infinity' ELSE (
                SELECT max(before.day) FROM kpis_customerday AS before WHERE before.person_id = affected.person_id
                AND before.day < %(first_sale_day)s::date AND before.orders > 0) END AS since
            FROM affected) AS who
        JOIN kpis_customerday AS bought USING (person_id) WHERE bought.day >= who.since) AS found
    WHERE day.person_id = found.person_id AND day.day = found.day AND day.next_order_day IS DISTINCT FROM found.next_order_day
"""
# Where nothing at all was said, whatever is known besides is believed.
_SAID = """concat(origin.stated, origin."group", origin.source, origin.medium, origin.campaign_name, origin.campaign_ref) <> ''"""


def _of(table: str, kind: str, column: str) -> str:
    return f"""FROM named JOIN {table} AS fact ON named.kind = '{kind}' AND named.connection_id = fact.connection_id
        AND named.value = fact.{column} {SOURCE}"""


def _touches(kind: str, column: str) -> str:
    return f"""SELECT named.person_id, fact.at, fact.day, fact.origin_id, source.id AS connection_id, fact.external_id
        {_of("campaigns_touch", kind, column)} JOIN beginning ON beginning.person_id = named.person_id AND fact.at <= beginning.at"""


# Of the others their size tells enough, and counting takes as long as finding.
COUNTED = ("named",)
# What is found of the affected people, table by table, each from those before it.
FOUND = {
    # What each connection calls them; an address is the same everywhere.
    "named": f"""
        SELECT affected.person_id, affected.is_whole, key.kind, source.id AS connection_id, key.value,
            state.first_order_connection, state.first_order_ref
        FROM affected LEFT JOIN kpis_customerstate AS state USING (person_id)
        JOIN campaigns_personkey AS key ON key.person_id = affected.person_id
        LEFT JOIN campaigns_connection AS source ON key.kind <> 'email' AND {SPACE} = key.space""",
    "sale": SALES_OF_PEOPLE,
    # Of orders of one moment the one with the shorter id, as numbers grow, and then the one that sorts first.
    "first_sale": """
        SELECT DISTINCT ON (person_id) person_id, connection_id, ref, at, day, origin_id FROM sale WHERE orders = 1
        ORDER BY person_id, at, connection_id, length(ref), ref""",
    "new_span": f"""
        SELECT span.connection_id, span.external_id, span.started_at, span.person_id, span.day AS since, span.until,
            round({converted("mrr_nano")}) AS mrr_nano
        FROM (SELECT fact.connection_id, fact.external_id, fact.started_at, named.person_id, fact.day,
                (fact.ended_at AT TIME ZONE %(zone)s)::date AS until, fact.mrr_nano, {CURRENCY}
            {_of("campaigns_subscriptionspan", "customer", "customer_ref")}) AS span
        CROSS JOIN LATERAL (SELECT span.day, span.currency, span.mrr_nano) AS summed (day, currency, mrr_nano) {WORTH}""",
    "told": f"""
        SELECT named.person_id, min(fact.acquired_at) AS acquired_at, min(fact.day) AS since, max(fact.day) AS until,
            CASE WHEN count(fact.cancelled_at) = count(*) THEN max(fact.cancelled_at) END AS cancelled_at
        {_of("campaigns_customer", "customer", "external_id")} AND source.source = %(customers)s GROUP BY named.person_id""",
    # The moment at which each became a customer: the first order, deal or subscription; else what is told.
    "beginning": """
        SELECT person_id, coalesce(least(first_sale.at, subscribed.at), told.acquired_at) AS at,
            least(first_sale.day, subscribed.day, (told.acquired_at AT TIME ZONE %(zone)s)::date) AS day
        FROM first_sale
        FULL JOIN (SELECT person_id, min(started_at) AS at, min(since) AS day FROM new_span GROUP BY 1) AS subscribed USING (person_id)
        FULL JOIN (SELECT * FROM told WHERE acquired_at IS NOT NULL) AS told USING (person_id)""",
    # What could tell from where they came, the first source that says anything being believed.
    "credit": f"""
        SELECT DISTINCT ON (person_id) said.person_id, said.basis, said.day, origin.channel, coalesce(origin.campaign_id, 0) AS campaign_id
        FROM (
            SELECT person_id, 1 AS rank, 'touch' AS basis, day, origin_id, at, connection_id, external_id
            FROM ({_touches("lead", "lead_ref")} UNION ALL {_touches("customer", "customer_ref")}) AS touch
            UNION ALL
            SELECT named.person_id, 2, 'lead', fact.day, fact.origin_id, fact.created_at, source.id, fact.external_id
            {_of("campaigns_lead", "lead", "external_id")} AND source.source = %(leads)s
            UNION ALL
            SELECT named.person_id, 3, 'customer', NULL, fact.origin_id, fact.acquired_at, source.id, fact.external_id
            {_of("campaigns_customer", "customer", "external_id")} AND source.source = %(customers)s
            UNION ALL
            SELECT person_id, 4, 'order', NULL, origin_id, at, connection_id, ref FROM first_sale) AS said
        JOIN campaigns_origin AS origin ON origin.id = said.origin_id AND {_SAID}
        ORDER BY person_id, said.rank, said.at, said.connection_id, length(said.external_id), said.external_id""",
    "new_day": f"""
        WITH summed AS (
            SELECT sale.person_id, sale.day, sale.currency, sum(sale.orders) AS orders,
                {whole("sale.revenue_nano")} AS revenue_nano,
                CASE WHEN count(sale.revenue_nano) = count(*) THEN coalesce(sum(sale.revenue_nano) FILTER (
                    WHERE (sale.connection_id = first_sale.connection_id AND first_sale.ref IN (sale.ref, sale.refund_of)) IS NOT TRUE), 0)
                END AS later_nano,
                {whole("sale.margin_nano")} AS margin_nano
            FROM sale JOIN beginning USING (person_id) JOIN affected USING (person_id) LEFT JOIN first_sale USING (person_id)
            WHERE affected.is_whole OR {_ON_SALE_DAYS.format("sale")} GROUP BY 1, 2, 3)
        SELECT summed.person_id, summed.day, sum(summed.orders)::int AS orders,
            min(CASE WHEN sum(summed.orders) > 0 THEN summed.day END) OVER (PARTITION BY summed.person_id ORDER BY summed.day
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_order_day,
            {converted_sum("revenue_nano")} AS revenue_nano, {converted_sum("later_nano")} AS later_nano,
            {converted_sum("margin_nano")} AS margin_nano,
            (count(*) FILTER (WHERE {NO_RATE}))::int AS unconverted
        FROM summed {WORTH} GROUP BY 1, 2""",
    "new_state": f"""
        SELECT person_id, beginning.day AS acquired_day, coalesce(credit.channel, 'unknown') AS channel,
            coalesce(credit.campaign_id, 0) AS campaign_id, coalesce(credit.basis, 'nothing')::varchar(10) AS basis,
            credit.day AS basis_day, first_sale.day AS first_order_day, first_sale.connection_id AS first_order_connection,
            first_sale.ref AS first_order_ref, coalesce(bought.orders, 0)::int AS orders,
            (told.cancelled_at AT TIME ZONE %(zone)s)::date AS cancelled_day, told.since AS told_since, told.until AS told_until
        FROM beginning LEFT JOIN credit USING (person_id) LEFT JOIN first_sale USING (person_id) LEFT JOIN told USING (person_id)
        LEFT JOIN (
            SELECT person_id, sum(orders) AS orders FROM (
                SELECT person_id, orders FROM new_day
                UNION ALL
                SELECT person_id, old.orders FROM affected JOIN kpis_customerday AS old USING (person_id)
                WHERE NOT affected.is_whole AND NOT {_ON_SALE_DAYS.format("old")}) AS counted
            GROUP BY 1) AS bought USING (person_id)""",
}
# Whose acquisition is another than before: the person, the day it was, and the day it is.
_MOVED = """
    SELECT person_id, old.acquired_day, new.acquired_day
    FROM (SELECT old.* FROM kpis_customerstate AS old JOIN affected USING (person_id)) AS old FULL JOIN new_state AS new USING (person_id)
    WHERE (old.acquired_day, old.channel, old.campaign_id) IS DISTINCT FROM (new.acquired_day, new.channel, new.campaign_id)
"""
