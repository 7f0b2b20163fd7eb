"""What a report says of figures that a platform may still restate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.connectors import connector_for
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from campaigns.models import Connection, LoadedSpan
from jobs import worker
from kpis import choices, query
from reports import gather
from reports.cadence import named
from reports.content import Figure, Report
from reports.presentation import present
from tests.conftest import LoadText
from tests.reports.conftest import WEEK
from tests.reports.test_presentation import BRAND
from tests.threads import PATIENCE, in_thread

SUNDAY = date(2026, 11, 15)
SETTLED = timedelta(days=connector_for("google_ads").settle_days("ads"))
MONDAY_MORNING = datetime(2026, 11, 16, 6, tzinfo=UTC)


def pulled_until(last_day: date, source: str = "google_ads") -> Connection:
    """An account read over the platform's API up to a day; its week is settled once that day is `SETTLED` behind."""
    connection = Connection.objects.create(
        source=source, account="4125589071", name="Maison Lumen", currency="EUR", timezone="Europe/Paris", credential_id=1
    )
    LoadedSpan.objects.create(connection=connection, family="ads", since=date(2026, 10, 1), until=last_day)
    return connection


def provisional(report: Report) -> set[str]:
    tables = (report.channels, report.campaigns)
    rows = [row for table in tables for row in (*table.rows, table.total)]
    figures = [tile.figure for tile in report.tiles] + [figure for row in rows for figure in row.figures.values()]
    marked = {figure.slug for figure in figures if figure.is_provisional}
    assert all(figure.is_provisional for figure in figures if figure.slug in marked)
    return marked


def test_what_the_platforms_claim_is_provisional_while_conversions_still_arrive(reported: Client) -> None:
    pulled_until(SUNDAY)
    assert provisional(gather.report(reported, named(WEEK), MONDAY_MORNING)) == {"roas"}


@pytest.mark.parametrize(("days_short", "expected"), [(1, {"roas"}), (0, set())])
def test_a_week_is_final_once_its_last_day_is_settled(reported: Client, days_short: int, expected: set[str]) -> None:
    pulled_until(SUNDAY + SETTLED - timedelta(days=days_short))
    assert provisional(gather.report(reported, named(WEEK), MONDAY_MORNING)) == expected


def test_figures_from_files_are_final(reported: Client) -> None:
    assert Connection.objects.filter(source="google_ads", credential_id=None).exists()
    assert provisional(gather.report(reported, named(WEEK), MONDAY_MORNING)) == set()


def test_an_account_that_was_never_read_makes_nothing_provisional(reported: Client) -> None:
    pulled_until(SUNDAY).loaded_spans.all().delete()
    assert provisional(gather.report(reported, named(WEEK), MONDAY_MORNING)) == set()


def test_an_account_that_was_disconnected_before_the_week_leaves_it_final(reported: Client) -> None:
    gone = pulled_until(SUNDAY - timedelta(weeks=1))
    Connection.objects.filter(pk=gone.pk).update(state=Connection.State.DISCONNECTED)
    assert provisional(gather.report(reported, named(WEEK), MONDAY_MORNING)) == set()


def test_an_unsettled_week_raises_no_alarm(reported: Client) -> None:
    """Week 45 claimed 5.12 for each euro, week 46 has 4.53 so far: no reader is told that this is bad."""
    before = present(gather.report(reported, named(WEEK), MONDAY_MORNING), "en", BRAND)
    assert any("ROAS" in sentence for sentence in before.watch)
    pulled_until(SUNDAY)
    after = present(gather.report(reported, named(WEEK), MONDAY_MORNING), "en", BRAND)
    assert not any("ROAS" in sentence for sentence in (*after.good, *after.watch))
    tile = {tile.slug: tile for tile in after.tiles}["roas"]
    assert tile.change is not None
    assert (tile.provisional, tile.change.text, tile.change.tone, tile.change.word) == ("provisional", "−11.6% so far", "neutral", "")


def test_files_that_name_no_source_are_called_imported_files(reported: Client) -> None:
    names = [source.name for source in present(gather.report(reported, named(WEEK), MONDAY_MORNING), "fr", BRAND).sources]
    assert names == ["Leads (fichiers)", "Commandes (fichiers)", "Google Ads (fichier) · 1"]


def test_a_week_of_which_a_day_is_missing_is_not_compared(reported: Client) -> None:
    connection = pulled_until(SUNDAY - timedelta(days=1))
    report = gather.report(reported, named(WEEK), MONDAY_MORNING)
    spend = next(tile for tile in report.tiles if tile.figure.slug == "spend")
    assert spend.figure.value is not None
    assert (spend.figure.previous, spend.trend.values[-1]) == (None, None)
    state = next(state for state in report.sources if state.kind == "api")
    assert (state.account, state.missing_days) == (connection.name, (SUNDAY,))


def test_a_silence_of_months_in_a_file_is_unknown_and_not_zero(lumen: Client, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("order_id,ordered_at,amount\nO1,2026-01-05T10:00:00,10\nO2,2026-03-30T10:00:00,10\n")
    load(lumen, KINDS["orders"], tmp_path / "f.csv")
    worker.work_off()
    revenue = next(tile for tile in gather.report(lumen, named("2026-W07"), MONDAY_MORNING).tiles if tile.figure.slug == "revenue")
    assert (revenue.figure.value, revenue.figure.reason) == (None, "not_reported")


def tile(report: Report, slug: str) -> Figure:
    return next(tile.figure for tile in report.tiles if tile.figure.slug == slug)


def missing(report: Report) -> dict[tuple[str, str], int]:
    """How many days each account lacks of each family."""
    return {(state.account, state.family): len(state.missing_days) for state in report.sources}


def test_orders_that_stop_are_named_though_leads_go_on(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "leads", "lead_id,created_at\nL1,2026-11-02T10:00:00\nL2,2026-11-09T10:00:00\nL3,2026-11-15T10:00:00\n")
    load_text(lumen, "orders", "order_id,ordered_at,amount\nO1,2026-11-02T10:00:00,10\nO2,2026-11-09T10:00:00,10\n")
    worker.work_off()
    report = gather.report(lumen, named(WEEK), MONDAY_MORNING)
    assert missing(report) == {("import", "leads"): 0, ("import", "orders"): 6}
    assert tile(report, "leads").previous is not None
    assert tile(report, "orders").value == 1
    assert tile(report, "orders").previous is None


def test_a_shop_that_stops_is_named_and_the_sum_of_the_others_is_not_compared(lumen: Client, load_text: LoadText) -> None:
    rows = [(shop, day) for shop, days in (("shop_fr", (2, 7)), ("shop_de", (2, 9, 15))) for day in days]
    orders = "".join(f"{shop}-{day},{shop},2026-11-{day:02d}T10:00:00,10\n" for shop, day in rows)
    load_text(lumen, "orders", "order_id,account,ordered_at,amount\n" + orders)
    worker.work_off()
    report = gather.report(lumen, named(WEEK), MONDAY_MORNING)
    assert missing(report) == {("shop_de", "orders"): 0, ("shop_fr", "orders"): 7}
    assert tile(report, "revenue").value == 20
    assert tile(report, "revenue").previous is None


def test_a_report_is_of_one_state_though_figures_change_while_it_is_made(
    own_database: str, reported: Client, load_text: LoadText, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = gather.report(reported, named(WEEK), MONDAY_MORNING)
    ask_all = query.ask_all

    def another_order() -> None:
        with inside(reported):
            load_text(reported, "orders", "order_id,ordered_at,amount\nO9,2026-11-10T10:00:00,5000\n")
            worker.work_off()

    def interrupted(questions: Sequence[query.Question]) -> list[query.Answer]:
        answers = ask_all(questions)
        in_thread(another_order).result(PATIENCE)
        return answers

    monkeypatch.setattr(query, "ask_all", interrupted)
    assert gather.report(reported, named(WEEK), MONDAY_MORNING) == before
    monkeypatch.undo()
    after = gather.report(reported, named(WEEK), MONDAY_MORNING)
    assert after.data_version == before.data_version + 1
    assert tile(after, "orders").value == 3


def test_a_report_is_of_iso_weeks_whatever_the_weeks_of_the_client_are(reported: Client) -> None:
    before = gather.report(reported, named(WEEK), MONDAY_MORNING)
    choices.choose(reported, "week_start", "sunday", None, OPERATOR)
    after = gather.report(reported, named(WEEK), MONDAY_MORNING)
    assert after == before
    assert after.buckets[-1] == WEEK


def test_a_campaign_called_by_a_sign_is_a_line_of_its_own(lumen: Client, load_text: LoadText) -> None:
    """Twelve campaigns: ten are listed, the other two are one line. None of them is taken for that line or for the total."""
    names = ["*", "-", *(f"Campaign {number}" for number in range(10))]
    rows = "".join(f"2026-11-09,google_ads,1,{name},1,{20 - place}\n" for place, name in enumerate(names))
    load_text(lumen, "ads", "date,source,account,campaign,clicks,spend\n" + rows)
    worker.work_off()
    table = gather.report(lumen, named(WEEK), MONDAY_MORNING).campaigns
    assert [(row.key, row.is_rest) for row in table.rows] == [*((name, False) for name in names[:10]), ("", True)]
    assert table.rows[0].figures["spend"].value == 20
