from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.brand import Brand
from kpis.definitions import DEFINITIONS
from reports.content import Figure, Report, SourceState
from reports.presentation import Presentation, present
from tests.reports.sample import empty_report, huge_report, monthly, sample_report, settled_report

BRAND = Brand("Atelier Nord", "#1f4e5f", "#e08e45")
SPACES = re.compile("[\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}]")


def shown(report: Report, language: str = "en") -> Presentation:
    return present(report, language, BRAND)


def with_figure(report: Report, slug: str, value: str | None, previous: str | None) -> Report:
    """The report with one tile's figures replaced."""
    now, before = (None if text is None else Decimal(text) for text in (value, previous))
    tiles = tuple(
        replace(tile, figure=Figure(slug, now, None if now is not None else "not_reported", before)) if tile.figure.slug == slug else tile
        for tile in report.tiles
    )
    return replace(report, tiles=tiles)


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", text))


def test_the_verdict_is_about_revenue_and_quotes_its_figures() -> None:
    report = with_figure(with_figure(sample_report(), "revenue", "106000", "100000"), "spend", "20000", "20000")
    assert shown(report).verdict == "Revenue came to €106,000 in week 46, up 6.0% on week 45, for €20,000 of ad spend."
    assert SPACES.sub(" ", shown(report, "fr").verdict) == (
        "Le chiffre d'affaires s'établit à 106 000 € en semaine 46, en hausse de 6,0 % par rapport à la semaine 45,"
        " pour 20 000 € de dépenses publicitaires."
    )


def test_without_revenue_the_verdict_is_about_leads_then_about_spend() -> None:
    no_revenue = with_figure(sample_report(), "revenue", None, None)
    assert shown(no_revenue).verdict.startswith("The number of leads came to ")
    no_leads = with_figure(no_revenue, "leads", None, None)
    assert shown(no_leads).verdict.startswith("Ad spend came to ")
    assert shown(no_leads).verdict.count("spend") == 1


def test_without_any_figure_the_verdict_says_so() -> None:
    assert shown(empty_report()).verdict == "No figure is known for week 46 yet."
    assert shown(empty_report()).good == shown(empty_report()).watch == ()


def test_the_inbox_line_carries_week_main_figure_and_change() -> None:
    report = with_figure(sample_report(), "revenue", "106000", "100000")
    assert shown(report).subject == "Maison Lumen, week 46: Revenue €106,000 (+6.0%)"


def test_more_revenue_is_good_and_a_dearer_lead_is_bad() -> None:
    report = with_figure(with_figure(sample_report(), "revenue", "110", "100"), "cpl", "33", "30")
    tiles = {tile.slug: tile for tile in shown(report).tiles}
    assert [(tiles[slug].change.tone, tiles[slug].change.word) for slug in ("revenue", "cpl") if tiles[slug].change] == [  # type: ignore[union-attr]
        ("good", "favourable"),
        ("bad", "unfavourable"),
    ]


def test_spend_is_neither_good_nor_bad() -> None:
    change = {tile.slug: tile for tile in shown(with_figure(sample_report(), "spend", "300", "100")).tiles}["spend"].change
    assert change is not None
    assert (change.tone, change.word, change.arrow) == ("neutral", "", "up")


def test_a_change_that_rounds_to_nothing_is_stable_without_arrow_or_colour() -> None:
    change = {tile.slug: tile for tile in shown(with_figure(sample_report(), "leads", "10000", "10001")).tiles}["leads"].change
    assert change is not None
    assert (change.text, change.arrow, change.tone) == ("stable", "none", "neutral")


def test_only_changes_past_the_stated_threshold_get_a_sentence() -> None:
    report = sample_report()
    for slug in DEFINITIONS:
        report = with_figure(report, slug, "100", "100")
    report = with_figure(with_figure(report, "leads", "102.9", "100"), "cpl", "97", "100")
    presentation = shown(report)
    assert presentation.good == ("The media cost per lead fell by 3.0%, from €100.00 to €97.00.",)
    assert presentation.watch == ()
    assert presentation.threshold == "Changes of 3% or more compared with week 45"


def test_an_undefined_figure_is_a_dash_and_says_why() -> None:
    report = sample_report()
    no_denominator = replace(report.tiles[2], figure=Figure("roas", None, "no_denominator", Decimal(4)))
    tile = shown(replace(report, tiles=(no_denominator,))).tiles[0]
    assert (tile.value, tile.reason, tile.change) == ("–", "Not defined: there is nothing to divide by", None)


@pytest.mark.parametrize("report", [sample_report(), huge_report()], ids=["sample", "huge"])
def test_every_table_re_adds_to_its_total(report: Report) -> None:
    for table in (report.channels, report.campaigns):
        for slug in table.slugs:
            if DEFINITIONS[slug].is_additive:
                assert sum((row.figures[slug].value or Decimal(0) for row in table.rows), Decimal(0)) == table.total.figures[slug].value


@pytest.mark.parametrize("report", [sample_report(), huge_report()], ids=["sample", "huge"])
def test_rounded_rows_differ_from_their_total_by_no_more_than_rounding(report: Report) -> None:
    presentation = shown(report)
    for table in (presentation.channels, presentation.campaigns):
        for index, column in enumerate(table.columns):
            if not column.is_change and DEFINITIONS[column.slug].is_additive:
                rows = sum((number(row.cells[index].text) for row in table.rows), Decimal(0))
                assert abs(rows - number(table.total.cells[index].text)) <= Decimal(len(table.rows)) / 2


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("report", [sample_report(), huge_report()], ids=["sample", "huge"])
def test_a_total_is_written_as_its_tile_is(report: Report, language: str) -> None:
    presentation = shown(report, language)
    tiles = {tile.slug: tile.value for tile in presentation.tiles}
    for table in (presentation.channels, presentation.campaigns):
        totals = {cell.column.slug: cell.text for cell in table.total.cells if not cell.column.is_change}
        assert {slug: totals[slug] for slug in totals if slug in tiles} == {slug: tiles[slug] for slug in totals if slug in tiles}


def test_the_last_point_of_a_chart_is_the_tiles_figure() -> None:
    presentation = shown(sample_report())
    tiles = {tile.short: tile.value for tile in presentation.tiles}
    assert presentation.trend is not None
    assert {series.name: series.labels[-1] for series in presentation.trend.series} == {name: tiles[name] for name in ("Revenue", "Spend")}


def test_a_column_of_money_agrees_with_itself_about_cents() -> None:
    for row in shown(sample_report()).campaigns.rows:
        assert "." not in row.cells[0].text


def test_every_dash_of_a_table_is_explained_below_it() -> None:
    table = shown(sample_report()).channels
    assert any(cell.text == "–" for row in table.rows for cell in row.cells)
    assert table.notes[0] == "– Not defined: there is nothing to divide by"


def test_a_column_that_is_not_the_quotient_of_its_neighbours_says_what_it_is() -> None:
    """Ad spend beside all leads invites a division that gives another figure."""
    assert "CPL: Ad spend / leads of paid channels" in shown(sample_report()).channels.notes
    assert "CPL : Dépenses publicitaires / leads des canaux payants" in shown(sample_report(), "fr").campaigns.notes


def test_beyond_six_channels_the_smallest_are_one_layer_and_no_lead_is_lost() -> None:
    report = huge_report()
    leads = shown(report).leads
    assert leads is not None
    assert len(leads.series) == 6
    assert leads.series[-1].name == "Other channels"
    drawn = sum(series.values[-1] or 0 for series in leads.series)
    assert drawn == float(report.channels.total.figures["leads"].value or 0)
    assert [series.values[0] for series in leads.series] == [None] * 6


def test_a_client_without_figures_has_no_chart() -> None:
    presentation = shown(empty_report())
    assert presentation.trend is None
    assert presentation.leads is None
    assert {tile.value for tile in presentation.tiles} == {"–"}


def test_the_state_of_each_source_is_told() -> None:
    google, meta, hubspot = shown(sample_report()).sources
    assert google.name == "Google Ads · 412-558-9071"
    assert google.text == "complete to 15 November 2026, still moving since 23 October 2026"
    assert (google.status, meta.status, hubspot.status) == ("Provisional", "Provisional", "Final")
    assert hubspot.name == "HubSpot (file)"


def test_missing_days_and_lost_access_are_named_on_every_page() -> None:
    presentation = shown(huge_report())
    linkedin, tiktok = presentation.sources[-2:]
    assert "3 days missing: 10–11 November 2026, 13 November 2026" in linkedin.text
    assert "access lost" in tiktok.text
    assert presentation.data_tone == "lost"
    assert presentation.data_state == "Incomplete data: LinkedIn Ads · Groupe Lumen International Holding, TikTok Ads · lumen"


def test_days_missing_outside_the_week_do_not_make_it_incomplete() -> None:
    report = sample_report()
    old = SourceState("google_ads", "1", "ads", "api", report.until, report.until, (report.since - timedelta(days=40),), False)
    assert shown(replace(report, sources=(old,))).data_state == "Data complete to 15 November 2026 and final"


def test_comparison_and_period_name_their_days() -> None:
    presentation = shown(sample_report())
    assert presentation.period == "Week 46 · 9–15 November 2026"
    assert presentation.comparison == "Compared with week 45 (2–8 November 2026) and with week 46 of 2025 (10–16 November 2025)"
    assert shown(monthly()).comparison == "Compared with September 2026 and with October 2025"
    assert shown(monthly(), "fr").comparison == "Par rapport à septembre 2026 et à octobre 2025"
    assert presentation.generated == "Generated on 16 November 2026, 07:00 (Europe/Paris)"


def test_no_english_is_left_in_a_french_report() -> None:
    text = repr(shown(huge_report(), "fr"))
    for word in ("week", "Revenue", "Spend", "favourable ", "Paid", "Campaigns", "complete to", "November"):
        assert not re.search(rf"\b{word}\b", text.replace("week=", "").replace("weeks=", "")), word


def test_the_appendix_defines_every_figure_shown() -> None:
    presentation = shown(sample_report())
    defined = {item.short for item in presentation.explanations}
    assert {tile.short for tile in presentation.tiles} <= defined
    for table in (presentation.channels, presentation.campaigns):
        assert {column.header for column in table.columns if not column.is_change} <= defined


# ------------------------------------------------------------------------------------------------------------ provisional
def test_a_figure_that_may_still_move_says_so_and_is_not_judged() -> None:
    report = sample_report()
    late = replace(report.tiles[2], figure=Figure("roas", Decimal("2.25"), None, Decimal("3.55"), is_provisional=True))
    for language, word, text in (("en", "provisional", "−36.6% so far"), ("fr", "provisoire", "−36,6 % à ce stade")):
        presentation = shown(replace(report, tiles=(late,)), language)
        tile = presentation.tiles[0]
        assert tile.change is not None
        assert (tile.provisional, SPACES.sub(" ", tile.change.text)) == (word, text)
        assert (tile.change.arrow, tile.change.tone, tile.change.word) == ("down", "neutral", "")
        assert presentation.good == presentation.watch == ()
        assert word in presentation.provisional.lower()


def test_the_same_figure_is_judged_once_its_sources_are_final() -> None:
    report = sample_report()
    final = replace(report.tiles[2], figure=Figure("roas", Decimal("2.25"), None, Decimal("3.55")))
    presentation = shown(replace(report, tiles=(final,)))
    assert presentation.watch == ("The ROAS claimed by the platforms fell by 36.6%, from 3.55x to 2.25x.",)
    assert presentation.tiles[0].provisional == presentation.provisional == ""


def test_no_subject_and_no_verdict_is_about_a_figure_that_may_still_move() -> None:
    report = with_figure(sample_report(), "leads", "120", "100")
    moving = replace(report.tiles[0], figure=replace(report.tiles[0].figure, is_provisional=True))
    presentation = shown(replace(report, tiles=(moving, *report.tiles[1:])))
    assert presentation.subject == "Maison Lumen, week 46: Leads 120 (+20.0%)"
    assert presentation.verdict.startswith("The number of leads came to 120")


def test_a_dash_is_never_provisional() -> None:
    report = sample_report()
    unknown = replace(report.tiles[2], figure=Figure("roas", None, "not_reported", None, is_provisional=True))
    presentation = shown(replace(report, tiles=(unknown,)))
    assert presentation.tiles[0].provisional == presentation.provisional == ""


def test_provisional_columns_are_marked_and_explained() -> None:
    moving, final = shown(sample_report()), shown(settled_report())
    for table in (moving.channels, moving.campaigns):
        assert [column.header for column in table.columns if column.provisional] == ["ROAS"]
        assert table.provisional == "ROAS: provisional, conversions are still arriving"
        assert {cell.is_provisional for row in table.rows for cell in row.cells if cell.column.slug == "roas" and not cell.reason} == {True}
        assert not any(cell.is_provisional for row in table.rows for cell in row.cells if cell.reason)
    for table in (final.channels, final.campaigns):
        assert table.provisional == ""
        assert not any(cell.is_provisional for cell in table.total.cells)


# ------------------------------------------------------------------------------------------------------------ tiny counts
@pytest.mark.parametrize(
    ("value", "previous", "text", "arrow"),
    [("2", "1", "+1", "up"), ("0", "3", "−3", "down"), ("4", "0", "+4", "up"), ("9", "9", "stable", "none"), ("12", "9", "+3", "up")],
)
def test_on_a_tiny_count_a_change_is_a_difference_and_is_not_judged(value: str, previous: str, text: str, arrow: str) -> None:
    presentation = shown(with_figure(sample_report(), "leads", value, previous))
    change = {tile.slug: tile for tile in presentation.tiles}["leads"].change
    assert change is not None
    assert (change.text, change.arrow, change.tone, change.word) == (text, arrow, "neutral", "")
    assert not any("leads" in sentence for sentence in (*presentation.good, *presentation.watch))


def test_from_ten_on_a_count_changes_in_percent() -> None:
    change = {tile.slug: tile for tile in shown(with_figure(sample_report(), "leads", "11", "10")).tiles}["leads"].change
    assert change is not None
    assert (change.text, change.tone) == ("+10.0%", "good")


def test_a_small_amount_of_money_still_changes_in_percent() -> None:
    change = {tile.slug: tile for tile in shown(with_figure(sample_report(), "cpl", "3", "2")).tiles}["cpl"].change
    assert change is not None
    assert (change.text, change.tone) == ("+50.0%", "bad")


# ------------------------------------------------------------------------------------------------------------------ names
def test_a_change_column_says_of_what() -> None:
    assert [column.header for column in shown(sample_report()).channels.columns if column.is_change] == ["Leads, change"]
    assert [column.header for column in shown(sample_report(), "fr").channels.columns if column.is_change] == ["Leads, évol."]


def test_the_rest_of_the_campaigns_may_have_none() -> None:
    report = sample_report()
    rest = replace(report.campaigns.rows[-1], key="", channel="", is_rest=True)
    campaigns = replace(report.campaigns, rows=(*report.campaigns.rows[:-1], rest))
    assert shown(replace(report, campaigns=campaigns)).campaigns.rows[-1].name == "Other or no campaign"
    assert shown(replace(report, campaigns=campaigns), "fr").campaigns.rows[-1].name == "Autres ou sans campagne"


def test_imported_files_are_called_that_and_name_their_account_only_where_it_tells_something() -> None:
    report = sample_report()
    sources = tuple(
        SourceState("file", account, "leads", "file", report.until, report.until, (), False) for account in ("import", "Boutique")
    )
    assert [source.name for source in shown(replace(report, sources=sources)).sources] == [
        "Leads from files",
        "Leads from files · Boutique",
    ]
    assert shown(replace(report, sources=sources), "fr").sources[0].name == "Leads (fichiers)"


def test_a_tile_has_a_short_label_and_its_full_name_as_a_title() -> None:
    tile = {tile.slug: tile for tile in shown(sample_report()).tiles}["roas"]
    assert (tile.label, tile.title) == ("ROAS (platforms' claim)", "Return on ad spend, as claimed by the platforms")
    assert {tile.slug: tile for tile in shown(sample_report(), "fr").tiles}["roas"].label == "ROAS (déclaré)"
