"""Money of other currencies is converted at the rate of its day, from the file of the European Central Bank, or said to be unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Client
from accounts.services import keep_credential
from campaigns import systems
from campaigns.models import Connection, DirtyDay, Order, Origin
from campaigns.models.money import SystemOfRecord
from campaigns.rates.models import ExchangeRate
from jobs import worker
from kpis import query, recompute
from kpis.coverage import Coverage
from kpis.definitions import Reason
from kpis.periods import Period
from tests.conftest import Cast, LoadText

RATES = """Date,USD,GBP,JPY,
2026-11-13,1.10,0.88,N/A,
2026-11-12,1.25,0.80,160,
"""
Publish = Callable[[str], None]
ORDERS = "order_id,ordered_at,amount,currency\n"


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    def stored(text: str) -> None:
        path = tmp_path / "eurofxref-hist.csv"
        path.write_text(text)
        call_command("import_rates", path)

    return stored


def value(slug: str, since: str, until: str = "") -> query.Value:
    answer = query.ask(Period(date.fromisoformat(since), date.fromisoformat(until or since)))
    return answer.total.values([slug], answer.coverage)[slug].value


def say_orders(client: Client, *rows: tuple[str, str, int, str]) -> None:
    """Orders in any currency, as a platform tells them."""
    source = Connection.objects.get_or_create(source="file", account="import", defaults={"currency": "EUR", "timezone": "Europe/Paris"})[0]
    pull = source.pulls.create(family="orders", since="2026-11-01", until="2026-11-20", state="stored")
    origin = Origin.objects.get_or_create(key="x", defaults={"channel": "unknown", "basis": "nothing"})[0]
    source.loaded_spans.create(family="orders", since="2026-11-01", until="2026-11-20")
    for number, day, amount, currency in rows:
        Order.objects.create(
            connection=source, external_id=number, kind="order", ordered_at=f"{day}T12:00:00Z", day=day, amount_nano=amount * 10**9,
            currency=currency, origin=origin, pull=pull,
        )  # fmt: skip
        DirtyDay.objects.get_or_create(family="orders", day=day)
    recompute.catch_up(client)


class TestConverting:
    def test_each_amount_is_converted_at_the_rate_of_its_day(self, lumen: Client, publish: Publish) -> None:
        publish(RATES)
        say_orders(lumen, ("1", "2026-11-12", 100, "USD"), ("2", "2026-11-13", 110, "USD"), ("3", "2026-11-13", 7, ""))
        assert value("revenue", "2026-11-12").decimal == Decimal(80)
        assert value("revenue", "2026-11-13").decimal == Decimal(107)

    def test_a_week_end_takes_fridays_rate(self, lumen: Client, publish: Publish) -> None:
        publish(RATES)
        say_orders(lumen, ("1", "2026-11-15", 88, "GBP"))
        assert value("revenue", "2026-11-15").decimal == Decimal(100)

    def test_without_a_rate_the_sum_is_unknown_and_says_why(self, lumen: Client) -> None:
        say_orders(lumen, ("1", "2026-11-12", 100, "USD"), ("2", "2026-11-13", 7, "EUR"))
        assert value("revenue", "2026-11-12", "2026-11-13") == query.Value(None, Reason.NO_EXCHANGE_RATE)
        assert value("orders", "2026-11-12", "2026-11-13").decimal == 2
        assert value("revenue", "2026-11-13").decimal == 7

    def test_a_rate_of_long_ago_is_no_rate(self, lumen: Client, publish: Publish) -> None:
        publish(RATES)
        say_orders(lumen, ("1", "2026-11-20", 16000, "JPY"))
        assert value("revenue", "2026-11-20").reason == Reason.NO_EXCHANGE_RATE

    def test_a_rate_that_comes_later_mends_the_figures_of_every_client_it_concerns(
        self, cast: Cast, lumen: Client, publish: Publish
    ) -> None:
        say_orders(lumen, ("1", "2026-11-12", 100, "USD"), ("2", "2026-11-13", 7, "EUR"))
        publish(RATES)
        assert {(mark.family, mark.day.isoformat()) for mark in DirtyDay.objects.all()} == {("orders", "2026-11-12")}
        worker.work_off(lumen.pk)
        assert value("revenue", "2026-11-12", "2026-11-13").decimal == 87


class TestFile:
    def test_the_same_file_again_changes_nothing(self, lumen: Client, publish: Publish) -> None:
        say_orders(lumen, ("1", "2026-11-12", 100, "USD"))
        publish(RATES)
        DirtyDay.objects.all().delete()
        publish(RATES)
        assert (ExchangeRate.objects.count(), DirtyDay.objects.count()) == (5, 0)

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "first line"),
            ("Datum,USD\n", "first line"),
            ("Date,USD\n", "no rates"),
            ("Date,USD\n13/11/2026,1.1\n", "Line 2, column Date"),
            ("Date,USD\n2026-11-13,-1\n", "Line 2, column USD"),
            ("Date,USD\n2026-11-13,0\n", "Line 2, column USD"),
        ],
    )
    def test_a_file_of_something_else_is_refused_whole(self, db: None, publish: Publish, text: str, complaint: str) -> None:
        with pytest.raises(CommandError, match=complaint):
            publish(text)
        assert not ExchangeRate.objects.exists()


class TestSystemOfRecord:
    @pytest.fixture
    def told_twice(self, lumen: Client, load_text: LoadText) -> Client:
        """The shop's file says 900, Stripe says 880 of the same orders."""
        load_text(lumen, "orders", ORDERS + "1,2026-11-09T10:00:00,900,EUR\n")
        credential = keep_credential("stripe", {}, client=lumen)
        stripe = Connection.objects.create(source="stripe", account="1", currency="EUR", timezone="Europe/Paris", credential_id=1)
        Connection.objects.filter(pk=stripe.pk).update(credential_id=credential.pk)
        load_text(lumen, "orders", ORDERS + "2,2026-11-09T10:00:00,880,EUR\n")
        Order.objects.filter(external_id="2").update(connection=stripe)
        stripe.loaded_spans.create(family="orders", since="2026-11-09", until="2026-11-09")
        recompute.rebuild_all(lumen)
        return lumen

    def test_revenue_told_by_two_systems_is_not_summed(self, told_twice: Client) -> None:
        assert systems.candidates("revenue") == ["stripe", "file"]
        assert value("revenue", "2026-11-09").decimal == 880

    def test_the_client_chooses_whom_to_believe_and_the_figures_follow(self, told_twice: Client) -> None:
        DirtyDay.objects.all().delete()
        systems.choose(SystemOfRecord.Subject.REVENUE, "file")
        recompute.catch_up(told_twice)
        assert value("revenue", "2026-11-09").decimal == 900

    def test_a_file_that_ended_before_does_not_keep_stripes_weeks_from_being_compared(self, told_twice: Client) -> None:
        Connection.objects.get(source="stripe").loaded_spans.update(since="2026-11-01", until="2026-11-30")
        week = Period(date(2026, 11, 16), date(2026, 11, 22))
        assert Coverage.load().is_whole("orders", week)
        systems.choose(SystemOfRecord.Subject.REVENUE, "file")
        assert not Coverage.load().is_whole("orders", week)


def test_an_account_that_was_disconnected_is_not_missed_afterwards(lumen: Client, load_text: LoadText) -> None:
    ads = "date,source,account,campaign,spend\n"
    load_text(lumen, "ads", ads + "2026-11-02,meta_ads,old,Lamps,5\n2026-11-04,meta_ads,old,Lamps,5\n")
    rows = "".join(f"2026-11-{day:02d},google_ads,new,Lamps,1\n" for day in range(2, 16))
    load_text(lumen, "ads", ads + rows)
    before, during, after = (Period(date(2026, 11, first), date(2026, 11, first + 6)) for first in (1, 2, 9))
    assert not Coverage.load().is_whole("ads", after)
    Connection.objects.filter(account="old").update(state=Connection.State.DISCONNECTED)
    assert Coverage.load().is_whole("ads", after)
    assert Coverage.load().is_whole("ads", during)
    assert not Coverage.load().is_whole("ads", before)
