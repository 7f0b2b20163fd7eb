"""What each section of a report says of a company, against rows that are added up here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.audit import OPERATOR
from accounts.models import Client
from jobs import worker
from kpis import query
from kpis.periods import Period
from reports import gather, notes, preparing
from reports.cadence import ReportPeriod, named
from reports.content import Figure, Length, Report, Row, Table
from reports.gather.campaigns import LEAST_SHARE
from tests.conftest import LoadText
from tests.reports.company import CAMPAIGNS, OCTOBER, SEPTEMBER, WEEK_43, Company

NOW = datetime(2026, 11, 2, 7, tzinfo=UTC)
MONTH = ReportPeriod("2026-10", *OCTOBER)
NEAR = Decimal("1e-20")


@pytest.fixture
def company(lumen: Client, load_text: LoadText) -> Company:
    told = Company()
    told.load(lumen, load_text)
    return told


def monthly(client: Client) -> Report:
    return gather.report(client, MONTH, NOW, length="monthly", cadence="monthly")


def figures(report: Report) -> dict[str, Figure]:
    """Of the whole company."""
    every = [tile.figure for tile in report.tiles] + [*report.scorecard, *report.funnel, *report.customers]
    every += [figure for line in report.lines for figure in line.figures]
    tables = [table for table in (report.channels, report.campaigns, report.money, report.mailings, report.pages, report.posts) if table]
    every += [figure for table in tables for figure in table.total.figures.values()]
    return {figure.slug: figure for figure in reversed(every)}


def column(rows: Iterable[Row], slug: str) -> list[Decimal]:
    return [row.figures[slug].value or Decimal(0) for row in rows]


def test_a_monthly_report_has_every_section_and_its_figures_are_those_of_the_rows(lumen: Client, company: Company) -> None:
    report = monthly(lumen)
    whole = figures(report)
    revenue, spend = company.total(company.orders, "amount", OCTOBER), company.total(company.ads, "spend", OCTOBER)
    assert whole["revenue"].value == revenue
    assert whole["revenue"].previous == company.total(company.orders, "amount", SEPTEMBER)
    assert whole["revenue"].last_year == company.total(company.orders, "amount", (date(2025, 10, 1), date(2025, 10, 31)))
    assert whole["spend"].value == spend
    assert whole["other_costs"].value == 3100
    assert whole["roi"].value == pytest.approx((revenue - spend - 3100) / (spend + 3100), abs=NEAR)
    assert whole["leads"].value == sum(OCTOBER[0] <= date.fromisoformat(lead["created_at"][:10]) <= OCTOBER[1] for lead in company.leads)
    assert whole["email_sent"].value == company.total(company.email, "sent", OCTOBER)
    assert whole["sessions"].value == company.total(company.web, "sessions", OCTOBER)
    assert whole["engagements"].value == sum(company.total(company.social, kind, OCTOBER) for kind in ("likes", "comments", "shares"))
    # Every figure is what the query of KPIs answers.
    answer = query.ask(Period(*OCTOBER), slugs=list(whole), previous=Period(*SEPTEMBER))
    asked = answer.total.values(list(whole), answer.coverage)
    compared = {slug for slug in whole if slug not in {"email_sent", "social_impressions", "link_clicks"}}
    assert {slug: figure.value for slug, figure in whole.items()} == {slug: pair.value.decimal for slug, pair in asked.items()}
    assert {slug: whole[slug].previous for slug in compared} == {slug: asked[slug].previous.decimal for slug in compared}

    _tables_re_add(report)
    _waterfalls_re_add(report, company)
    _targets_are_told(report)
    _rankings_are_of_those_who_spent_enough(report, company)
    _customers_stay_or_leave(report)
    assert [(rate.currency, rate.day, rate.rate) for rate in report.rates] == [("USD", date(2026, 10, 31), Decimal("1.25"))]
    assert [step.slug for step in report.funnel] == ["impressions", "clicks", "leads", "mql", "sql", "won"]
    assert (report.buckets[0], report.buckets[-1], len(report.buckets)) == ("2025-10", "2026-10", 13)
    assert report.pace == ()
    text = preparing.canonical(report)
    for secret in ("people.example", "ana.b", '"C7"', '"L7-0"', '"O7"'):
        assert secret not in text
    assert lumen.schema_name not in text


def _tables_re_add(report: Report) -> None:
    sums = {"channels": ("spend", "leads", "orders", "revenue"), "campaigns": ("spend", "clicks", "leads"),
            "money": ("spend", "other_costs", "revenue"), "mailings": ("email_sent", "email_delivered"), "pages": ("sessions",),
            "posts": ("social_impressions", "engagements")}  # fmt: skip
    for name, slugs in sums.items():
        table: Table = getattr(report, name)
        assert table.rows
        for slug in slugs:
            assert sum(column(table.rows, slug)) == table.total.figures[slug].value, (name, slug)
    for name in ("mailings", "pages"):
        table = getattr(report, name)
        assert [row.is_rest for row in table.rows] == [False] * 10 + [True]
        assert column(table.rows[:10], table.slugs[0]) == sorted(column(table.rows[:10], table.slugs[0]), reverse=True)
    assert report.pages
    assert report.pages.rows[0].key == "/account?mail=…&x=1"


def _waterfalls_re_add(report: Report, company: Company) -> None:
    assert [waterfall.slug for waterfall in report.contributions] == ["revenue", "leads"]
    for waterfall in report.contributions:
        assert waterfall.previous + sum(part.amount for part in waterfall.parts) == waterfall.value
    mail = next(part for part in report.contributions[0].parts if part.key == "email")
    of_mail = [company.total(company.orders, "amount", days, lambda row: row["channel"] == "email") for days in (OCTOBER, SEPTEMBER)]
    assert mail.amount == of_mail[0] - of_mail[1]


def _targets_are_told(report: Report) -> None:
    tiles = {tile.figure.slug: tile.figure for tile in report.tiles}
    assert [(slug, tiles[slug].target) for slug in ("revenue", "leads", "roas", "orders")] == [
        ("revenue", 6200), ("leads", 31), ("roas", 9), ("orders", None),
    ]  # fmt: skip
    revenue, roas, cpl = tiles["revenue"], tiles["roas"], tiles["cpl"]
    assert revenue.value
    assert roas.value
    assert (revenue.is_reached, roas.is_reached, cpl.is_reached) == (revenue.value >= 6200, roas.value >= 9, True)
    # A channel's own target is told beside its figure, and is none of the company's.
    channels = {row.key: row.figures for row in report.channels.rows}
    assert {(key, slug): one.target for key, row in channels.items() for slug, one in row.items() if one.target} == {("email", "leads"): 5}
    assert report.channels.total.figures["leads"].target is None
    # Spend is a volume: neither good nor bad.
    assert (tiles["spend"].target, tiles["spend"].is_reached, tiles["orders"].is_reached) == (Decimal(4000), None, None)


def _rankings_are_of_those_who_spent_enough(report: Report, company: Company) -> None:
    assert report.ranking
    least = company.total(company.ads, "spend", OCTOBER) * Decimal(LEAST_SHARE.numerator) / LEAST_SHARE.denominator
    assert (report.ranking.slug, report.ranking.least_spend) == ("roas", least)
    by_roas = [name for name, _ in CAMPAIGNS if name != "Tiny"]
    assert [row.key for row in report.ranking.best] == by_roas[:2]
    assert [row.key for row in report.ranking.worst] == by_roas[2:][::-1]


def _customers_stay_or_leave(report: Report) -> None:
    assert [figure.slug for figure in report.customers][:3] == ["new_customers", "customers", "clv"]
    assert report.retention
    assert all(cohort <= "2026-10" for cohort in report.retention.cohorts)
    width = len(report.retention.rows[0])
    for cohort, row in zip(report.retention.cohorts, report.retention.rows, strict=True):
        over = (2026 - int(cohort[:4])) * 12 + 10 - int(cohort[5:])
        assert [cell is None for cell in row] == [age > over for age in range(1, width + 1)]


def test_a_weekly_report_prorates_targets_and_tells_the_pace_of_the_month(lumen: Client, company: Company) -> None:
    notes.write(lumen, OPERATOR, kind="done", period="2026-W43", text="Shopping is on.")
    report = gather.report(lumen, named("2026-W43"), NOW)
    tiles = {tile.figure.slug: tile.figure for tile in report.tiles}
    assert tiles["revenue"].value == company.total(company.orders, "amount", WEEK_43)
    # Seven days of 31; a ratio is aimed at on every day alike.
    assert [tiles[slug].target for slug in ("revenue", "leads", "roas")] == [1400, 7, 9]
    four = (date(2026, 9, 21), date(2026, 10, 18))
    assert tiles["revenue"].average == company.total(company.orders, "amount", four) / 4
    value, spend = (company.total(company.ads, name, four) for name in ("conversion_value", "spend"))
    assert tiles["roas"].average == pytest.approx(value / spend, abs=NEAR)
    assert tiles["revenue"].last_year == company.total(company.orders, "amount", (date(2025, 10, 20), date(2025, 10, 26)))

    pace = {one.slug: one for one in report.pace}
    so_far = company.total(company.orders, "amount", (date(2026, 10, 1), WEEK_43[1]))
    revenue = pace["revenue"]
    assert (revenue.month, revenue.until, revenue.days, revenue.days_in_month) == ("2026-10", WEEK_43[1], 25, 31)
    assert (revenue.value, revenue.target, revenue.expected) == (so_far, Decimal(6200), Decimal(5000))
    assert revenue.projected == pytest.approx(so_far * 31 / 25, abs=NEAR)
    assert pace["roas"].target == pace["roas"].expected == 9
    assert report.notes.done == ("Shopping is on.",)
    assert (report.scorecard, report.money, report.retention, report.customers) == ((), None, None, ())
    # Single mailings, pages and posts are told by the long report alone.
    assert (report.mailings, report.pages, report.posts) == (None, None, None)

    _other_cadences_compare_with_periods_of_their_own(lumen, company)

    # A day after what was told.
    later = gather.report(lumen, named("2026-W45"), NOW)
    assert {(tile.figure.value, tile.figure.reason, tile.figure.is_incomplete) for tile in later.tiles} == {
        (None, "not_yet_observed", True)
    }
    assert not any(tile.figure.is_incomplete for tile in report.tiles)


def _other_cadences_compare_with_periods_of_their_own(client: Client, company: Company) -> None:
    """Two weeks with the two before, a quarter of another length with the whole one before; last year from Monday, or by the calendar."""
    cases: list[tuple[str, str, Length, tuple[date, date], tuple[date, date], tuple[date, date] | None, str]] = [
        ("2026-W42-W43", "fortnightly", "weekly", (date(2026, 10, 12), date(2026, 10, 25)), (date(2026, 9, 28), date(2026, 10, 11)),
         (date(2025, 10, 13), date(2025, 10, 26)), "2026-W43"),
        ("2026-Q3", "quarterly", "monthly", (date(2026, 7, 1), date(2026, 9, 30)), (date(2026, 4, 1), date(2026, 6, 30)), None, "2026-09"),
    ]  # fmt: skip
    for key, cadence, length, days, before, last_year, bucket in cases:
        report = gather.report(client, ReportPeriod(key, *days), NOW, length=length, cadence=cadence)
        revenue = next(tile.figure for tile in report.tiles if tile.figure.slug == "revenue")
        assert (report.period, report.buckets[-1], report.previous_since, report.previous_until) == (key, bucket, *before)
        assert (revenue.value, revenue.previous) == tuple(company.total(company.orders, "amount", each) for each in (days, before))
        assert revenue.last_year == (company.total(company.orders, "amount", last_year) if last_year else None)


WEB = """date,source,landing_page,sessions,engaged_sessions,conversions
2026-11-09,ga4,/,50,20,1
2026-11-15,ga4,/,90,30,2
"""


def test_who_sells_nothing_sees_what_there_is(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "web", WEB)
    worker.work_off()
    report = gather.report(lumen, named("2026-W46"), NOW)
    assert [(tile.figure.slug, tile.figure.value) for tile in report.tiles] == [
        ("revenue", None),
        ("sessions", 140),
        ("site_conversions", 3),
    ]
    assert [(line.part, [figure.value for figure in line.figures]) for line in report.lines] == [
        ("site", [140, pytest.approx(Decimal(3) / 140, abs=NEAR), pytest.approx(Decimal(90) / 140, abs=NEAR)])
    ]
    assert (report.mailings, report.posts, report.ranking, report.contributions) == (None, None, None, ())
