"""What is not known, what the command answers, and what is compared with what."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from campaigns.models import DirtyDay
from kpis import query, recompute, serialise
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Reason
from kpis.periods import Grain, Period, buckets
from kpis.query import By, Question


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


class TestUnequalDays:
    """Ads are told to the 20th, orders to the 17th, leads not at all."""

    MONTH, TOLD = Period(date(2026, 11, 1), date(2026, 11, 30)), Period(date(2026, 11, 1), date(2026, 11, 17))

    @pytest.fixture(autouse=True)
    def told(self, lumen: Client, tmp_path: Path) -> None:
        ads = "".join(f"2026-11-{day:02},meta_ads,1,{'AB'[day % 2]},{day}\n" for day in range(1, 21))
        orders = "".join(f"O{day},2026-11-{day:02}T10:00:00,{3 * day},{'AB'[day % 2]}\n" for day in range(1, 18))
        for kind, text in {
            "ads": "date,source,account,campaign,spend\n" + ads, "orders": "order_id,ordered_at,amount,campaign\n" + orders,
        }.items():  # fmt: skip
            (tmp_path / "f.csv").write_text(text)
            load(lumen, KINDS[kind], tmp_path / "f.csv")
        recompute.catch_up(lumen)

    def test_a_ratio_divides_the_days_of_which_both_are_told_and_says_so(self) -> None:
        slugs = ("blended_roas", "media_cac", "spend", "revenue", "cpl")
        periods = [Question(each, by, slugs) for each in (self.MONTH, self.TOLD) for by in (By.CAMPAIGN, By.DAY)]
        with CaptureQueriesContext(connection) as asked:
            month, days, told, _ = query.ask_all(periods)
        assert sum("kpis_addaytotal" in one["sql"] for one in asked.captured_queries) == 1
        figures, of_told = month.total.values(slugs, month.coverage), told.total.values(slugs, told.coverage)
        roas = figures["blended_roas"]
        assert (roas.value.exact, roas.until, roas.days_loaded, roas.days) == (Fraction(3), date(2026, 11, 17), 17, 30)
        assert roas.previous.exact is None
        assert (roas.value, figures["media_cac"].value) == (of_told["blended_roas"].value, of_told["media_cac"].value)
        assert of_told["blended_roas"].until is None
        assert [figures[slug].value.exact for slug in ("spend", "revenue")] == [210, 459]
        assert {figures[slug].until for slug in ("spend", "revenue", "cpl")} == {None}
        assert figures["cpl"].value == (None, Reason.NOT_REPORTED)
        assert {group.key: group.value(DEFINITIONS["blended_roas"], month.coverage).exact for group in month.groups} == {"A": 3, "B": 3}
        by_day = {group.key: group.values(["blended_roas"], days.coverage)["blended_roas"] for group in days.groups}
        assert by_day["2026-11-17"].value.exact == 3
        assert by_day["2026-11-18"].value == (None, Reason.NOT_YET_OBSERVED)
        assert {figure.until for figure in by_day.values()} == {None}

    def test_what_is_behind_it_is_of_the_same_days(self) -> None:
        out = io.StringIO()
        call_command("explain", "lumen", "blended_roas", "--from", "2026-11-01", "--to", "2026-11-30", "--json", stdout=out)
        found = json.loads(out.getvalue())
        assert (found["value"], found["until"], found["days_loaded"], found["days"]) == ("3", "2026-11-17", 17, 30)
        assert {part["slug"]: part["value"] for part in found["measures"]} == {"revenue": "459", "spend": "153"}
        assert (found["paging"]["rows"], max(row["day"] for row in found["rows"])) == (34, "2026-11-17")

    def test_a_table_says_until_when_a_figure_counts(self) -> None:
        out = io.StringIO()
        call_command("kpis", "lumen", "--from", "2026-11-01", "--to", "2026-11-30", "--csv", stdout=out)
        rows = {row["kpi"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
        assert (rows["blended_roas"]["value"], rows["blended_roas"]["until"]) == ("3", "2026-11-17")
        assert (rows["spend"]["value"], rows["spend"]["until"]) == ("210", "")


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
