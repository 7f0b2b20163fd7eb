"""The API says what the command says, to those who may hear it, and refuses bad questions by field."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Client
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from campaigns.models import Campaign
from jobs import worker
from kpis.definitions import DEFINITIONS
from kpis.query import By
from kpis.serializers import KpiQuerySerializer
from tests.conftest import Cast, LoadText

ADDRESS = "/api/v1/clients/lumen/kpis/"
WEEK = {"from": "2026-11-09", "to": "2026-11-15"}
# Day, campaign, channel, clicks, spend.
ADS = [
    ("11-02", "=Brand", "paid_social", 9, "3"),
    ("11-09", "=Brand", "paid_social", 5, "12.5"),
    ("11-15", "Été", "display", 8, "7"),
]


@pytest.fixture
def browser(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.viewer)


@pytest.fixture
def reported(lumen: Client, tmp_path: Path) -> Client:
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,ordered_at,amount,channel\nO1,2026-11-10T10:00:00,80.10,email\nO2,2026-11-02T10:00:00,7,direct\nO3,2026-11-06T10:00:00,0,direct\nO4,2026-11-15T10:00:00,0,direct\n"
    )
    load(lumen, KINDS["orders"], path)
    worker.work_off()
    return lumen


@pytest.fixture
def labelled(reported: Client, load_text: LoadText) -> Client:
    """Besides: a campaign with two labels and one with none, and a lead each; what a spreadsheet would take for a formula."""
    ads = "date,source,account,campaign,channel,impressions,clicks,spend,conversions,conversion_value\n"
    rows = [f"2026-{day},meta_ads,1,{name},{channel},900,{clicks},{spend},1,30.5\n" for day, name, channel, clicks, spend in ADS]
    load_text(reported, "ads", ads + "".join(rows))
    load_text(reported, "leads", "lead_id,created_at,campaign\nL1,2026-11-10T10:00:00,=Brand\nL2,2026-11-11T10:00:00,Été\n")
    worker.work_off()
    Campaign.objects.filter(name="=Brand").update(labels=["fr", "brand"])
    return reported


QUESTIONS: list[dict[str, Any]] = [
    {},
    *({"by": by.value} for by in By),
    {"by": "day", "compare": "last_year"},
    {"by": "month", "compare": "custom", "compare_from": "2026-10-01", "compare_to": "2026-10-31", "sort": "spend", "desc": "true"},
    {"by": "campaign", "channel": ["paid_social", "display"], "campaign": ["=BRAND ", "no such"], "kpi": ["cpc", "cpl"]},
    {"by": "channel", "label": ["fr", ""], "sort": "cpc", "page": "2", "page_size": "1"},
]


def test_the_api_its_file_and_the_command_give_the_same_figures(labelled: Client, browser: Any) -> None:
    for question in QUESTIONS:
        answer = browser.get(ADDRESS, WEEK | question)
        assert answer.status_code == 200, answer.content
        assert answer.json() == json.loads(command(question, "--json"))
        file = browser.get(ADDRESS, WEEK | question | {"format": "csv"})
        assert file.content.decode() == command(question, "--csv")
        assert file["Content-Type"] == "text/csv; charset=utf-8"
        assert in_file(file.content.decode("utf-8-sig")) == in_answer(answer.json())
    whole = browser.get(ADDRESS, WEEK).json()
    assert whole["kpis"]["revenue"] == {
        "value": "80.1", "reason": None, "unit": "money", "previous": "7", "previous_reason": None,
        "provisional": False, "days_loaded": 7, "days": 7, "until": None, "target": None,
    }  # fmt: skip


def command(question: dict[str, Any], form: str) -> str:
    out = io.StringIO()
    options = []
    for name, values in (WEEK | question).items():
        for value in values if isinstance(values, list) else [values]:
            options += ["--desc"] if name == "desc" else [f"--{name.replace('_', '-')}", value]
    call_command("kpis", "lumen", *options, form, stdout=out)
    return out.getvalue()


def in_file(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def in_answer(data: dict[str, Any]) -> list[dict[str, str]]:
    """The lines that the file must have."""
    lines = []
    whole = {"key": "", "period": data["period"], "compared": data["compared"], "kpis": data["kpis"]}
    for by, part in [("total", whole), *((data["by"], group) for group in data["groups"])]:
        compared = part["compared"] or {"from": "", "to": ""}
        for slug, figure in part["kpis"].items():
            told = {name: "" if value is None else str(value) for name, value in figure.items()}
            told["provisional"] = told["provisional"].lower()
            days = {name: part["period"][name] for name in ("from", "to")} | {f"compared_{name}": day for name, day in compared.items()}
            lines.append({"by": by, "key": part["key"].replace("=", "'="), **days, "currency": "EUR", "kpi": slug, **told})
    return lines


def values(answer: Any, slug: str) -> dict[str, str | None]:
    return {group["key"]: group["kpis"][slug]["value"] for group in answer.json()["groups"]}


def test_a_campaign_counts_in_each_of_its_labels_and_once_in_all(labelled: Client, browser: Any) -> None:
    answer = browser.get(ADDRESS, WEEK | {"by": "label", "kpi": ["spend", "cpc", "leads"]})
    assert values(answer, "spend") == {"": "7", "brand": "12.5", "fr": "12.5"}
    assert values(answer, "leads") == {"": "1", "brand": "1", "fr": "1"}
    assert answer.json()["kpis"]["spend"]["value"] == "19.5"
    assert answer.json()["kpis"]["cpc"]["value"] == "1.5"  # 19.5 / 13, which is no mean of 2.5 and 0.875


def test_figures_are_confined_to_channels_campaigns_and_labels(labelled: Client, browser: Any) -> None:
    def spend(**only: Any) -> str | None:
        value: str | None = browser.get(ADDRESS, WEEK | {"kpi": "spend"} | only).json()["kpis"]["spend"]["value"]
        return value

    assert spend(channel="display") == "7"
    assert spend(channel=["display", "paid_social"]) == "19.5"
    assert spend(campaign=" =brand") == "12.5"
    assert spend(campaign="no such") == spend(label="no such") == spend(channel="display", label="fr") == "0"
    assert spend(label="brand") == spend(label=["brand", "fr"]) == "12.5"
    assert spend(label="") == "7"
    assert spend(campaign="") == "0"
    assert browser.get(ADDRESS, WEEK | {"campaign": "=Brand", "kpi": "subscribers"}).json()["kpis"]["subscribers"]["value"] is None


def test_pages_follow_each_other_in_any_order(labelled: Client, browser: Any) -> None:
    def keys(**asked: Any) -> list[str]:
        return [group["key"] for group in browser.get(ADDRESS, WEEK | {"by": "channel", "kpi": "clicks"} | asked).json()["groups"]]

    whole = keys()
    assert whole == sorted(whole)
    assert keys(desc="true") == whole[::-1]
    assert keys(sort="cpc")[:2] == ["display", "paid_social"]
    assert keys(sort="cpc", desc="true")[:2] == ["paid_social", "display"]
    assert keys(sort="cpc")[2:] == keys(sort="cpc", desc="true")[2:] == [key for key in whole if key not in ("display", "paid_social")]
    for order in ({}, {"sort": "cpc"}, {"sort": "spend", "desc": "true"}):
        found = [key for page in range(1, 5) for key in keys(page=page, page_size=2, **order)]
        assert found == keys(**order)
    paging = browser.get(ADDRESS, WEEK | {"by": "channel", "kpi": "clicks", "page": 9, "page_size": 2}).json()
    assert paging["groups"] == []
    assert paging["paging"] == {"page": 9, "page_size": 2, "pages": -(-len(whole) // 2), "groups": len(whole)}


def test_a_week_is_compared_with_the_same_week_of_last_year(labelled: Client, browser: Any, load_text: LoadText) -> None:
    load_text(labelled, "orders", "order_id,ordered_at,amount\nO8,2025-11-16T10:00:00,5\n")
    load_text(labelled, "orders", "order_id,ordered_at,amount\n" + "".join(f"F{n},2025-11-{n:02}T10:00:00,0\n" for n in range(1, 31)))
    worker.work_off()
    answer = browser.get(ADDRESS, WEEK | {"compare": "last_year", "by": "week", "kpi": "revenue"}).json()
    assert answer["compared"] == answer["groups"][0]["compared"] == {"from": "2025-11-10", "to": "2025-11-16"}
    assert answer["kpis"]["revenue"]["previous"] == answer["groups"][0]["kpis"]["revenue"]["previous"] == "5"


def test_a_figure_says_what_it_lacks_and_whether_it_may_still_change(labelled: Client, browser: Any) -> None:
    until_friday = browser.get(ADDRESS, {"from": "2026-11-09", "to": "2026-11-22", "by": "day"}).json()
    revenue = until_friday["kpis"]["revenue"]
    assert (revenue["value"], revenue["days_loaded"], revenue["days"]) == ("80.1", 7, 14)
    assert (revenue["previous"], revenue["previous_reason"]) == (None, "not_comparable")
    assert until_friday["groups"][-1]["kpis"]["revenue"]["reason"] == "not_yet_observed"
    cohort = until_friday["kpis"]["lead_to_customer"]
    assert (cohort["value"], cohort["provisional"]) == ("0", True)
    assert not until_friday["kpis"]["leads"]["provisional"]


def test_a_part_is_not_compared_with_a_whole(lumen: Client, browser: Any, load_text: Any) -> None:
    """One of two shops told nothing since Monday: its week would look like a fall."""
    rows = [("fr", day) for day in (2, 7, 9)] + [("de", day) for day in (2, 9, 15)]
    load_text(
        lumen, "orders", "order_id,account,ordered_at,amount\n" + "".join(f"{s}{d},{s},2026-11-{d:02}T10:00:00,10\n" for s, d in rows)
    )
    worker.work_off()
    revenue = browser.get(ADDRESS, WEEK).json()["kpis"]["revenue"]
    assert (revenue["value"], revenue["previous"]) == ("30", None)


def test_only_the_asked_kpis_are_given(reported: Client, browser: Any) -> None:
    answer = browser.get(ADDRESS, WEEK | {"kpi": ["aov", "spend"]}).json()
    assert list(answer["kpis"]) == ["spend", "aov"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"to": "2026-11-15"}, "from"),
    ({"from": "2026-11-09"}, "to"),
    ({"from": "yesterday", "to": "2026-11-15"}, "from"),
    ({"from": "2026-11-15", "to": "2026-11-09"}, "to"),
    ({"from": "1000-01-01", "to": "2026-11-09"}, "from"),
    ({"from": "2000-01-01", "to": "2026-11-09"}, "to"),
    ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
    ({"from": "9999-12-30", "to": "9999-12-31", "by": "day"}, "to"),
    ({"from": "9999-12-30", "to": "9999-12-31", "by": "month"}, "to"),
    (WEEK | {"by": "colour"}, "by"),
    (WEEK | {"kpi": "happiness"}, "kpi"),
    (WEEK | {"kpi": ""}, "kpi"),
    (WEEK | {"colour": "red"}, "colour"),
    (WEEK | {"to": ["2026-11-15", "2026-11-16"]}, "to"),
    (WEEK | {"channel": "carrier_pigeon"}, "channel"),
    (WEEK | {"campaign": "A\0"}, "campaign"),
    (WEEK | {"compare": "never"}, "compare"),
    (WEEK | {"compare": "custom", "compare_from": "2026-01-01"}, "compare_to"),
    (WEEK | {"compare": "custom", "compare_from": "2026-01-02", "compare_to": "2026-01-01"}, "compare_to"),
    (WEEK | {"compare_from": "2026-01-01"}, "compare_from"),
    (WEEK | {"sort": "name"}, "sort"),
    (WEEK | {"desc": "perhaps"}, "desc"),
    (WEEK | {"page": "0"}, "page"),
    (WEEK | {"page_size": "1000000"}, "page_size"),
    (WEEK | {"format": "xml"}, "format"),
    (WEEK | {"format": "csv", "by": "colour"}, "by"),
]


def test_a_bad_question_is_refused_with_the_field_at_fault(browser: Any) -> None:
    for question, field in BAD:
        answer = browser.get(ADDRESS, question)
        assert answer.status_code == 400, question
        assert list(answer.json()) == [field], question
        assert answer.json()[field]


def test_the_command_refuses_them_too(lumen: Client) -> None:
    for question in ({"compare": "custom"}, {"page": "no"}, {"by": "colour"}, {"campaign": ["x" * 300]}):
        name = next(iter(question)).replace("_", "-")
        with pytest.raises(CommandError, match=f"^--{name}"):
            command(question, "--json")


def test_the_api_can_only_be_read(reported: Client, browser: Any) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(browser, method)(ADDRESS).status_code in {403, 405}


def test_the_description_names_the_address_its_parameters_and_every_kpi(reported: Client, browser: Any) -> None:
    described = browser.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    operation = described["paths"]["/api/v1/clients/{client_slug}/kpis/"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"client_slug", *KpiQuerySerializer().fields}
    assert operation["responses"]["200"]["content"].keys() == {"application/json", "text/csv"}
    kpi = next(parameter for parameter in operation["parameters"] if parameter["name"] == "kpi")
    assert set(kpi["schema"]["items"]["enum"]) == DEFINITIONS.keys()


def test_the_description_is_made_without_warnings(cast: Cast, tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "openapi.yaml"))


class TestCatalogue:
    def entry(self, browser: Any, slug: str, **asked: Any) -> dict[str, Any]:
        entries = browser.get("/api/v1/kpis/", **asked).json()
        assert [entry["slug"] for entry in entries] == list(DEFINITIONS)
        return next(entry for entry in entries if entry["slug"] == slug)

    def test_says_what_each_kpi_means_in_the_language_asked_for(self, browser: Any) -> None:
        entry = self.entry(browser, "cpc", headers={"accept-language": "en"})
        assert (entry["name"], entry["formula"], entry["unit"], entry["direction"]) == (
            "Cost per click",
            "Ad spend / clicks",
            "money",
            "down",
        )
        assert [part["slug"] for part in entry["measures"]] == ["spend", "clicks"]
        assert (entry["version"], entry["is_additive"], entry["chapter"]) == (1, False, "Ads and return")
        assert self.entry(browser, "cpc", headers={"accept-language": "fr"})["name"] == "Coût par clic"

    def test_the_language_of_the_address_wins(self, browser: Any) -> None:
        answer = browser.get("/api/v1/kpis/", {"lang": "fr"}, headers={"accept-language": "en"})
        assert answer["Content-Language"] == "fr"
        assert any(entry["name"] == "Coût par clic" for entry in answer.json())
        refused = browser.get("/api/v1/kpis/", {"lang": "de"})
        assert (refused.status_code, list(refused.json())) == (400, ["lang"])
