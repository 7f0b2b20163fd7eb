"""Which parts of the facts a figure is made of, where that is easily got wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from accounts.models import Client
from campaigns.rates.models import ExchangeRate
from kpis import query, recompute, serialise
from kpis.periods import Period
from kpis.query import By
from tests.conftest import LoadText

MONDAY = date(2026, 11, 9)
DAY = Period(MONDAY, MONDAY)


def figure(slug: str, period: Period = DAY, by: By | None = None, key: str = "") -> str | None:
    """As it is answered, or why it is null."""
    answer = query.ask(period, by, slugs=[slug])
    part = next(group for group in answer.groups if group.key == key) if by else answer.total
    value = part.values([slug], answer.coverage)[slug].value
    return value.reason or serialise.text(value)


class TestMoneyOfOtherCurrencies:
    ORDERS = "order_id,ordered_at,kind,amount,currency\n"

    def test_what_amounts_to_nothing_needs_no_rate(self, lumen: Client, load_text: LoadText) -> None:
        orders = "O1,2026-11-09T10:00:00,order,80,CHF\nR1,2026-11-09T10:00:00,refund,5,EUR\n"
        load_text(lumen, "orders", self.ORDERS + orders)
        recompute.catch_up(lumen)
        assert (figure("refunds"), figure("revenue")) == ("5", "no_exchange_rate")

    def test_large_amounts_are_converted_to_the_last_digit(self, lumen: Client, load_text: LoadText) -> None:
        """Ten thirds have no end: amounts are multiplied first, and divided once."""
        Client.objects.filter(pk=lumen.pk).update(currency="USD")
        lumen.refresh_from_db()
        for currency, rate in (("USD", "10"), ("SEK", "3")):
            ExchangeRate.objects.create(currency=currency, day=MONDAY, per_euro=Decimal(rate))
        orders = [f"O{number},2026-11-09T10:00:00,order,8000000000,SEK\n" for number in (1, 2)]
        load_text(lumen, "orders", self.ORDERS + "".join(orders))
        recompute.catch_up(lumen)
        assert figure("revenue") == "53333333333.333333333"
