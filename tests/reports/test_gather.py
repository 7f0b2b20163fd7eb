"""What a report says of figures that a platform may still restate."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import Client
from campaigns.connectors import connector_for
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from campaigns.models import Connection, LoadedSpan
from jobs import worker
from reports import gather
from reports.content import Report
from reports.presentation import present
from tests.reports.conftest import WEEK
from tests.reports.test_presentation import BRAND

SUNDAY = date(2026, 11, 15)
SETTLED = timedelta(days=connector_for("google_ads").settle_days)
MONDAY_MORNING = datetime(2026, 11, 16, 6, tzinfo=UTC)


def pulled_until(last_day: date, source: str = "google_ads") -> Connection:
    """An account read over the platform's API up to a day; its week is settled once that day is `SETTLED` behind."""
    connection = Connection.objects.create(
        source=source, account="4125589071", name="Maison Lumen", currency="EUR", timezone="Europe/Paris", credential_id=1
    )
    LoadedSpan.objects.create(connection=connection, family=connector_for(source).family, since=date(2026, 10, 1), until=last_day)
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
    assert provisional(gather.report(reported, WEEK, MONDAY_MORNING)) == {"roas"}


@pytest.mark.parametrize(("days_short", "expected"), [(1, {"roas"}), (0, set())])
def test_a_week_is_final_once_its_last_day_is_settled(reported: Client, days_short: int, expected: set[str]) -> None:
    pulled_until(SUNDAY + SETTLED - timedelta(days=days_short))
    assert provisional(gather.report(reported, WEEK, MONDAY_MORNING)) == expected


def test_figures_from_files_are_final(reported: Client) -> None:
    assert Connection.objects.filter(source="google_ads", credential_id=None).exists()
    assert provisional(gather.report(reported, WEEK, MONDAY_MORNING)) == set()


def test_an_account_that_was_never_read_makes_nothing_provisional(reported: Client) -> None:
    pulled_until(SUNDAY).loaded_spans.all().delete()
    assert provisional(gather.report(reported, WEEK, MONDAY_MORNING)) == set()


def test_an_unsettled_week_raises_no_alarm(reported: Client) -> None:
    """Week 45 claimed 5.12 for each euro, week 46 has 4.53 so far: no reader is told that this is bad."""
    before = present(gather.report(reported, WEEK, MONDAY_MORNING), "en", BRAND)
    assert any("ROAS" in sentence for sentence in before.watch)
    pulled_until(SUNDAY)
    after = present(gather.report(reported, WEEK, MONDAY_MORNING), "en", BRAND)
    assert not any("ROAS" in sentence for sentence in (*after.good, *after.watch))
    tile = {tile.slug: tile for tile in after.tiles}["roas"]
    assert tile.change is not None
    assert (tile.provisional, tile.change.text, tile.change.tone, tile.change.word) == ("provisional", "−11.6% so far", "neutral", "")


def test_files_that_name_no_source_are_called_imported_files(reported: Client) -> None:
    names = [source.name for source in present(gather.report(reported, WEEK, MONDAY_MORNING), "fr", BRAND).sources]
    assert names == ["Leads (fichiers)", "Commandes (fichiers)", "Google Ads (fichier) · 1"]


def test_a_week_of_which_a_day_is_missing_is_not_compared(reported: Client) -> None:
    connection = pulled_until(SUNDAY - timedelta(days=1))
    report = gather.report(reported, WEEK, MONDAY_MORNING)
    spend = next(tile for tile in report.tiles if tile.figure.slug == "spend")
    assert spend.figure.value is not None
    assert (spend.figure.previous, spend.trend.values[-1]) == (None, None)
    state = next(state for state in report.sources if state.kind == "api")
    assert (state.account, state.missing_days) == (connection.name, (SUNDAY,))


def test_a_silence_of_months_in_a_file_is_unknown_and_not_zero(lumen: Client, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("order_id,ordered_at,amount\nO1,2026-01-05T10:00:00,10\nO2,2026-03-30T10:00:00,10\n")
    load(lumen, KINDS["orders"], tmp_path / "f.csv")
    worker.work_off()
    revenue = next(tile for tile in gather.report(lumen, "2026-W07", MONDAY_MORNING).tiles if tile.figure.slug == "revenue")
    assert (revenue.figure.value, revenue.figure.reason) == (None, "not_reported")
