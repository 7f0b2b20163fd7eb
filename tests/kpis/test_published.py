"""Published figures of real e-mails, posts and visits, and vendors' own worked examples, to the last digit that is printed."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Client
from kpis import query, recompute, serialise
from kpis.definitions import DEFINITIONS
from kpis.periods import Period
from kpis.query import By
from tests.conftest import LoadText
from tests.kpis.test_references import as_printed

MONDAY = date(2026, 11, 9)
ONE_DAY = timedelta(days=1)
# What GA360 calls them.
CHANNELS = {
    "Affiliates": "affiliation", "Direct": "direct", "Display": "display", "Organic Search": "organic_search",
    "Paid Search": "paid_search", "Referral": "referral", "Social": "organic_social", "(Other)": "other",
}  # fmt: skip
MONTHS = "Jan Feb Mar Apr May June Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905


@pytest.fixture
def references(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "data/references.json").read_text())
    return found


def text(*rows: Iterable[object]) -> str:
    return "\n".join(",".join(map(str, row)) for row in rows) + "\n"


def figures(since: date, until: date, by: By | None = None) -> dict[str, dict[str, str | None]]:
    """Every KPI as it is answered, by group; "" is the whole."""
    answer = query.ask(Period(since, until), by)
    parts = [answer.total, *answer.groups]
    return {
        part.key: {slug: serialise.text(pair.value) for slug, pair in part.values(list(DEFINITIONS), answer.coverage).items()}
        for part in parts
    }


def differing(found: dict[str, str | None], expected: dict[str, Any], names: dict[str, str]) -> list[str]:
    """What is not as it was printed; `names` of the reference by KPI."""
    wrong = []
    for slug, name in names.items():
        value, printed = found[slug], expected[name]
        if value is None or as_printed(value, printed) != Decimal(repr(printed)):
            wrong.append(f"{slug}: {value} is not {printed}")
    return wrong


def percent(value: str | None, decimals: int = 2) -> Decimal | None:
    return None if value is None else (Decimal(value) * 100).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def test_mailings_have_the_rates_that_their_vendor_printed(
    lumen: Client, load_text: LoadText, shared: Path, references: dict[str, Any]
) -> None:
    with (shared / "data/email_vendor_reports/reports.csv").open() as lines:
        reports = list(csv.DictReader(lines))
    counts = ("sent", "hard_bounces", "soft_bounces", "unique_opens", "unique_clicks", "unsubscribes")
    rows = [(f"{MONDAY + number * ONE_DAY}T10:00:00", "mailchimp", row["id"], *(row[name] for name in counts))
            for number, row in enumerate(reports)]  # fmt: skip
    load_text(lumen, "email", text(("sent_at", "source", "campaign", *counts), *rows))
    recompute.catch_up(lumen)
    names = {
        "email_sent": "sent", "email_delivered": "delivered", "delivery_rate": "delivery_rate", "open_rate": "open_rate_delivered",
        "click_rate": "click_rate_delivered", "click_to_open": "ctor", "unsubscribe_rate": "unsub_delivered",
    }  # fmt: skip
    by_day = figures(MONDAY, MONDAY + 2 * ONE_DAY, By.DAY)
    for number, report in enumerate(reports):
        found, expected = by_day[str(MONDAY + number * ONE_DAY)], references["email_vendor_reports"][report["id"]]
        assert differing(found, expected, names) == []
        assert f"{percent(found['open_rate'])}%" == report["printed_open_rate"]
        assert f"{percent(found['click_rate'])}%" == report["printed_click_rate"]


def test_posts_of_a_year_have_the_published_engagement(
    lumen: Client, load_text: LoadText, shared: Path, references: dict[str, Any]
) -> None:
    """Blanks are zeros in the published sums."""
    with (shared / "data/facebook_post_metrics/posts.csv").open() as lines:
        posts = list(csv.DictReader(lines))
    rows = [
        (f"2014-{int(row['Month']):02}-15", "facebook", number, row["T_Impression"], row["T_Reach"],
         *(int(float(row[name] or 0)) for name in ("like", "comment", "share")))
        for number, row in enumerate(posts)
    ]  # fmt: skip
    header = ("date", "source", "post_id", "impressions", "reach", "likes", "comments", "shares")
    load_text(lumen, "social", text(header, *rows))
    recompute.catch_up(lumen)
    names = {
        "social_reach": "reach", "social_impressions": "impressions", "comments": "comments", "likes": "likes", "shares": "shares",
        "engagements": "interactions", "engagement_rate_by_reach": "engagement_rate_by_reach",
        "engagement_rate_by_impressions": "engagement_rate_by_impressions",
    }  # fmt: skip
    found, expected = figures(date(2014, 1, 1), date(2014, 12, 31), By.MONTH), references["facebook_post_metrics"]
    assert differing(found[""], expected["total"], names) == []
    wrong = {month: differing(found[f"2014-{int(month):02}"], told, names) for month, told in expected["by_month"].items()}
    assert {month: each for month, each in wrong.items() if each} == {}
    assert len(wrong) == 12


def test_a_shops_visits_of_two_months_have_the_published_figures(
    lumen: Client, load_text: LoadText, shared: Path, references: dict[str, Any]
) -> None:
    visits, orders = _visits(shared / "data/ga360")
    header = ("date", "source", "channel", "sessions", "bounces", "session_seconds", "conversions")
    rows = [(day, "ga", CHANNELS[group], *(sums[name] for name in header[3:])) for (day, group), sums in visits.items()]
    load_text(lumen, "web", text(header, *rows))
    views: Counter[str] = Counter()
    for (day, _), sums in visits.items():
        views[day] += sums["pageviews"]
    load_text(lumen, "pages", text(("date", "source", "page", "views"), *((day, "ga", "/", count) for day, count in views.items())))
    load_text(lumen, "orders", text(("order_id", "ordered_at", "amount"), *orders))
    recompute.catch_up(lumen)
    names = {
        "sessions": "sessions", "bounce_rate_classic": "bounce_rate", "pageviews": "pageviews",
        "session_duration": "avg_session_duration_s",
        "site_conversions": "transactions", "landing_conversion_rate": "transactions_per_session", "orders": "transactions",
        "revenue": "revenue", "aov": "aov_per_transaction",
    }  # fmt: skip
    found = figures(date(2017, 1, 1), date(2017, 2, 28), By.MONTH)
    assert {month: differing(found[month], told, names) for month, told in references["ga360"]["by_month"].items()} == {
        "2017-01": [],
        "2017-02": [],
    }


def _visits(folder: Path) -> tuple[dict[tuple[str, str], Counter[str]], list[tuple[str, str, str]]]:
    """Sums by day and channel; and orders: of a visit with several, the first has the revenue of all."""
    visits: dict[tuple[str, str], Counter[str]] = {}
    orders = []
    for month in ("01", "02"):
        with (folder / f"sessions_2017-{month}.csv").open() as lines:
            for number, row in enumerate(csv.DictReader(lines)):
                bought = int(row["transactions"] or 0)
                sums = visits.setdefault((row["date"], row["channelGrouping"]), Counter())
                sums["sessions"] += 1
                sums["bounces"] += int(row["bounces"] or 0)
                sums["session_seconds"] += int(row["timeOnSite"] or 0)
                sums["conversions"] += bought
                sums["pageviews"] += int(row["pageviews"] or 0)
                for which in range(bought):
                    amount = row["totalTransactionRevenue"] if which == 0 and row["totalTransactionRevenue"] else "0"
                    orders.append((f"{month}-{number}-{which}", f"{row['date']}T12:00:00", amount))
    return visits, orders


def test_shoppers_of_ten_months_convert_as_published(lumen: Client, load_text: LoadText, references: dict[str, Any]) -> None:
    told = references["online_shoppers"]["by_month"]
    rows = [(f"2025-{MONTHS.index(month) + 1:02}-15", "ga", sums["sessions"], sums["purchases"]) for month, sums in told.items()]
    load_text(lumen, "web", text(("date", "source", "sessions", "conversions"), *rows))
    recompute.catch_up(lumen)
    found = figures(date(2025, 1, 1), date(2025, 12, 31), By.MONTH)
    names = {"sessions": "sessions", "site_conversions": "purchases", "landing_conversion_rate": "conversion_rate"}
    assert differing(found[""], references["online_shoppers"]["total"], names) == []
    for month, sums in told.items():
        assert differing(found[f"2025-{MONTHS.index(month) + 1:02}"], sums, names) == []


def _examples(references: dict[str, Any], kpi: str) -> Iterator[dict[str, Any]]:
    return (example for example in references["vendor_worked_examples"] if example["kpi"] == kpi)


def test_vendors_worked_examples_come_out_as_they_print_them(lumen: Client, load_text: LoadText, references: dict[str, Any]) -> None:
    """Each on a day of its own."""
    ctr, cpc, roas = (next(_examples(references, kpi)) for kpi in ("ctr", "cpc", "roas"))
    converted = list(_examples(references, "conversion_rate"))
    days = [MONDAY + number * ONE_DAY for number in range(5)]
    rows = [
        (days[0], ctr["input"]["impressions"], ctr["input"]["clicks"], "", "", ""),
        (days[1], "", cpc["input"]["clicks"], cpc["input"]["spend"], "", ""),
        (days[2], "", converted[0]["input"]["clicks"], "", converted[0]["input"]["conversions"], ""),
        (days[3], "", converted[1]["input"]["interactions"], "", converted[1]["input"]["conversions"], ""),
        (days[4], "", "", roas["input"]["spend"], "", roas["input"]["revenue"]),
    ]
    header = ("source", "account", "campaign", "date", "impressions", "clicks", "spend", "conversions", "conversion_value")
    load_text(lumen, "ads", text(header, *(("microsoft_ads", 1, "A", *row) for row in rows)))
    recompute.catch_up(lumen)
    found = list(figures(days[0], days[-1], By.DAY).values())[1:]
    assert percent(found[0]["ctr"]) == Decimal(str(ctr["expect_percent"]))
    assert as_printed(found[1]["cpc"] or "", cpc["expect"]) == Decimal(str(cpc["expect"]))
    assert [percent(found[number + 2]["ad_conversion_rate"]) for number in (0, 1)] == [Decimal("1.33"), Decimal("5.00")]
    assert [example["expect_percent"] for example in converted] == [1.33, 5.0]
    assert (Decimal(found[4]["roas"] or "") == roas["expect"], percent(found[4]["roas"])) == (True, Decimal("500.00"))


def test_bounces_and_exits_come_out_as_in_the_worked_examples(lumen: Client, load_text: LoadText, references: dict[str, Any]) -> None:
    """Visitors went A to B to C, B to A to C, and to A alone: page A on Monday, page B on Tuesday. GA4's sessions are Wednesday's."""
    days = [MONDAY, MONDAY + ONE_DAY, MONDAY + 2 * ONE_DAY]
    bounced, engaged = next(_examples(references, "bounce_rate_ga4")), next(_examples(references, "engagement_rate_ga4"))
    header = ("date", "source", "landing_page", "sessions", "bounces", "engaged_sessions")
    entered = [(days[0], "ga", "/a", 2, 1, ""), (days[1], "ga", "/b", 1, 0, ""), (days[2], "ga", "/", 10_000, "", 7_239)]
    load_text(lumen, "web", text(header, *entered))
    load_text(lumen, "pages", text(("date", "source", "page", "views", "exits"), (days[0], "ga", "/a", 3, 1), (days[1], "ga", "/b", 2, 0)))
    recompute.catch_up(lumen)
    found = list(figures(days[0], days[-1], By.DAY).values())[1:]
    classic = next(_examples(references, "bounce_rate_page_ua"))
    for number, page in enumerate(("A", "B")):
        assert as_printed(found[number]["bounce_rate_classic"] or "", classic["expect"][page]) == Decimal(str(classic["expect"][page]))
        assert as_printed(found[number]["exit_rate"] or "", classic["exit_rate"][page]) == Decimal(repr(classic["exit_rate"][page]))
    assert percent(found[2]["bounce_rate"]) == Decimal(str(bounced["expect_percent"]))
    assert percent(found[2]["engagement_rate"]) == Decimal(str(engaged["expect_percent"]))


def test_retention_comes_out_as_in_the_worked_example(lumen: Client, load_text: LoadText, references: dict[str, Any]) -> None:
    """A hundredth of it: ten at the start, one of them lost, two new."""
    example = next(_examples(references, "crr"))
    started = [("2026-01-05T10:00:00", "")] * 9 + [("2026-01-05T10:00:00", "2026-11-10T10:00:00")] + [("2026-11-11T10:00:00", "")] * 2
    rows = [(f"S{number}", f"C{number}", since, until, 10) for number, (since, until) in enumerate(started)]
    load_text(lumen, "subscriptions", text(("subscription_id", "customer_id", "started_at", "ended_at", "mrr"), *rows))
    recompute.catch_up(lumen)
    assert example["input"] == {"S": 1000, "N": 200, "lost": 100, "E": 1100}
    assert figures(MONDAY, MONDAY + 2 * ONE_DAY)[""]["retention_rate"] == str(example["expect"])
