"""Which days, and whose facts, changed since the figures were last rebuilt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from campaigns.models import DirtyDay, DirtyPerson
from campaigns.streams import execute
from campaigns.tables import TABLES, Table


def mark(family: str, days: Iterable[date]) -> set[str]:
    """Mark days as changed; the family, if there were any."""
    marks = [DirtyDay(family=family, day=day) for day in sorted(days)]
    DirtyDay.objects.bulk_create(marks, ignore_conflicts=True)
    return {family} if marks else set()


def mark_people(person_ids: Iterable[int]) -> None:
    """Mark people whose keys moved."""
    DirtyPerson.objects.bulk_create([DirtyPerson(person_id=person_id) for person_id in set(person_ids)], ignore_conflicts=True)


def is_marked() -> bool:
    """Whether anything waits for a rebuild."""
    return DirtyDay.objects.exists() or DirtyPerson.objects.exists()


def mark_family(family: str) -> set[str]:
    """Mark every day on which the family has facts."""
    return {moved for table in TABLES if table.family == family for moved in _mark_where(table, "TRUE", [])}


def mark_origins(origin_ids: list[int]) -> set[str]:
    """Mark every day of facts that came from these origins; the families that moved."""
    if not origin_ids:
        return set()
    tables = [table for table in TABLES if table.refers_to_origin]
    return {moved for table in tables for moved in _mark_where(table, "origin_id = ANY(%s)", [origin_ids])}


def mark_platform_campaign(platform_campaign_id: int) -> set[str]:
    """Mark every day on which a campaign of an ad platform has facts: conversions may be told of days without ads."""
    tables = [table for table in TABLES if table.family == "ads"]
    return {moved for table in tables for moved in _mark_where(table, "campaign_id = %s", [platform_campaign_id])}


def mark_currency(currencies: list[str]) -> set[str]:
    """Mark every day of facts in these currencies: their rates changed."""
    return _mark_money("= ANY(%s)", currencies)


def mark_foreign(currency: str) -> set[str]:
    """Mark every day of facts in any other currency."""
    return _mark_money("<> ALL(%s)", [currency])


def _mark_money(is_one: str, currencies: list[str]) -> set[str]:
    of_connection = f"connection_id IN (SELECT id FROM campaigns_connection WHERE currency {is_one})"
    moved = set()
    for table in TABLES:
        if "currency" in table.columns:
            condition = f"(currency <> '' AND currency {is_one}) OR (currency = '' AND {of_connection})"
            moved |= _mark_where(table, condition, [currencies, currencies])
        elif any(column.endswith("_nano") for column in table.columns):
            moved |= _mark_where(table, of_connection, [currencies])
    return moved


def _mark_where(table: Table, condition: str, parameters: list[object]) -> set[str]:
    """A fact counts on its own day or days, and on those of its moments: in no zone further from Greenwich than the days beside."""
    days = [f"generate_series(day, {table.until}, '1 day')::date" if table.until else "day"]
    days += [f"{column}::date + {beside}" for column in table.instants for beside in (-1, 0, 1)]
    counted = " UNION ALL ".join(f"SELECT {day}" for day in days)
    marked = execute(
        f"""WITH marked AS (
                SELECT DISTINCT on_day FROM {table.name} CROSS JOIN LATERAL ({counted}) AS counted (on_day)
                WHERE on_day IS NOT NULL AND ({condition})),
            kept AS (INSERT INTO campaigns_dirtyday (family, day) SELECT %s, on_day FROM marked ON CONFLICT DO NOTHING)
            SELECT count(*) FROM marked""",
        [*parameters, table.family],
    )
    return {table.family} if marked[0][0] else set()
