"""What was read is read again only when it may have changed, and an old figure is never given."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Campaign
from kpis import choices, kept, query, recompute
from kpis.periods import Period
from kpis.query import By, Only, Question
from tests.conftest import Cast, LoadText

WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))
ORDERS = "order_id,ordered_at,amount,channel,campaign\n"
SLUGS = ("revenue", "orders", "aov", "spend")
DASHBOARD = [
    Question(WEEK, None, SLUGS),
    Question(Period(date(2026, 9, 1), WEEK.until), By.WEEK, SLUGS),
    Question(WEEK, By.CHANNEL, SLUGS),
    Question(WEEK, By.CAMPAIGN, SLUGS),
]


def revenue(by: By | None = None, only: Only | None = None) -> dict[str, str]:
    answer = query.ask(WEEK, by, slugs=("revenue",), only=only)
    return {part.key: str(part.values(["revenue"], answer.coverage)["revenue"].value.decimal) for part in [answer.total, *answer.groups]}


def sums_read(asked: CaptureQueriesContext) -> int:
    return sum("kpis_orderdaytotal" in one["sql"] for one in asked.captured_queries)


@pytest.fixture
def told(own_database: str, lumen: Client, load_text: LoadText) -> Client:
    load_text(lumen, "orders", ORDERS + "O1,2026-11-09T10:00:00,80,email,A\nO2,2026-11-15T10:00:00,20,direct,B\n")
    recompute.catch_up(lumen)
    return lumen


def test_the_same_question_is_read_once_until_the_figures_change(told: Client, load_text: LoadText) -> None:
    for expected_reads in (1, 0):
        with CaptureQueriesContext(connection) as asked:
            assert revenue() == {"": "100"}
        assert sums_read(asked) == expected_reads
    load_text(told, "orders", ORDERS + "O1,2026-11-09T10:00:00,90,email,A\n")
    recompute.catch_up(told)
    assert revenue() == {"": "110"}
    assert revenue(By.CAMPAIGN) == {"": "110", "A": "90", "B": "20"}


def test_another_question_is_another(told: Client) -> None:
    assert revenue(By.CHANNEL) == {"": "100", "email": "80", "direct": "20"}
    assert revenue(By.CHANNEL, Only(channels=("email",))) == {"": "80", "email": "80"}
    assert revenue(By.CHANNEL, Only(channels=("direct",))) == {"": "20", "direct": "20"}


def test_a_campaign_that_gets_another_name_or_label_is_shown_with_it_at_once(told: Client) -> None:
    assert revenue(By.LABEL) == {"": "100"}
    Campaign.objects.filter(name="A").update(labels=["brand", "fr", "fr"])
    assert revenue(By.LABEL) == {"": "20", "brand": "80", "fr": "80"}
    Campaign.objects.filter(name="A").update(name="Alpha")
    assert revenue(By.CAMPAIGN) == {"": "100", "Alpha": "80", "B": "20"}


def test_weeks_and_years_begin_as_the_client_decides_at_once(told: Client) -> None:
    def keys(by: By) -> list[str]:
        return [group.key for group in query.ask(Period(date(2026, 11, 8), WEEK.until), by, slugs=("revenue",)).groups]

    assert [keys(by) for by in (By.WEEK, By.QUARTER, By.YEAR)] == [["2026-W45", "2026-W46"], ["2026-Q4"], ["2026"]]
    choices.choose_all(told, {"week_start": "sunday", "fiscal_start": 4}, None, OPERATOR)
    assert [keys(by) for by in (By.WEEK, By.QUARTER, By.YEAR)] == [["2026-11-08", "2026-11-15"], ["2026-10-01"], ["2026-04-01"]]


def test_what_was_read_in_a_change_that_is_undone_is_not_kept(told: Client, load_text: LoadText) -> None:
    """The number it went by is given again, to other figures."""
    with transaction.atomic():
        load_text(told, "orders", ORDERS + "O3,2026-11-10T10:00:00,7,email,A\n")
        recompute.catch_up(told)
        assert revenue() == {"": "107"}
        transaction.set_rollback(True)
    load_text(told, "orders", ORDERS + "O3,2026-11-10T10:00:00,1,email,A\n")
    recompute.catch_up(told)
    assert revenue() == {"": "101"}


def test_what_one_client_asked_is_not_answered_to_another(told: Client, cast: Cast) -> None:
    assert revenue() == {"": "100"}
    with inside(cast.other_client):
        assert revenue() == {"": "None"}


def test_however_much_is_asked_a_client_takes_up_a_fixed_room(told: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PLACES", 2)
    for _ in range(5):
        for day in range(9, 16):
            query.ask(Period(date(2026, 11, day), WEEK.until), slugs=("revenue",))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.cache WHERE cache_key LIKE %s", [f"{told.schema_name}:%kpis:%"])
        assert cursor.fetchone() == (2,)
    monkeypatch.setattr(kept, "LARGEST", 1)
    cache.clear()
    assert revenue() == {"": "100"}
    assert cache.get("kpis:0") is None
    assert cache.get("kpis:1") is None


def test_a_dashboard_asks_four_times_and_reads_its_sums_once(told: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        answers = query.ask_all(DASHBOARD)
    statements = [one["sql"] for one in asked.captured_queries]
    before_the_keeping = statements[: next(place for place, sql in enumerate(statements) if sql == "COMMIT")]
    reads = [sql for sql in before_the_keeping if sql != "BEGIN" and not sql.startswith("SET ")]
    assert len(reads) <= 4
    assert sums_read(asked) == 1
    for question, answer in zip(DASHBOARD, answers, strict=True):
        alone = query.ask(question.period, question.by, slugs=SLUGS)
        assert [part.values(SLUGS, answer.coverage) for part in [answer.total, *answer.groups]] == [
            part.values(SLUGS, alone.coverage) for part in [alone.total, *alone.groups]
        ]
