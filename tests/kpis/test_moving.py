"""A client that changes its currency or its zone has the figures it would have had from the first day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.audit import Actor
from accounts.models import AuditEvent, Client
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.models import LoadedSpan
from campaigns.rates.models import ExchangeRate
from campaigns.streams import execute
from jobs import worker
from kpis import choices, moving, recompute
from reports import scheduling
from tests.accounts.reading import SignIn, text
from tests.campaigns.truth.rollups import roll_ups
from tests.conftest import Cast, loader

pytestmark = pytest.mark.django_db
# Every file tells moments of both sides of midnight in one zone or the other.
FILES = [
    (
        "orders",
        (
            "order_id,ordered_at,amount,currency,customer_id,kind,refund_of\n"
            "1,2026-11-02T23:30:00Z,100.00,EUR,c1,order,\n2,2026-11-03T02:30:00Z,50.55,EUR,c2,order,\n"
            "3,2026-11-09T07:59:00Z,80.00,EUR,c1,order,\n4,2026-11-09T08:01:00Z,20.00,EUR,c2,refund,2\n"
        ),
    ),
    (
        "leads",
        (
            "lead_id,created_at,mql_at,sql_at,won_at,customer_id,channel\n"
            "l1,2026-11-01T23:30:00Z,2026-11-02T23:10:00Z,2026-11-04T03:00:00Z,2026-11-05T04:00:00Z,c1,paid_search\n"
            "l2,2026-11-05T06:30:00Z,,,,c2,email\n"
        ),
    ),
    ("touchpoints", "at,lead_id,channel,kind\n2026-10-31T23:45:00Z,l1,paid_search,visit\n2026-11-05T05:00:00Z,l2,email,visit\n"),
    (
        "customers",
        (
            "customer_id,acquired_at,cancelled_at,channel\n"
            "c1,2026-11-02T23:30:00Z,2026-11-20T01:00:00Z,paid_search\nc3,2026-11-07T00:30:00Z,,email\n"
        ),
    ),
    (
        "subscriptions",
        "subscription_id,customer_id,started_at,ended_at,mrr,currency\ns1,c1,2026-11-02T23:40:00Z,2026-11-20T01:00:00Z,30,EUR\n",
    ),
    ("costs", "date,name,amount,currency,channel\n2026-11-03,Fair,40.00,EUR,paid_search\n"),
]
LOS_ANGELES = ("USD", "America/Los_Angeles")


def told(slug: str, currency: str, timezone: str, folder: Path) -> Client:
    """A client to whom the files were told."""
    client = create_client(slug, name=slug, currency=currency, timezone=timezone)
    with inside(client):
        for kind, text in FILES:
            loader(folder)(client, kind, text)
        recompute.catch_up(client)
    return client


def state(client: Client) -> tuple[Any, ...]:
    """Every figure, the days of every fact, and which days are loaded."""
    with inside(client):
        spans = list(LoadedSpan.objects.order_by("family", "since").values_list("family", "since", "until"))
        tables = ("order", "lead", "touch", "customer", "subscriptionspan")
        days = {name: execute(f"SELECT external_id, day FROM campaigns_{name} ORDER BY 1") for name in tables}
        return roll_ups(), spans, days


@pytest.fixture(autouse=True)
def rates(db: None) -> None:
    days = [date(2026, 10, 25) + timedelta(days=number) for number in range(30)]
    ExchangeRate.objects.bulk_create(
        ExchangeRate(currency="USD", day=day, per_euro=Decimal("1.1") + Decimal(number) / 1000) for number, day in enumerate(days)
    )


def test_it_has_the_figures_it_would_have_had_from_the_first_day(cast: Cast, tmp_path: Path) -> None:
    moved, fresh = told("moved", "EUR", "Europe/Paris", tmp_path), told("fresh", *LOS_ANGELES, tmp_path)
    before = state(moved)
    assert before != state(fresh)
    assert moving.ask(moved, *LOS_ANGELES, Actor("ana"))
    assert state(moved) == before  # until it is done
    worker.work_off(moved.pk)
    moved.refresh_from_db()
    assert (moved.currency, moved.timezone) == LOS_ANGELES
    for now, wanted in zip(state(moved), state(fresh), strict=True):
        assert now == wanted
    assert moving.ask(moved, "EUR", "Europe/Paris", Actor("ana"))
    worker.work_off(moved.pk)
    assert state(moved) == before
    changes = AuditEvent.objects.filter(verb="client.changed", client=moved).order_by("pk").first()
    assert changes is not None
    assert changes.details["changes"] == [
        {"field": "currency", "before": "EUR", "after": "USD"},
        {"field": "timezone", "before": "Europe/Paris", "after": "America/Los_Angeles"},
    ]


PAGE = "/c/lumen/settings/figures/"
AS_NOW = {"currency": "EUR", "timezone": "Europe/Paris", "week_start": "monday"}


class TestPage:
    def test_it_says_what_a_change_does_before_anything_is_done(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        page = text(browser.post(PAGE, AS_NOW | {"currency": "USD", "week_start": "sunday"}))
        assert "shown in USD instead of EUR" in page
        assert "Weeks begin on Sunday instead of Monday" in page
        assert "by the clock of" not in page
        cast.client.refresh_from_db()
        assert (cast.client.currency, moving.under_way(cast.client)) == ("EUR", None)

    def test_agreed_to_it_is_under_way_until_a_worker_has_done_it(self, cast: Cast, signed_in: SignIn) -> None:
        schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
        browser = signed_in(cast.owner)
        wanted = {"currency": "USD", "timezone": "America/Los_Angeles", "week_start": "saturday", "agreed": "yes"}
        assert browser.post(PAGE, wanted).status_code == 302
        assert "All figures are being made anew in USD by the days of America/Los_Angeles." in text(browser.get(PAGE))
        assert "Another change" in text(browser.post(PAGE, AS_NOW | {"currency": "CHF", "agreed": "yes"}))
        worker.work_off(cast.client.pk)
        cast.client.refresh_from_db()
        assert (cast.client.currency, cast.client.timezone) == LOS_ANGELES
        with inside(cast.client):
            assert choices.in_force().week_start == "saturday"
        schedule.refresh_from_db()
        due = schedule.next_run_at.astimezone(cast.client.zone)
        assert (due.isoweekday(), due.hour) == (1, 8)
        assert "being made anew" not in text(browser.get(PAGE))

    def test_what_is_wrong_is_said_beside_its_field(self, cast: Cast, signed_in: SignIn) -> None:
        page = text(signed_in(cast.owner).post(PAGE, AS_NOW | {"timezone": "Mars/Olympus", "agreed": "yes"}))
        assert "“Mars/Olympus” is not a time zone; use one such as Europe/Paris." in page

    def test_whoever_may_not_change_the_client_does_not_get_there(self, cast: Cast, signed_in: SignIn) -> None:
        assert signed_in(cast.analyst).get(PAGE).status_code == 403
        assert signed_in(cast.stranger).get(PAGE).status_code == 404
