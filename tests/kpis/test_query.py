"""Every KPI equals a slow oracle that recomputes it from raw rows, whatever the period, the grouping and the gaps."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Client
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from campaigns.models import DirtyDay
from kpis import query, recompute, serialise
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS
from kpis.periods import Grain, Period, buckets
from kpis.query import By
from kpis.roll_ups import ROLL_UPS

PAID = {"paid_search", "paid_social", "display", "video"}
CHANNELS = ["paid_search", "display", "email", "organic_search", ""]
FIRST = date(2026, 1, 26)  # a Monday; the span crosses months and a clock change
DAYS = 70


@dataclass
class World:
    """Raw rows as they are written to the files."""

    ads: list[dict[str, Any]] = field(default_factory=list)
    leads: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def random(cls, seed: int) -> World:
        draw = Random(seed)
        world = cls()
        campaigns = {"Brand": "paid_search", "Shop": "display", "Été": "paid_search"}
        for offset in range(DAYS):
            day = FIRST + timedelta(days=offset)
            for name, channel in campaigns.items():
                if draw.random() < 0.8:
                    world.ads.append(cls._ad(draw, day, name, channel))
            for number in range(draw.randrange(4)):
                channel, campaign = draw.choice(CHANNELS), draw.choice([*campaigns, ""])
                world.leads.append(
                    {"lead_id": f"L{offset}-{number}", "created_at": f"{day}T23:59:59", "channel": channel, "campaign": campaign}
                )
            for number in range(draw.randrange(4)):
                kind = "refund" if draw.random() < 0.2 else "order"
                row = {
                    "order_id": f"O{offset}-{number}",
                    "ordered_at": f"{day}T00:00:00",
                    "kind": kind,
                    "amount": f"{draw.randrange(1, 30000) / 100:.2f}",
                }
                world.orders.append(row | {"channel": draw.choice(CHANNELS), "campaign": draw.choice([*campaigns, ""])})
        return world

    @staticmethod
    def _ad(draw: Random, day: date, name: str, channel: str) -> dict[str, Any]:
        def maybe(value: object, share: float = 0.02) -> object:
            return "" if draw.random() < share else value

        return {
            "date": str(day), "source": "google_ads", "account": "1", "campaign": name, "channel": channel,
            "impressions": maybe(draw.choice([0, draw.randrange(10000)])), "clicks": maybe(draw.choice([0, 0, draw.randrange(300)])),
            "spend": maybe(draw.choice(["0", f"{draw.randrange(10**12) / 10**9:.9f}"])), "conversions": draw.randrange(9),
            "conversion_value": maybe(f"{draw.randrange(10**6) / 100:.2f}"),
        }  # fmt: skip

    def load(self, client: Client, folder: Path) -> None:
        for kind in ("orders", "leads", "ads"):
            rows = getattr(self, kind)
            path = folder / f"{kind}.csv"
            lines = [",".join(rows[0]), *(",".join(str(cell) for cell in row.values()) for row in rows)]
            path.write_text("\n".join(lines), encoding="utf-8")
            load(client, KINDS[kind], path)


class Oracle:
    """Recomputes a KPI from rows with plain loops and fractions. Shares nothing with the product."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.of_campaign = {row["campaign"]: row["channel"] for row in world.ads}

    def rows(self, kind: str, period: Period, key: tuple[str, str] | None) -> list[dict[str, Any]]:
        column = {"ads": "date", "leads": "created_at", "orders": "ordered_at"}[kind]
        found = [row for row in getattr(self.world, kind) if str(period.since) <= row[column][:10] <= str(period.until)]
        return [row for row in found if key is None or self.group(row, key[0]) == key[1]]

    def group(self, row: dict[str, Any], by: str) -> str:
        if by == "campaign":
            return str(row["campaign"])
        return row["channel"] or self.of_campaign.get(row["campaign"], "") or "unknown"

    def total(self, rows: Iterable[dict[str, Any]], column: str) -> Fraction | None:
        cells = [row[column] for row in rows]
        return None if "" in cells else sum((Fraction(str(cell)) for cell in cells), Fraction(0))

    def value(self, slug: str, period: Period, key: tuple[str, str] | None = None) -> Fraction | None:
        ads, leads, orders = (self.rows(kind, period, key) for kind in ("ads", "leads", "orders"))
        paid = [row for row in leads if self.group(row, "channel") in PAID]
        placed, refunded = ([row for row in orders if row["kind"] == kind] for kind in ("order", "refund"))
        amount, back = self.total(placed, "amount"), self.total(refunded, "amount")
        assert amount is not None
        assert back is not None
        spend, impressions, clicks = (self.total(ads, column) for column in ("spend", "impressions", "clicks"))
        claimed = self.total(ads, "conversion_value")
        return {
            "spend": spend, "impressions": impressions, "clicks": clicks, "ctr": over(clicks, impressions), "cpc": over(spend, clicks),
            "cpm": over(spend * 1000 if spend is not None else None, impressions), "leads": Fraction(len(leads)),
            "cpl": over(spend, Fraction(len(paid))), "revenue": amount - back, "orders": Fraction(len(placed)),
            "aov": over(amount, Fraction(len(placed))), "roas": over(claimed, spend),
        }[slug]  # fmt: skip


def over(numerator: Fraction | None, denominator: Fraction | None) -> Fraction | None:
    return numerator / denominator if numerator is not None and denominator else None


# What this oracle knows.
KNOWN = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "leads", "cpl", "revenue", "orders", "aov", "roas")
PERIODS = [
    Period(FIRST, FIRST + timedelta(days=69)),
    Period(date(2026, 3, 1), date(2026, 3, 31)),
    Period(date(2026, 3, 29), date(2026, 3, 29)),
]


@pytest.fixture(params=range(4))
def world(request: pytest.FixtureRequest, lumen: Client, tmp_path: Path) -> World:
    made = World.random(request.param)
    made.load(lumen, tmp_path)
    recompute.catch_up(lumen)
    return made


def test_every_kpi_of_every_group_equals_the_oracle(world: World) -> None:
    oracle = Oracle(world)
    wrong: list[object] = []
    for period in PERIODS:
        for by in (By.CHANNEL, By.CAMPAIGN):
            answer = query.ask(period, by, slugs=KNOWN)
            for part, key in [(answer.total, None), *((group, (by.value, group.key)) for group in answer.groups)]:
                for slug, pair in part.values(KNOWN, answer.coverage).items():
                    if pair.value.exact != oracle.value(slug, period, key):
                        wrong.append((period, key, slug, pair.value.exact, oracle.value(slug, period, key)))
                    if not (before_the_data(period.previous) or pair.previous.exact == oracle.value(slug, period.previous, key)):
                        wrong.append((period, key, slug, "previous"))
    assert wrong == []


def before_the_data(period: Period) -> bool:
    return period.until < FIRST + timedelta(days=3)


@pytest.mark.parametrize("by", [By.DAY, By.WEEK, By.MONTH])
def test_every_kpi_of_every_day_week_and_month_equals_the_oracle(world: World, by: By) -> None:
    oracle = Oracle(world)
    answer = query.ask(PERIODS[1], by, slugs=KNOWN)
    assert sum(group.period.days for group in answer.groups) == PERIODS[1].days
    for group in answer.groups:
        for slug, pair in group.values(KNOWN, answer.coverage).items():
            assert pair.value.exact == oracle.value(slug, group.period), (group.key, slug)
            assert group.previous_period
            assert pair.previous.exact == oracle.value(slug, group.previous_period), (group.key, slug)


def test_a_rebuild_of_everything_equals_the_rebuild_of_changed_days(world: World, lumen: Client, tmp_path: Path) -> None:
    changed = World(ads=world.ads[5:9], leads=world.leads[3:6], orders=world.orders[2:4])
    for row in changed.ads:
        row["spend"] = "7.25"
    for row in changed.leads:
        row["created_at"] = "2026-02-14T08:00:00"
    for row in changed.orders:
        row["channel"] = "email"
    changed.load(lumen, tmp_path)
    assert 0 < recompute.catch_up(lumen) < 20
    incremental = rollups()
    with connection.cursor() as cursor:
        for family, table in (("ads", "adday"), ("leads", "lead"), ("orders", "order")):
            cursor.execute(f"INSERT INTO campaigns_dirtyday SELECT DISTINCT %s, day FROM campaigns_{table}", [family])
    recompute.catch_up(lumen)
    assert rollups() == incremental


def rollups() -> dict[str, list[Any]]:
    found = {}
    with connection.cursor() as cursor:
        for table in (table for roll_up in ROLL_UPS for table in roll_up.tables):
            cursor.execute(f"SELECT row::text FROM {table} AS row ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def test_money_that_grows_tenfold_changes_money_and_nothing_else(lumen: Client, tmp_path: Path) -> None:
    world = World.random(9)
    world.load(lumen, tmp_path)
    recompute.catch_up(lumen)
    before = query.ask(PERIODS[0]).total.values(DEFINITIONS, query.ask(PERIODS[0]).coverage)
    for row in world.ads:
        for column in ("spend", "conversion_value"):
            row[column] = tenfold(row[column])
    for row in world.orders:
        row["amount"] = tenfold(row["amount"])
    world.load(lumen, tmp_path)
    recompute.catch_up(lumen)
    after = query.ask(PERIODS[0]).total.values(DEFINITIONS, query.ask(PERIODS[0]).coverage)
    for slug, pair in before.items():
        factor = 10 if DEFINITIONS[slug].unit == "money" else 1
        assert after[slug].value.exact == (None if pair.value.exact is None else pair.value.exact * factor), slug


def tenfold(amount: str) -> str:
    return amount and f"{Decimal(amount) * 10:f}"


class TestUnknown:
    def value(self, slug: str, since: str = "2026-11-09", until: str = "2026-11-09") -> tuple[str | None, str | None]:
        answer = query.ask(Period(date.fromisoformat(since), date.fromisoformat(until)))
        value = answer.total.values([slug], answer.coverage)[slug].value
        return serialise.text(value), value.reason

    def load(self, client: Client, folder: Path, kind: str, text: str) -> None:
        (folder / "f.csv").write_text(text)
        load(client, KINDS[kind], folder / "f.csv")
        recompute.catch_up(client)

    def test_without_any_source_nothing_is_zero(self, lumen: Client) -> None:
        assert {self.value(slug) for slug in DEFINITIONS} == {(None, "not_reported")}

    def test_clicks_that_were_never_reported_are_not_zero(self, lumen: Client, tmp_path: Path) -> None:
        self.load(lumen, tmp_path, "ads", "date,source,account,campaign,spend\n2026-11-09,tiktok_ads,1,A,5\n")
        assert self.value("spend") == ("5", None)
        assert self.value("clicks") == (None, "not_reported")
        assert self.value("cpc") == (None, "not_reported")
        assert self.value("roas") == (None, "not_reported")

    def test_a_division_by_zero_is_undefined_and_zero_by_something_is_zero(self, lumen: Client, tmp_path: Path) -> None:
        text = "date,source,account,campaign,impressions,clicks,spend,conversion_value\n2026-11-09,meta_ads,1,A,100,0,5,0\n"
        self.load(lumen, tmp_path, "ads", text)
        assert self.value("cpc") == (None, "no_denominator")
        assert self.value("ctr") == ("0", None)
        assert self.value("roas") == ("0", None)

    def test_conversions_restated_to_unknown_are_unknown_again(self, lumen: Client, tmp_path: Path) -> None:
        header = "date,source,account,campaign,spend,conversions,conversion_value\n2026-11-09,meta_ads,1,A,5,"
        self.load(lumen, tmp_path, "ads", header + "2,20\n")
        assert self.value("roas") == ("4", None)
        self.load(lumen, tmp_path, "ads", header + ",\n")
        assert self.value("roas") == (None, "not_reported")

    def test_months_between_two_rows_of_a_file_are_unknown(self, lumen: Client, tmp_path: Path) -> None:
        self.load(lumen, tmp_path, "orders", "order_id,ordered_at,amount\nO1,2026-01-05T10:00:00,10\nO2,2026-03-30T10:00:00,20\n")
        assert self.value("revenue", "2026-02-01", "2026-02-28") == (None, "not_reported")
        assert self.value("revenue", "2026-01-05", "2026-01-05") == ("10", None)

    def test_days_after_the_last_loaded_one_are_not_yet_observed(self, lumen: Client, tmp_path: Path) -> None:
        self.load(lumen, tmp_path, "orders", "order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,80\n")
        assert self.value("revenue") == ("80", None)
        assert self.value("revenue", "2026-11-10", "2026-11-12") == (None, "not_yet_observed")
        assert self.value("revenue", "2026-11-01", "2026-11-08") == (None, "not_reported")


class TestCommand:
    def run(self, *arguments: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command("kpis", "lumen", *arguments, "--json", stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    def test_figures_are_exact_decimals_with_unit_reason_and_the_period_before(self, lumen: Client, tmp_path: Path) -> None:
        rows = "O1,2026-11-09T10:00:00,80.10\nO2,2026-11-10T10:00:00,30\nO3,2026-11-10T10:00:00,31\n"
        (tmp_path / "f.csv").write_text("order_id,ordered_at,amount\n" + rows)
        load(lumen, KINDS["orders"], tmp_path / "f.csv")
        answer = self.run("--from", "2026-11-10", "--to", "2026-11-10", "--by", "day")
        revenue, spend = answer["kpis"]["revenue"], answer["kpis"]["spend"]
        assert answer["period"] == {"from": "2026-11-10", "to": "2026-11-10", "timezone": "Europe/Paris", "currency": "EUR"}
        assert (revenue["value"], revenue["reason"], revenue["unit"], revenue["previous"]) == ("61", None, "money", "80.1")
        assert answer["kpis"]["aov"]["value"] == "30.5"
        assert (spend["value"], spend["reason"], spend["unit"], spend["previous"]) == (None, "not_reported", "money", None)
        assert [group["key"] for group in answer["groups"]] == ["2026-11-10"]
        assert answer["groups"][0]["kpis"]["revenue"]["previous"] == "80.1"

    def test_the_command_needs_no_worker_to_be_up_to_date(self, lumen: Client, tmp_path: Path) -> None:
        (tmp_path / "f.csv").write_text("order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,80\n")
        load(lumen, KINDS["orders"], tmp_path / "f.csv")
        assert DirtyDay.objects.exists()
        assert self.run("--from", "2026-11-09", "--to", "2026-11-09")["kpis"]["orders"]["value"] == "1"
        assert not DirtyDay.objects.exists()

    def test_dates_the_wrong_way_round_are_a_sentence(self, lumen: Client) -> None:
        with pytest.raises(CommandError, match=r"ends .* before it begins"):
            self.run("--from", "2026-11-10", "--to", "2026-11-09")


class TestCoverage:
    @pytest.mark.parametrize(
        ("spans", "whole"),
        [
            ([], False),
            ([("2026-11-09", "2026-11-15")], True),
            ([("2026-11-01", "2026-11-12"), ("2026-11-13", "2026-11-20")], True),
            ([("2026-11-10", "2026-11-20"), ("2026-11-01", "2026-11-11")], True),
            ([("2026-11-01", "2026-11-11"), ("2026-11-13", "2026-11-20")], False),
            ([("2026-11-10", "2026-11-20")], False),
            ([("2026-11-01", "2026-11-14")], False),
        ],
    )
    def test_a_week_is_whole_when_each_of_its_days_was_loaded(self, spans: list[tuple[str, str]], whole: bool) -> None:
        loaded = [Period(date.fromisoformat(since), date.fromisoformat(until)) for since, until in spans]
        week = Period(date(2026, 11, 9), date(2026, 11, 15))
        assert Coverage({"ads": {1: loaded}} if loaded else {}).is_whole("ads", week) is whole

    def test_a_week_is_not_whole_when_one_of_two_accounts_lacks_a_day(self) -> None:
        week = Period(date(2026, 11, 9), date(2026, 11, 15))
        short = Period(date(2026, 11, 9), date(2026, 11, 14))
        assert Coverage({"ads": {1: [week], 2: [week]}}).is_whole("ads", week)
        assert not Coverage({"ads": {1: [week], 2: [short]}}).is_whole("ads", week)


class TestTheMonthBefore:
    @pytest.mark.parametrize(
        ("since", "until", "expected"),
        [
            ("2026-02-01", "2026-02-28", ("2026-01-01", "2026-01-31")),
            ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
            ("2026-02-15", "2026-02-28", ("2026-01-15", "2026-01-28")),
            ("2026-02-01", "2026-02-12", ("2026-01-01", "2026-01-12")),
            ("2026-01-10", "2026-01-20", ("2025-12-10", "2025-12-20")),
        ],
    )
    def test_a_whole_month_is_compared_with_a_whole_one_and_a_part_with_as_many_days(
        self, since: str, until: str, expected: tuple[str, str]
    ) -> None:
        [bucket] = buckets(Period(date.fromisoformat(since), date.fromisoformat(until)), Grain.MONTH)
        assert (str(bucket.previous.since), str(bucket.previous.until)) == expected
