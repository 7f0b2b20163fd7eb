"""Who is a customer since when and thanks to what, and what follows once facts change or people turn out to be one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from django.core.management import call_command

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices as campaign_choices
from campaigns import connections, erasure, people, undoing
from campaigns.models import Connection, Person, PersonMerge, Upload
from campaigns.origins import Rule
from campaigns.records import Deal, Gone, Lead, Order, Origin, Touch
from campaigns.streams import execute
from kpis import choices, query, recompute
from kpis.customers import cohorts
from kpis.models import CohortMonth, CustomerState
from kpis.periods import Period
from kpis.query import By, Only
from kpis.values import Reason
from tests.campaigns.test_people import tell
from tests.conftest import LoadText

ORDERS = "order_id,customer_id,ordered_at,amount,kind,refund_of,currency,channel,campaign\n"
TABLES = (
    "kpis_customerstate", "kpis_customerday", "kpis_customerspan", "kpis_cohortmonth", "kpis_acquiredrollup", "kpis_acquireddaytotal",
)  # fmt: skip
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 20))
ANA, BOB = "a" * 64, "b" * 64


def values(period: Period, *slugs: str, only: Only | None = None) -> dict[str, Any]:
    answer = query.ask(period, slugs=slugs, only=only)
    found = {slug: compared.value for slug, compared in answer.total.values(slugs, answer.coverage).items()}
    return {slug: value.reason if value.exact is None else value.exact for slug, value in found.items()}


def groups(period: Period, by: By, slug: str) -> dict[str, Fraction]:
    """The groups where a KPI is not zero."""
    answer = query.ask(period, by, slugs=[slug])
    found = {group.key: group.values([slug], answer.coverage)[slug].value.exact for group in answer.groups}
    return {key: value for key, value in found.items() if value}


def bases() -> dict[str, tuple[str, str]]:
    """Channel and basis by a name of each customer."""
    return {
        name: (channel, basis)
        for name, channel, basis in execute(
            """SELECT min(key.value), state.channel, state.basis FROM kpis_customerstate AS state
               JOIN campaigns_personkey AS key USING (person_id) WHERE key.kind <> 'email' GROUP BY state.person_id, 2, 3"""
        )
    }


def kept() -> dict[str, list[str]]:
    return {table: sorted(row for (row,) in execute(f"SELECT kept::text FROM {table} AS kept")) for table in TABLES}


def caught_up(client: Client) -> None:
    """Mended, and the same as made anew."""
    recompute.catch_up(client)
    mended = kept()
    recompute.rebuild_all(client)
    assert mended == kept()


@pytest.fixture
def crm(lumen: Client) -> Connection:
    credential = keep_credential("hubspot", {}, client=lumen)
    return Connection.objects.create(source="hubspot", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_customer_counts_once_from_the_first_order_on_and_refunds_take_revenue_back(lumen: Client, load_text: LoadText) -> None:
    load_text(
        lumen, "orders",
        ORDERS + "O1,C1,2026-11-02T10:00:00,100,,,,email,News\nO2,C1,2026-11-09T10:00:00,50,,,,direct,\n"
        "R1,C1,2026-11-10T10:00:00,30,refund,O1,,,\nR2,C1,2026-11-10T11:00:00,5,refund,O2,,,\n"
        "O3,C2,2026-11-09T10:00:00,7,,,,direct,\nO4,,2026-11-09T10:00:00,1000,,,,direct,\n",
    )  # fmt: skip
    caught_up(lumen)
    week = Period(date(2026, 11, 9), date(2026, 11, 15))
    slugs = ("new_customers", "customers", "arpa", "repeat_revenue", "repeat_revenue_share", "revenue")
    assert values(week, *slugs) == {
        "new_customers": 1, "customers": 2, "arpa": Fraction(22, 2), "repeat_revenue": 15, "repeat_revenue_share": Fraction(15, 22),
        "revenue": 1022,
    }  # fmt: skip
    # The order of the ninth came directly, but the customer came by the newsletter.
    assert groups(week, By.CHANNEL, "repeat_revenue") == {"email": 15}
    assert groups(week, By.CHANNEL, "customers") == {"email": 1, "direct": 1}
    assert groups(week, By.CAMPAIGN, "arpa_by_acquisition") == {"News": 15, "": 7}
    assert values(week, "customers", only=Only(channels=("email",))) == {"customers": 1}
    # What is given back of a first order takes nothing from those that followed.
    choices.choose(lumen, "repeat_revenue", "non_first", None, OPERATOR)
    assert values(week, "repeat_revenue") == {"repeat_revenue": 45}
    choices.choose(lumen, "repeat_revenue", "lifetime", None, OPERATOR)
    assert values(NOVEMBER, "repeat_revenue") == {"repeat_revenue": 115}


def test_a_first_order_that_is_taken_back_leaves_the_second_the_first(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "orders", ORDERS + "O2,C1,2026-11-09T10:00:00,50,,,,direct,\n")
    load_text(lumen, "orders", ORDERS + "O1,C1,2026-10-02T10:00:00,100,,,,email,\n")
    caught_up(lumen)
    assert bases() == {"C1": ("email", "order")}
    assert values(NOVEMBER, "new_customers", "repeat_revenue") == {"new_customers": 0, "repeat_revenue": 50}
    undoing.undo(lumen, Upload.objects.latest("pk"))
    caught_up(lumen)
    assert bases() == {"C1": ("direct", "order")}
    assert values(NOVEMBER, "new_customers", "repeat_revenue") == {"new_customers": 1, "repeat_revenue": 0}
    undoing.undo(lumen, Upload.objects.earliest("pk"))
    caught_up(lumen)
    assert not CustomerState.objects.exists()
    assert not CohortMonth.objects.exists()


def test_orders_around_midnight_belong_to_the_day_of_the_clients_zone(lumen: Client, load_text: LoadText) -> None:
    """In Paris the clocks went back on the 25th of October 2026: 22:30 in Greenwich was half past midnight the day before, half past eleven after."""
    load_text(
        lumen, "orders",
        ORDERS + "O1,C1,2026-10-24T22:30:00Z,1,,,,,\nO2,C2,2026-10-25T22:30:00Z,1,,,,,\nO3,C3,2026-10-25T23:30:00Z,1,,,,,\n",
    )  # fmt: skip
    caught_up(lumen)
    assert list(CustomerState.objects.order_by("person_id").values_list("acquired_day", flat=True)) == [
        date(2026, 10, 25), date(2026, 10, 25), date(2026, 10, 26),
    ]  # fmt: skip
