"""Public data sets, as files of the import formats, add up to their published figures once they are stored.

Of the ad exchange (NAB) there is no test: it has prices by the hour, and neither what was bought nor what was spent.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q, Sum

from accounts.models import Client
from campaigns.imports import Mapping
from campaigns.models import AdDay, Cost, EmailSend, LandingDay, Order, PageDay, SocialDay, SubscriptionSpan

NANO = 10**9
References = dict[str, Any]


@pytest.fixture
def references(shared: Path) -> References:
    known: References = json.loads((shared / "data/references.json").read_text())
    return known


def table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def import_rows(kind: str, folder: Path, rows: Iterable[dict[str, Any]], mapping: Mapping | None = None) -> str:
    """Through the command; what it says."""
    path, options = folder / f"{kind}.csv", {}
    with path.open("w", newline="") as file:
        listed = list(rows)
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    if mapping:
        options["mapping"] = folder / "mapping.json"
        options["mapping"].write_text(json.dumps(mapping.as_json()))
    said = io.StringIO()
    call_command("import_file", "lumen", kind, str(path), stdout=said, **options)
    return said.getvalue()


def money(nano: int | None) -> float:
    return float(Decimal(nano or 0) / NANO)


def test_ads_of_a_page_on_facebook(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    rows = (
        {"date": "2026-01-05", "source": "facebook_ads", "account": "kag", "campaign_id": row["ad_id"], "campaign": row["xyz_campaign_id"],
         "impressions": row["Impressions"], "clicks": row["Clicks"], "spend": row["Spent"], "conversions": row["Total_Conversion"]}
        for row in table(shared / "data/kag_facebook_ads/kag_conversion_data.csv")
    )  # fmt: skip
    assert "1143 new" in import_rows("ads", tmp_path, rows)
    by_campaign = AdDay.objects.values("campaign__name").annotate(
        impressions=Sum("impressions"), clicks=Sum("clicks"), spend=Sum("spend_nano"), ads=Count("campaign")
    )
    found = {row["campaign__name"]: row for row in by_campaign}
    expected = references["kag_facebook_ads"]["by_campaign"]
    assert found.keys() == expected.keys()
    for name, row in found.items():
        assert (row["ads"], row["impressions"], row["clicks"]) == tuple(expected[name][of] for of in ("ads", "impressions", "clicks"))
        assert round(money(row["spend"]), 2) == expected[name]["spend"]


def test_reports_that_a_mail_vendor_printed(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    as_exported = Mapping(
        columns={"id": "campaign", "sent": "sent", "soft_bounces": "soft_bounces", "hard_bounces": "hard_bounces",
                 "unique_opens": "unique_opens", "total_opens": "opens", "unique_clicks": "unique_clicks", "total_clicks": "clicks",
                 "unsubscribes": "unsubscribes", "complaints": "spam_complaints"},
        constants={"source": "mailchimp", "sent_at": "2026-01-05T09:00:00"},
    )  # fmt: skip
    rows = list(table(shared / "data/email_vendor_reports/reports.csv"))
    import_rows("email", tmp_path, rows, as_exported)
    assert EmailSend.objects.count() == len(rows) == 3
    for send in EmailSend.objects.all():
        expected = references["email_vendor_reports"][send.name]
        assert send.sent is not None
        assert send.unique_opens is not None
        assert send.unique_clicks is not None
        delivered = send.sent - (send.hard_bounces or 0) - (send.soft_bounces or 0)
        assert (send.sent, delivered) == (expected["sent"], expected["delivered"])
        assert f"{send.unique_opens / delivered:.2%}" == expected["printed_open"]
        assert f"{send.unique_clicks / delivered:.2%}" == expected["printed_click"]
        assert (send.unsubscribes or 0) / delivered == pytest.approx(expected["unsub_delivered"])


def test_sessions_and_transactions_of_a_shop(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    by_channel = Mapping(
        columns={name: name for name in ("date", "channel_group", "sessions", "bounces", "pageviews", "session_seconds")},
        constants={"source": "ga360"},
    )
    for month, expected in references["ga360"]["by_month"].items():
        sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        orders = []
        for row in table(shared / f"data/ga360/sessions_{month}.csv"):
            sums[row["date"], row["channelGrouping"]].update(
                sessions=1,
                bounces=int(row["bounces"] or 0),
                pageviews=int(row["pageviews"] or 0),
                session_seconds=int(row["timeOnSite"] or 0),
            )
            orders += [
                {"order_id": f"{row['visitId']}-{row['visitor']}-{number}", "ordered_at": row["date"],
                 "amount": "0" if number else row["totalTransactionRevenue"]}
                for number in range(int(row["transactions"] or 0))
            ]  # fmt: skip
        visits = ({"date": day, "channel_group": group, **counts} for (day, group), counts in sums.items())
        import_rows("web", tmp_path, visits, by_channel)
        import_rows("orders", tmp_path, orders)
        year, number = (int(part) for part in month.split("-"))
        in_month = Q(day__year=year, day__month=number)
        found = LandingDay.objects.filter(in_month).aggregate(
            sessions=Sum("sessions"), bounces=Sum("bounces"), pageviews=Sum("pageviews"), time_on_site_s=Sum("session_seconds")
        )
        assert found == {name: expected[name] for name in found}
        bought = Order.objects.filter(in_month).aggregate(count=Count("external_id"), revenue=Sum("amount_nano"))
        assert (bought["count"], round(money(bought["revenue"]), 2)) == (expected["transactions"], expected["revenue"])
    assert set(LandingDay.objects.values_list("origin__channel", flat=True)) >= {"organic_search", "direct", "referral", "paid_search"}


def test_posts_of_a_brand(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    said = list(table(shared / "data/facebook_post_metrics/posts.csv"))
    rows = (
        {"date": f"2014-{int(row['Month']):02d}-01", "source": "facebook", "post_id": number, "impressions": row["T_Impression"],
         "reach": row["T_Reach"], "likes": row["like"], "comments": row["comment"], "shares": row["share"]}
        for number, row in enumerate(said)
    )  # fmt: skip
    assert "500 new" in import_rows("social", tmp_path, rows)
    sums = {name: Sum(name) for name in ("impressions", "reach", "comments", "likes", "shares")}
    total = SocialDay.objects.aggregate(**sums)
    assert total == {name: references["facebook_post_metrics"]["total"][name] for name in total}
    for month, expected in references["facebook_post_metrics"]["by_month"].items():
        found = SocialDay.objects.filter(day__month=int(month)).aggregate(**sums)
        assert found == {name: expected[name] for name in found}, month
    # What a platform left blank is not nothing.
    assert SocialDay.objects.filter(shares=None).count() == sum(not row["share"] for row in said) > 0


def test_orders_of_a_music_shop(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    rows = (
        {"order_id": number, "customer_id": row["sample_id"], "ordered_at": row["date"], "amount": row["amount"], "currency": "USD"}
        for number, row in enumerate(table(shared / "data/cdnow/cdnow_sample.csv"))
    )
    import_rows("orders", tmp_path, rows)
    expected = references["cdnow"]["sample"]
    found = Order.objects.aggregate(orders=Count("external_id"), revenue=Sum("amount_nano"), who=Count("customer_ref", distinct=True))
    assert (found["orders"], money(found["revenue"]), found["who"]) == (
        expected["transactions"], expected["revenue"], expected["customers"],
    )  # fmt: skip
    assert Order.objects.filter(amount_nano=0).count() == expected["zero_amount_rows"]
    for month in expected["by_month"]:
        year, number = (int(part) for part in month["month"].split("-"))
        found = Order.objects.filter(day__year=year, day__month=number).aggregate(
            orders=Count("external_id"), revenue=Sum("amount_nano"), active=Count("customer_ref", distinct=True)
        )
        assert (found["orders"], money(found["revenue"]), found["active"]) == (
            month["orders"], month["revenue"], month["active_customers"],
        )  # fmt: skip


def test_subscriptions_of_a_telephone_company(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    until = date(2025, 12, 31)
    rows = (
        {"subscription_id": number, "customer_id": f"C{number}", "started_at": until - timedelta(days=31 * int(row["tenure"])),
         "ended_at": until if row["Churn"] == "Yes" else "", "mrr": row["MonthlyCharges"], "currency": "USD"}
        for number, row in enumerate(table(shared / "data/telco_churn_fictional/telco.csv"))
    )  # fmt: skip
    import_rows("subscriptions", tmp_path, rows)
    expected = references["telco_churn_fictional"]["total"]
    left = Q(ended_at__isnull=False)
    found = SubscriptionSpan.objects.aggregate(
        all=Count("external_id"), left=Count("external_id", filter=left), mrr=Sum("mrr_nano"), lost=Sum("mrr_nano", filter=left)
    )
    assert (found["all"], found["left"]) == (expected["customers"], expected["churned"])
    assert (money(found["mrr"]), money(found["lost"])) == (expected["mrr"], expected["churned_mrr"])


def test_four_years_of_spend_by_week(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    """What is not bought by the click is a cost. The set is simulated and has more decimals than money."""
    weeks = list(table(shared / "data/robyn_weekly_simulated/dt_simulated_weekly.csv"))
    exact = [{"date": week["date"], "name": "tv_s", "channel": "offline", "amount": week["tv_s"]} for week in weeks]
    with pytest.raises(CommandError, match="not a number"):
        import_rows("costs", tmp_path, exact)

    def short(text: str) -> str:
        return f"{Decimal(text):.6f}"

    costs = [
        {"date": week["date"], "name": name, "channel": "offline", "amount": short(week[name])}
        for week in weeks
        for name in ("tv_s", "ooh_s", "print_s")
    ]
    ads = [
        {"date": week["date"], "source": source, "account": "r", "campaign": source, "spend": short(week[spend]),
         "impressions": round(float(week["facebook_i"])) if source == "meta_ads" else "",
         "clicks": round(float(week["search_clicks_p"])) if source == "google_ads" else ""}
        for week in weeks
        for source, spend in (("meta_ads", "facebook_s"), ("google_ads", "search_s"))
    ]  # fmt: skip
    orders = [{"order_id": week["date"], "ordered_at": week["date"], "amount": short(week["revenue"])} for week in weeks]
    import_rows("costs", tmp_path, costs)
    import_rows("ads", tmp_path, ads)
    import_rows("orders", tmp_path, orders)
    expected = references["robyn_weekly_simulated"]
    spent = {row["name"]: money(row["sum"]) for row in Cost.objects.values("name").annotate(sum=Sum("amount_nano"))}
    for source, name in (("meta_ads", "facebook_s"), ("google_ads", "search_s")):
        spent[name] = money(AdDay.objects.filter(connection__source=source).aggregate(sum=Sum("spend_nano"))["sum"])
    assert spent == pytest.approx(expected["spend_by_channel"], abs=1e-3)
    counted = AdDay.objects.aggregate(impressions=Sum("impressions"), clicks=Sum("clicks"))
    assert counted["impressions"] == pytest.approx(expected["facebook_impressions"], abs=len(weeks))
    assert counted["clicks"] == pytest.approx(expected["search_clicks"], abs=len(weeks))
    revenue = Order.objects.aggregate(weeks=Count("external_id"), sum=Sum("amount_nano"))
    assert revenue["weeks"] == expected["weeks"]
    assert money(revenue["sum"]) == pytest.approx(expected["revenue"], abs=1e-3)


def test_eight_years_of_views_of_one_page(lumen: Client, shared: Path, tmp_path: Path) -> None:
    said = list(table(shared / "data/wikipedia_peyton_manning/peyton_manning_log_pageviews.csv"))
    rows = (
        {"date": row["ds"], "source": "wikipedia", "page": "/Peyton_Manning", "views": round(math.exp(float(row["y"])))} for row in said
    )
    assert f"{len(said)} new" in import_rows("pages", tmp_path, rows)
    logs = {f"{page.day}": math.log(page.views or 0) for page in PageDay.objects.all()}
    assert logs == pytest.approx({row["ds"]: float(row["y"]) for row in said})
