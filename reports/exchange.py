"""What money of one currency is worth in another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from fractions import Fraction

from django.db import connection

from kpis.roll_ups import RATE_SERVES

Day = tuple[str, date]
EURO = "EUR"
_NEWEST = f"""SELECT asked.currency, asked.day, (
        SELECT per_euro FROM rates_exchangerate AS rate WHERE rate.currency = asked.currency
        AND rate.day <= asked.day AND rate.day > asked.day - {RATE_SERVES} ORDER BY rate.day DESC LIMIT 1)
    FROM unnest(%s::text[], %s::date[]) AS asked (currency, day)"""


def rates_into(target: str, days: Collection[Day]) -> dict[Day, Fraction | None]:
    """What one unit of a currency was worth in `target` on a day, by the last rates published by then; None where there are none."""
    foreign = {(currency, day) for currency, day in days if currency != target}
    asked = sorted(foreign | {(target, day) for _, day in foreign})
    per_euro: dict[Day, Fraction | None] = {}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, [[currency for currency, _ in asked], [day for _, day in asked]])
            per_euro = {(currency, day): None if rate is None else Fraction(rate) for currency, day, rate in cursor.fetchall()}
    return {(currency, day): Fraction(1) if currency == target else _cross(per_euro, currency, target, day) for currency, day in days}


def _cross(per_euro: dict[Day, Fraction | None], currency: str, target: str, day: date) -> Fraction | None:
    theirs, ours = (Fraction(1) if one == EURO else per_euro[one, day] for one in (currency, target))
    return None if theirs is None or ours is None else ours / theirs
