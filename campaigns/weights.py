"""How much depends on where people came from: sessions, leads, revenue and spend of the last twelve months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, format_decimal
from django.db import connection
from django.utils.translation import get_language

from campaigns import systems

SPAN = timedelta(days=365)
NANO = Decimal(1_000_000_000)
NOTHING = "–"


@dataclass
class Weight:
    """Sums of facts; money by currency, in billionths. Leads and revenue as whoever counts tells them."""

    sessions: int = 0
    leads: int = 0
    revenue: Counter[str] = field(default_factory=Counter)
    spend: Counter[str] = field(default_factory=Counter)

    def add(self, other: Weight) -> None:
        self.sessions += other.sessions
        self.leads += other.leads
        self.revenue.update(other.revenue)
        self.spend.update(other.spend)

    @property
    def rank(self) -> tuple[int, int, int]:
        return sum(self.revenue.values()) + sum(self.spend.values()), self.leads, self.sessions

    @property
    def words(self) -> dict[str, str]:
        """For a table, in the reader's language."""
        return {
            "sessions": written(self.sessions),
            "leads": written(self.leads),
            "revenue": money(self.revenue),
            "spend": money(self.spend),
        }

    @classmethod
    def total(cls, weights: Iterable[Weight]) -> Weight:
        whole = cls()
        for weight in weights:
            whole.add(weight)
        return whole


def of_origins(today: date) -> dict[int, Weight]:
    """By the id of the origin; of the client whose schema is open."""
    found: dict[int, Weight] = {}
    now = systems.in_force()
    asked: dict[str, Any] = {"since": today - SPAN, "leads": now[systems.Subject.LEADS], "revenue": now[systems.Subject.REVENUE]}
    for origin, sessions in _rows("SELECT origin_id, sum(sessions) FROM campaigns_landingday WHERE day >= %(since)s GROUP BY 1", asked):
        found.setdefault(origin, Weight()).sessions = int(sessions or 0)
    for origin, leads in _rows(
        """SELECT fact.origin_id, count(*) FROM campaigns_lead AS fact JOIN campaigns_connection AS source ON source.id = fact.connection_id
           WHERE fact.day >= %(since)s AND source.source = %(leads)s GROUP BY 1""",
        asked,
    ):
        found.setdefault(origin, Weight()).leads = leads
    for origin, currency, amount in _rows(
        """SELECT fact.origin_id, coalesce(nullif(fact.currency, ''), source.currency), sum(fact.amount_nano)
           FROM campaigns_order AS fact JOIN campaigns_connection AS source ON source.id = fact.connection_id
           WHERE fact.day >= %(since)s AND source.source = %(revenue)s GROUP BY 1, 2""",
        asked,
    ):
        found.setdefault(origin, Weight()).revenue[currency] = int(amount)
    return found


def of_campaigns(today: date, by_origin: dict[int, Weight], campaigns: dict[int, int]) -> dict[int, Weight]:
    """By the id of the campaign; `campaigns`: that of each origin."""
    found: dict[int, Weight] = {}
    for origin, weight in by_origin.items():
        if origin in campaigns:
            found.setdefault(campaigns[origin], Weight()).add(weight)
    for campaign, currency, amount in _rows(
        """SELECT ads.campaign_id, source.currency, sum(fact.spend_nano) FROM campaigns_adday AS fact
           JOIN campaigns_platformcampaign AS ads ON ads.id = fact.campaign_id
           JOIN campaigns_connection AS source ON source.id = fact.connection_id
           WHERE fact.day >= %(since)s AND fact.spend_nano IS NOT NULL GROUP BY 1, 2""",
        {"since": today - SPAN},
    ):
        found.setdefault(campaign, Weight()).spend[currency] = int(amount)
    return found


def written(number: int) -> str:
    return str(format_decimal(number, locale=_language())) if number else NOTHING


def money(amounts: Counter[str]) -> str:
    told = [(currency, amount) for currency, amount in sorted(amounts.items()) if amount]
    return " + ".join(_amount(amount, currency) for currency, amount in told) or NOTHING


def _amount(amount: int, currency: str) -> str:
    pattern = "#,##0\N{NO-BREAK SPACE}¤" if _language() == "fr" else "¤#,##0"
    return str(format_currency(Decimal(amount) / NANO, currency, pattern, locale=_language(), currency_digits=False))


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _language() -> str:
    return (get_language() or "en")[:2]
