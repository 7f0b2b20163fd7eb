"""The headlines of every client: equal to its figures, told anew when these change, and seen by nobody else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import access
from accounts.audit import OPERATOR
from accounts.models import Client, User
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.models import Connection, Pull
from campaigns.rates.models import ExchangeRate
from campaigns.standing import settle
from campaigns.standings.models import Standing
from jobs import registry, worker
from jobs.models import Job
from kpis import choices, moving, query
from kpis.periods import Period
from kpis.values import Reason
from reports import headlines
from reports.headlines import SLUGS, Told
from reports.models import Headline
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 17, 12, tzinfo=UTC)
WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))
MONTH = Period(date(2026, 11, 1), date(2026, 11, 16))
MONTH_BEFORE = Period(date(2026, 10, 1), date(2026, 10, 16))


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, TUESDAY)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


def told_to(user: User | AnonymousUser, currency: str = "") -> dict[str, Told]:
    """By slug."""
    clients = access.clients_of(user)
    found = headlines.for_clients(clients, currency)
    return {client.slug: found[client.pk] for client in clients if client.pk in found}


def value(told: Told, slug: str) -> Decimal | None:
    return told.figures.week[slug].value


def orders(*days: date, amount: int = 100, first: int = 0) -> str:
    rows = (f"O{first + place},{day}T10:00:00,{amount}" for place, day in enumerate(days))
    return "order_id,ordered_at,amount\n" + "\n".join(rows) + "\n"


def days_of(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def test_an_import_becomes_a_headline_that_equals_the_clients_figures(reported: Client, cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked:
        told = told_to(cast.owner)["lumen"]
    assert not any("kpis_" in each["sql"] or "campaigns_" in each["sql"] or "search_path" in each["sql"] for each in asked.captured_queries)
    assert (told.week, told.month, told.currency, told.complete_until) == (WEEK, MONTH, "EUR", WEEK.until)
    for figures, question in (
        (told.figures.week, query.Question(WEEK)),
        (told.figures.month, query.Question(MONTH, previous=MONTH_BEFORE)),
    ):
        [answer] = query.ask_all([question])
        for slug, one in answer.total.values(SLUGS, answer.coverage).items():
            kept = figures[slug]
            assert (kept.value, kept.reason, kept.previous) == (one.value.decimal, one.value.reason, one.previous.decimal), slug
            assert (kept.is_provisional, kept.is_incomplete) == (one.is_provisional, one.days_loaded < one.days), slug
    assert {slug: value(told, slug) for slug in SLUGS} == {
        "revenue": Decimal("1510.4"), "spend": Decimal("600.75"), "leads": 2, "orders": 2, "cpl": Decimal("600.75"),
        "roas": told.figures.week["roas"].value,
    }  # fmt: skip
    assert told.figures.trend["spend"] == (*[None] * 10, 410.0, 600.75)
    assert (told.figures.month["spend"].is_incomplete, told.figures.week["spend"].is_incomplete) == (True, False)
    assert "@" not in str(Headline.objects.values().get())


def test_further_figures_change_the_headline_by_one_job_however_many_files_came(reported: Client, cast: Cast, load_text: LoadText) -> None:
    before = told_to(cast.owner)["lumen"]
    for number in (1, 2):
        load_text(reported, "orders", orders(date(2026, 11, 9 + number), amount=number, first=100 + number))
    done = Job.objects.filter(kind=headlines.KIND, state=Job.State.DONE).count()
    worker.work_off()
    assert Job.objects.filter(kind=headlines.KIND, state=Job.State.DONE).count() == done + 1
    after = told_to(cast.owner)["lumen"]
    assert value(after, "revenue") == Decimal("1513.4")
    assert after.data_version > before.data_version


def test_a_new_week_a_new_day_and_other_weeks_of_the_clients_own_are_told_without_new_data(
    reported: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(moment: datetime) -> tuple[Period, Period]:
        at(monkeypatch, moment)
        # What the database takes for now is not what the test does: only what is open matters.
        headlines.open_due()
        worker.work_off()
        line = told_to(cast.owner)["lumen"]
        return line.week, line.month

    assert told(TUESDAY + timedelta(hours=10)) == (WEEK, MONTH)
    # Midnight in Paris.
    assert told(datetime(2026, 11, 17, 23, tzinfo=UTC)) == (WEEK, Period(date(2026, 11, 1), date(2026, 11, 17)))
    next_week = Period(date(2026, 11, 16), date(2026, 11, 22))
    assert told(datetime(2026, 11, 22, 23, tzinfo=UTC)) == (next_week, Period(date(2026, 11, 1), date(2026, 11, 22)))
    assert told(datetime(2026, 12, 1, 8, tzinfo=UTC))[1] == Period(date(2026, 11, 1), date(2026, 11, 30))
    choices.choose(reported, "week_start", "sunday", None, OPERATOR)
    assert told(datetime(2026, 12, 1, 8, tzinfo=UTC))[0] == Period(date(2026, 11, 22), date(2026, 11, 28))


def test_a_client_that_moves_to_another_zone_has_its_days_told_anew(reported: Client, cast: Cast) -> None:
    moving.ask(reported, "EUR", "Pacific/Kiritimati", OPERATOR)
    worker.work_off()
    # Noon in Greenwich is two in the morning of Wednesday there.
    assert told_to(cast.owner)["lumen"].month.until == date(2026, 11, 17)


def test_every_tick_asks_once_for_who_has_none_and_never_for_who_is_closing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Client.objects.filter(pk=cast.other_client.pk).update(closed_at=TUESDAY)

    def asked() -> list[int | None]:
        registry.open_due_work()
        return list(Job.objects.filter(kind=headlines.KIND, state=Job.State.QUEUED).values_list("client_id", flat=True))

    assert asked() == asked() == [cast.client.pk]
    Job.objects.filter(kind=headlines.KIND).update(state=Job.State.FAILED, finished_at=TUESDAY)
    assert asked() == []
    at(monkeypatch, TUESDAY + headlines.TRIED_AGAIN + timedelta(minutes=1))
    assert asked() == [cast.client.pk]
    worker.work_off()
    line = told_to(cast.owner)["lumen"]
    assert (line.complete_until, value(line, "revenue"), line.figures.week["revenue"].reason) == (None, None, Reason.NOT_REPORTED)


def test_each_keeps_its_currency_and_the_agency_may_have_them_in_one(reported: Client, cast: Cast, load_text: LoadText) -> None:
    dollars = create_client("dollars", name="Dollars", agency=cast.agency, currency="USD", timezone="America/New_York")
    with inside(dollars):
        load_text(dollars, "orders", orders(*days_of(date(2026, 11, 2), WEEK.until)))
    # The week ends on a Sunday: the rate of the Friday before serves; the one of Monday is of another week.
    for day, rate in ((date(2026, 11, 13), "1.25"), (date(2026, 11, 16), "2")):
        ExchangeRate.objects.create(currency="USD", day=day, per_euro=Decimal(rate))
    worker.work_off()
    plain, euros, dollar_view, yen = (told_to(cast.owner, currency) for currency in ("", "EUR", "USD", "JPY"))
    assert (plain["dollars"].currency, value(plain["dollars"], "revenue")) == ("USD", Decimal(700))
    assert value(euros["dollars"], "revenue") == 700
    converted = euros["dollars"].converted("revenue")
    assert converted.value == converted.previous == 560
    assert euros["dollars"].converted("orders").value == 7
    assert euros["lumen"].converted("revenue") == euros["lumen"].figures.week["revenue"]
    assert dollar_view["lumen"].converted("revenue").value == Decimal("1888")
    assert dollar_view["lumen"].converted("roas") == dollar_view["lumen"].figures.week["roas"]
    unknown = yen["lumen"].converted("revenue")
    assert (unknown.value, unknown.previous, unknown.reason) == (None, None, Reason.NO_EXCHANGE_RATE)


def test_an_account_that_was_read_and_had_nothing_to_tell_is_complete_all_the_same(reported: Client, cast: Cast) -> None:
    source = Connection.objects.create(source="google_ads", account="2", currency="EUR", timezone="Europe/Paris", credential_id=1)
    source.loaded_spans.create(family="ads", since=date(2026, 10, 1), until=date(2026, 11, 14))
    headlines.ask(reported.pk)
    worker.work_off()
    assert told_to(cast.owner)["lumen"].figures.week["spend"].is_incomplete
    source.loaded_spans.update(until=WEEK.until)
    settle(reported, source, Pull.State.STORED)
    Standing.objects.update(read_at=TUESDAY + timedelta(minutes=1))
    registry.open_due_work()
    worker.work_off()
    assert not told_to(cast.owner)["lumen"].figures.week["spend"].is_incomplete


def test_a_lost_connection_is_counted_at_once(reported: Client, cast: Cast) -> None:
    for number, state in enumerate((Connection.State.LOST_ACCESS, Connection.State.ACTIVE, Connection.State.LOST_ACCESS)):
        Standing.objects.create(client=reported, connection_id=number, source="google_ads", account="1", state=state, since=TUESDAY)
    assert told_to(cast.owner)["lumen"].lost_connections == 2


def test_a_strangers_clients_never_come_back(reported: Client, cast: Cast) -> None:
    with inside(cast.other_client):
        registry.open_due_work()
        worker.work_off()
    assert set(Headline.objects.values_list("client__slug", flat=True)) == {"lumen", "autre"}
    for user, seen in ((cast.owner, {"lumen"}), (cast.analyst, {"lumen"}), (cast.viewer, {"lumen"}), (cast.stranger, {"autre"})):
        assert told_to(user).keys() == seen
    assert told_to(AnonymousUser()) == {}
    # Clients that nobody asked for in a person's name come with no roles: nobody knows who may see them.
    with pytest.raises(AttributeError, match="roles"):
        headlines.for_clients(Client.objects.all())


def test_it_goes_with_its_client(reported: Client) -> None:
    assert Headline.objects.filter(client=reported, computed_at=timezone.now()).exists()
    Client.objects.filter(pk=reported.pk).delete()
    assert not Headline.objects.exists()
