"""What each chapter of a report says: targets, scorecard, funnel, ranking, triangle, rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.brand import Brand
from reports.charts import palette, print_theme
from reports.charts.waterfall import waterfall
from reports.content import Figure, Part, Rate, Report, Triangle, Waterfall
from reports.presentation import Presentation, present
from tests.reports.sample import monthly, weekly

BRAND = Brand("Atelier Nord", "#1f4e5f", "#e08e45")


def shown(report: Report, language: str = "en") -> Presentation:
    return present(report, language, BRAND)


@pytest.mark.parametrize(
    ("slug", "value", "target", "is_reached", "words"),
    [
        ("revenue", "106600", "100000", True, ("6.6% above", "target met", "good")),
        ("leads", "760", "800", False, ("5.0% below", "target missed", "bad")),
        ("cpl", "27", "30", True, ("10.0% below", "target met", "good")),
        ("spend", "110", "100", None, ("10.0% above", "", "neutral")),
        ("retention_rate", "0.873", "0.88", False, ("0.7\u00a0pt below", "target missed", "bad")),
        ("orders", "500", "500", True, ("on target", "target met", "good")),
    ],
)
def test_how_far_from_its_target_a_figure_is_stands_in_words(
    slug: str, value: str, target: str, is_reached: bool | None, words: tuple[str, str, str]
) -> None:
    told = shown(monthly(scorecard=(Figure(slug, Decimal(value), None, None, target=Decimal(target), is_reached=is_reached),))).scorecard
    assert told
    found = told.scores[0].target
    assert found
    assert (found.distance, found.verdict, found.tone) == words
    assert (found.value_at > found.target_at) == (Decimal(value) > Decimal(target))
    assert max(found.value_at, found.target_at) < 100


def test_a_provisional_figure_is_not_yet_judged_against_its_target() -> None:
    figure = Figure("roas", Decimal(3), None, None, is_provisional=True, target=Decimal(4), is_reached=False)
    told = shown(monthly(scorecard=(figure,))).scorecard
    assert told
    assert told.scores[0].target
    assert (told.scores[0].target.verdict, told.scores[0].target.tone) == ("", "neutral")


def test_a_short_report_tells_its_headlines_against_last_year_too() -> None:
    card = shown(weekly()).scorecard
    assert card
    assert [score.slug for score in card.scores] == ["revenue", "spend", "roas", "leads", "cpl", "orders"]
    assert (card.before, card.last_year) == ("Week 45", "Week 46 of 2025")
    assert all(score.last_year.text != "–" for score in card.scores)


def test_bars_of_the_funnel_are_in_proportion_and_what_is_no_lead_yet_has_none() -> None:
    report = monthly()
    told = shown(report).funnel
    assert told
    bars = {figure.slug: stage.bar for figure, stage in zip(report.funnel, told.stages, strict=True)}
    counts = {figure.slug: figure.value or Decimal(0) for figure in report.funnel}
    assert bars["impressions"] is None
    assert bars["leads"] == 100
    assert bars["sql"] == pytest.approx(float(counts["sql"] / counts["leads"] * 100), abs=0.05)
    assert told.note == "The bars are on one scale, from “Leads” on."


def test_the_ranking_says_which_campaigns_are_judged_and_marks_what_may_still_move() -> None:
    told = shown(weekly()).ranking
    assert told
    assert len(told.best) == len(told.worst) == 3
    assert "only campaigns that spent €" in told.note
    assert {column.slug: column.provisional for column in told.columns}["roas"] == "provisional"


def test_the_triangle_has_no_month_of_acquisition_and_marks_the_month_that_is_not_over() -> None:
    rows = ((Decimal("0.4"), Decimal("0.3")), (Decimal("0.5"), None), (None, None))
    found = Triangle(("2026-08", "2026-09", "2026-10"), (100, 80, 60), rows, is_open=True)
    told = shown(monthly(retention=found)).retention
    assert told
    assert told.months == ("+1 mo.", "+2 mo.")
    assert [[share and (share.text, share.is_open) for share in cohort.shares] for cohort in told.cohorts] == [
        [("40%", False), ("30%", True)],
        [("50%", True), None],
        [None, None],
    ]
    assert told.open_note
    closed = shown(monthly(retention=replace(found, is_open=False))).retention
    assert closed
    assert closed.open_note == ""


def test_a_triangle_of_which_nothing_is_known_is_not_shown() -> None:
    assert shown(monthly(retention=Triangle(("2026-10",), (60,), ((None,),), is_open=True))).retention is None


def test_an_exchange_rate_says_what_one_unit_of_the_clients_currency_cost() -> None:
    report = monthly()
    [rate] = shown(replace(report, rates=(Rate("USD", report.until, Decimal("1.0842")),)), "fr").rates
    assert (rate.text, rate.day) == ("1 EUR = 1,0842 USD", "31 octobre 2026")


def test_what_a_change_is_made_of_is_coloured_by_what_it_means() -> None:
    report = weekly(
        contributions=(
            Waterfall("revenue", "channel", Decimal(100), Decimal(95), (Part("email", Decimal(10)), Part("direct", Decimal(-15)))),
            Waterfall("spend", "channel", Decimal(100), Decimal(110), (Part("paid_search", Decimal(10)),)),
        )
    )
    revenue, spend = shown(report).waterfalls
    assert [(step.name, step.label, step.tone) for step in revenue.steps] == [("E-mail", "+€10.00", "good"), ("Direct", "−€15.00", "bad")]
    assert [step.tone for step in spend.steps] == ["neutral"]
    assert revenue.change == "Change: −€5.00 (−5.0%)"


@pytest.mark.parametrize(("report", "most", "rest"), [(weekly, 5, "+28"), (monthly, 8, "+10")])
def test_beyond_some_parts_the_others_are_one_and_none_is_lost(report: Callable[..., Report], most: int, rest: str) -> None:
    parts = tuple(Part(f"Campaign {number}", Decimal(number)) for number in range(12, 0, -1))
    [told] = shown(report(contributions=(Waterfall("leads", "campaign", Decimal(0), Decimal(78), parts),))).waterfalls
    assert len(told.steps) == most + 1
    assert (told.steps[-1].name, told.steps[-1].label, told.steps[-1].end) == ("Other or no campaign", rest, 78.0)


def test_a_long_name_beside_a_waterfall_is_cut_before_the_bars() -> None:
    name = "2026-Q4 | FR+BE+CH | Prospection & fidélisation – collection automne n° 01"
    one = Waterfall("leads", "campaign", Decimal(0), Decimal(9), (Part(name, Decimal(9)),))
    [chart] = shown(weekly(contributions=(one,))).waterfalls
    svg = waterfall(chart, print_theme(palette("#1f4e5f", "#e08e45")), 485)
    assert "…" in svg
    assert name.replace("&", "&amp;") not in svg.partition("</desc>")[2]
