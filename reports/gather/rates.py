"""By which rates money of other currencies was converted."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from django.db import connection

from kpis.roll_ups import RATE_SERVES
from kpis.values import Value
from reports.content import Rate
from reports.gather.gathering import Gathering

# The currencies in which something was told on days of the period.
_MONEY = {"order": "fact.day", "cost": "fact.until", "emailsend": "fact.day"}
_OF_CONNECTIONS = """SELECT source.currency FROM campaigns_connection AS source WHERE EXISTS (
    SELECT 1 FROM campaigns_adday AS fact WHERE fact.connection_id = source.id AND fact.day BETWEEN %(since)s AND %(until)s)"""
_OF_FACTS = """SELECT DISTINCT coalesce(nullif(fact.currency, ''), source.currency) FROM campaigns_{name} AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id
    WHERE fact.day <= %(until)s AND {until} >= %(since)s"""
_CURRENCIES = " UNION ".join([_OF_CONNECTIONS, *(_OF_FACTS.format(name=name, until=until) for name, until in _MONEY.items())])
_NEWEST = f"""
    SELECT DISTINCT ON (currency) currency, day, per_euro FROM rates_exchangerate
    WHERE day <= %(until)s AND day > %(until)s - {RATE_SERVES} AND (currency = %(currency)s OR currency IN ({_CURRENCIES}))
    ORDER BY currency, day DESC"""
_FOREIGN = f"SELECT currency FROM ({_CURRENCIES}) AS told (currency) WHERE currency NOT IN ('', %(currency)s) ORDER BY 1"


def rates(found: Gathering) -> tuple[Rate, ...]:
    """Of the currencies that money was told in: the last of the period. None where all of it was in the client's."""
    frame = found.frame
    asked: dict[str, Any] = {"since": frame.period.since, "until": frame.period.until, "currency": frame.client.currency}
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN, asked)
        foreign = [currency for (currency,) in cursor.fetchall()]
        if not foreign:
            return ()
        cursor.execute(_NEWEST, asked)
        per_euro = {currency: (day, Fraction(rate)) for currency, day, rate in cursor.fetchall()}
    per_euro["EUR"] = (frame.period.until, Fraction(1))
    if frame.client.currency not in per_euro:
        return ()
    told = (_rate(currency, per_euro[currency], per_euro[frame.client.currency]) for currency in foreign if currency in per_euro)
    return tuple(told)


def _rate(currency: str, theirs: tuple[date, Fraction], ours: tuple[date, Fraction]) -> Rate:
    rate = Value(theirs[1] / ours[1]).decimal
    assert rate is not None
    return Rate(currency, min(theirs[0], ours[0]), rate)
